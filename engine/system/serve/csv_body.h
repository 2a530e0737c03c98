/// Bodies of CSV.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "system/serve/row_columns.h"

namespace millgate {

/// The columns of a CSV text (RFC 4180), named by its first line, or else by `names` in their
/// order. An empty field or NA is null; a quoted one is a text where texts are wanted. NaN is null,
/// and a whole number fits an integer.
/// Errors: `invalid_input` with the line; `refused` for more than `rows_max` rows.
[[nodiscard]] Result<std::unique_ptr<ColumnSource>> open_csv_body(
    std::string_view body, const std::vector<std::string>* names, size_t rows_max);

}  // namespace millgate
