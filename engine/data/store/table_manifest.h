/// The objects that describe a table version, as text. Format: docs/formats/table-version.md.
#pragma once

#include <string>
#include <string_view>

#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// Fills `logical_hash`, writes the list of segments and the manifest, and sets `base` and `id`.
/// The same version gives the same bytes. Errors: `outside`.
[[nodiscard]] Status write_manifest(ObjectStore& objects, TableVersion& version);

/// The manifest of `version`, whose `base` is set.
[[nodiscard]] std::string manifest_text(const TableVersion& version);
[[nodiscard]] std::string segment_list_text(const std::vector<Segment>& segments);

/// A version without its segments.
/// Errors: `damaged` when `text` is no manifest or contradicts itself; `invalid_input` when
/// another program wrote it.
[[nodiscard]] Result<TableVersion> parse_manifest(std::string_view text, const Id& id);
/// Errors: as `parse_manifest`.
[[nodiscard]] Result<std::vector<Segment>> parse_segment_list(std::string_view text, const Id& id);

}  // namespace millgate
