/// What changed inside of a cell that has parts.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millgate {

/// A part of a list, struct or map that is another, new or gone. A part that is not there has no
/// column.
struct ChangedPart {
  std::string path;  ///< From the cell: ".address.city", "[3]", "[\"a key\"]".
  std::shared_ptr<arrow::Array> before = {};
  int64_t before_row = 0;
  std::shared_ptr<arrow::Array> after = {};
  int64_t after_row = 0;
};

/// Where two cells of one table type differ, in the order of their parts: items by their place,
/// members by their name, entries of maps by their key. Nothing when the cells have no parts, one
/// of them is null, or more than `parts_max` parts differ: then they are told as wholes.
[[nodiscard]] std::optional<std::vector<ChangedPart>> changed_parts(
    const std::shared_ptr<arrow::Array>& before, int64_t before_row,
    const std::shared_ptr<arrow::Array>& after, int64_t after_row, size_t parts_max);

}  // namespace millgate
