/// Whether cells of two columns hold the same value.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>

#include "ground/error.h"

namespace millgate {

/// Rows `left_row` and on of one batch beside rows `right_row` and on of another.
struct RowRun {
  int64_t left_row = 0;
  int64_t right_row = 0;
  int64_t row_count = 0;
};

/// Null equals null only, NaN equals NaN only, and -0.0 is not 0.0: what is equal here may stand
/// for the other in a table. `left` and `right` are of one table type.
[[nodiscard]] bool cells_equal(const arrow::Array& left, int64_t left_row,
                               const arrow::Array& right, int64_t right_row);

/// Calls `differs` with the offset in the run of each row whose cells are not equal, in order.
void compare_cells(const arrow::Array& left, const arrow::Array& right, const RowRun& run,
                   const std::function<void(int64_t offset)>& differs);

}  // namespace millgate
