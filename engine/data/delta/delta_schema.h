/// Columns of a table as a Delta log writes them: `schemaString`.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// All columns may be null there. Errors: `invalid_input` for times of day, which Delta does not
/// have, and for names that differ in the case of letters only, which it cannot tell apart.
[[nodiscard]] Result<std::string> delta_schema_text(const arrow::Schema& schema);

/// The columns in table types. Errors: `damaged` when `text` is no schema; `invalid_input` for a
/// column that tables cannot hold (arrays, maps, structures ...).
[[nodiscard]] Result<std::shared_ptr<arrow::Schema>> parse_delta_schema(std::string_view text,
                                                                        std::string_view object);

/// The same columns, and the members of structs, under the names that files use where the feature
/// `columnMapping` is in use. Errors: as above; `damaged` for a column without such a name.
[[nodiscard]] Result<std::shared_ptr<arrow::Schema>> parse_stored_schema(std::string_view text,
                                                                         std::string_view object);

/// Whether any column is a time without a zone, for which Delta has a feature of its own.
[[nodiscard]] bool needs_timestamp_ntz(const arrow::Schema& schema);

}  // namespace millgate
