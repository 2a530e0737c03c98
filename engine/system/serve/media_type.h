/// What a body is, as its headers say.
#pragma once

#include <string_view>

#include "ground/error.h"

namespace millgate {

enum class BodyFormat { json, csv, arrow_stream, parquet };

/// A body's format and what its type says besides.
struct MediaType {
  BodyFormat format = BodyFormat::json;
  bool has_header = true;  ///< CSV: the first line are names; `header=absent` says no (RFC 4180).
};

/// Of a Content-Type. Nothing is JSON, and so is what curl sends where nobody said.
/// Errors: `invalid_input` naming the types that are taken.
[[nodiscard]] Result<MediaType> parse_content_type(std::string_view text);

/// What an Accept header asks for; `otherwise` when it asks for none that there is, or for
/// anything. The first that there is wins; weights are not read.
[[nodiscard]] BodyFormat parse_accept(std::string_view text, BodyFormat otherwise);

/// "text/csv".
[[nodiscard]] std::string_view media_type_of(BodyFormat format);

}  // namespace millgate
