/// The object that describes a table version, as text. Format: docs/formats/table-version.md.
#pragma once

#include <string>
#include <string_view>

#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// The same version gives the same bytes. `version.id` is not part of it.
[[nodiscard]] std::string manifest_text(const TableVersion& version);

/// Errors: `damaged` when `text` is no manifest or contradicts itself; `invalid_input` when a
/// newer program wrote it.
[[nodiscard]] Result<TableVersion> parse_manifest(std::string_view text, const Id& id);

}  // namespace millgate
