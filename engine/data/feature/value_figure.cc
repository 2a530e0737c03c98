#include "data/feature/value_figure.h"

#include <cmath>
#include <limits>

namespace millgate {

double figure_of(const Vector& column, size_t row) {
  if (column.type == ValueType::number) return column.numbers[row];
  if (column.type != ValueType::list) return static_cast<double>(column.integers[row]);
  const NumberList& list = column.lists[row];
  double squares = 0.0;
  for (size_t i = 0; i < list.size(); ++i) {
    if (list.is_null(i)) return std::numeric_limits<double>::quiet_NaN();
    squares += list.values[i] * list.values[i];
  }
  return std::sqrt(squares);
}

}  // namespace millgate
