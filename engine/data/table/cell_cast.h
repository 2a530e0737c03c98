/// Cells of one type changed into another, whole columns at a time.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

namespace millgate {

/// Whether each value of the table type `from` can mean the same as one of `to`; `cast_cells`
/// tells for each. Nested types part by part; a list becomes one of fixed size and the other way;
/// a struct must have the members of the other, in any order.
[[nodiscard]] bool may_cast(const arrow::DataType& from, const arrow::DataType& to);

/// `cells` as a column of `type`, a table type. Members of a struct are found by their names, and
/// those that `cells` lacks are null. Only digits of a time past the microsecond are dropped; for
/// all else that does not fit a status of `Invalid`.
[[nodiscard]] arrow::Result<std::shared_ptr<arrow::Array>> cast_cells(
    const std::shared_ptr<arrow::Array>& cells, const std::shared_ptr<arrow::DataType>& type);

/// `cells`, a column of a table type, with the entries of each map in the order of their keys: a
/// map is what its keys say, so equal maps must be equal whatever order they were written in.
/// `Invalid` for a map that has a key twice or a null key.
[[nodiscard]] arrow::Result<std::shared_ptr<arrow::Array>> with_ordered_maps(
    const std::shared_ptr<arrow::Array>& cells);

}  // namespace millgate
