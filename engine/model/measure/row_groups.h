/// Rows put into groups by their values of one column or of several together.
/// Inside the room: callers use quality.h, fairness.h and the like.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/measure/quality.h"

namespace millgate {

struct RowGroup {
  std::string name;            ///< "Oslo"; of several columns "city=Oslo, sex=f".
  std::vector<uint32_t> rows;  ///< Their numbers, ascending.
};

/// A group for each combination of values that occurs, the largest first, equal ones by name.
/// `columns` are not empty and of one length.
[[nodiscard]] std::vector<RowGroup> group_rows(std::span<const SliceColumn> columns);

}  // namespace millgate
