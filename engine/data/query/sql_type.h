/// Arrow's types under the names that SQL has for them.
#pragma once

#include <arrow/type_fwd.h>

#include <string>

#include "ground/error.h"

namespace millgate {

/// The DuckDB type that holds values of `type`, for example "TIMESTAMP WITH TIME ZONE".
/// Errors: `invalid_input` for a type that SQL does not have.
[[nodiscard]] Result<std::string> sql_type(const arrow::DataType& type);

}  // namespace millgate
