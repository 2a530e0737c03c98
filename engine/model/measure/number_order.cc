#include "model/measure/number_order.h"

#include <algorithm>
#include <boost/sort/spreadsort/integer_sort.hpp>

namespace millgate {

// Not by spreadsort's float_sort, which subtracts the bits of numbers of different signs as signed
// numbers: what that overflows to is for the compiler to choose.
void sort_numbers(std::vector<double>& values) {
  std::vector<uint64_t> bits(values.size());
  std::transform(values.begin(), values.end(), bits.begin(), ordered_bits);
  boost::sort::spreadsort::integer_sort(bits.begin(), bits.end());
  std::transform(bits.begin(), bits.end(), values.begin(), number_of);
}

}  // namespace millgate
