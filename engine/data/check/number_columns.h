/// Columns of numbers read from a database into memory.
#pragma once

#include <string>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

/// The values of `columns` of `rows`, in their order and without those that are null, NaN or
/// infinite.
[[nodiscard]] Result<std::vector<std::vector<double>>> read_values(
    Database& database, const AskedRows& rows, const std::vector<std::string>& columns);

/// At most about `rows_max` evenly spaced rows of `columns`: one vector a column, NaN where there
/// is no finite value.
[[nodiscard]] Result<std::vector<std::vector<double>>> read_spaced_rows(
    Database& database, const AskedRows& rows, const std::vector<std::string>& columns,
    int64_t rows_max);

}  // namespace millgate
