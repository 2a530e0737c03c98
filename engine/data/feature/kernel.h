/// What runs: one vector instruction over columns of values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "data/feature/vector.h"

namespace millgate {

/// What a kernel needs beside values: made once from a literal argument (a compiled regular
/// expression), or learned from training rows. Immutable, so that threads may share it.
struct Prepared {
  Prepared() = default;
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  virtual ~Prepared() = default;
};

/// One argument of a kernel: rows [first, first + rows) of a vector, or, with step 0, one value
/// that stands for every row.
struct Operand {
  const Vector* vector = nullptr;
  size_t first = 0;
  size_t step = 1;
  const Prepared* prepared = nullptr;  ///< Of literals that have been prepared, and of what was
                                       ///< learned; the latter has no vector.

  [[nodiscard]] size_t at(size_t row) const { return first + row * step; }
  [[nodiscard]] bool valid(size_t row) const { return vector->valid[at(row)] != 0; }
};

/// The prepared object of an operand whose function table entry says its type.
template <typename T>
const T& prepared_as(const Operand& operand) {
  return static_cast<const T&>(*operand.prepared);
}

/// Fills `out`, which has been reset to `rows` nulls of the kernel's result type. A kernel is
/// total: every input gives a value or null, none fails. It looks at one row at a time, so the
/// result does not depend on how rows are cut into batches.
using Kernel = void (*)(std::span<const Operand> arguments, size_t rows, Vector& out);

/// Access to the array of a vector that holds values of C++ type T: double (number), int64_t
/// (boolean, integer, time, duration), std::string (text), NumberList (list).
template <typename T>
struct Slot;

/// Numbers.
template <>
struct Slot<double> {
  static const double& get(const Operand& operand, size_t row) {
    return operand.vector->numbers[operand.at(row)];
  }
  static double& in(Vector& out, size_t row) { return out.numbers[row]; }
};

/// Booleans, integers, times and durations.
template <>
struct Slot<int64_t> {
  static const int64_t& get(const Operand& operand, size_t row) {
    return operand.vector->integers[operand.at(row)];
  }
  static int64_t& in(Vector& out, size_t row) { return out.integers[row]; }
};

/// Texts.
template <>
struct Slot<std::string> {
  static const std::string& get(const Operand& operand, size_t row) {
    return operand.vector->texts[operand.at(row)];
  }
  static std::string& in(Vector& out, size_t row) { return out.texts[row]; }
};

/// Lists.
template <>
struct Slot<NumberList> {
  static const NumberList& get(const Operand& operand, size_t row) {
    return operand.vector->lists[operand.at(row)];
  }
  static NumberList& in(Vector& out, size_t row) { return out.lists[row]; }
};

/// A kernel that gives null where any argument is null. `function(arguments..., Out& result)`
/// returns whether there is a result; where not, it must leave `result` as it was.
template <auto function, typename Out, typename... In>
void strict_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  [&]<size_t... i>(std::index_sequence<i...>) {
    for (size_t row = 0; row < rows; ++row) {
      if (!(arguments[i].valid(row) && ...)) continue;
      out.valid[row] =
          function(Slot<In>::get(arguments[i], row)..., Slot<Out>::in(out, row)) ? 1 : 0;
    }
  }
  (std::index_sequence_for<In...>());
}

/// `a` before `b` in SQL's order: NaN equals NaN and comes after every number; texts by bytes.
template <typename T>
bool before(const T& a, const T& b) {
  return a < b;
}
template <>
inline bool before(const double& a, const double& b) {
  const bool a_is_nan = a != a;
  const bool b_is_nan = b != b;
  if (a_is_nan || b_is_nan) return !a_is_nan && b_is_nan;
  return a < b;
}
template <typename T>
bool same(const T& a, const T& b) {
  return a == b;
}
template <>
inline bool same(const double& a, const double& b) {
  return a == b || (a != a && b != b);
}

}  // namespace millgate
