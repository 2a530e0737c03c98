#include <algorithm>
#include <array>
#include <cmath>

#include "data/feature/function_table.h"

namespace millgate {
namespace {

/// The sum of `term(0)` to `term(count - 1)`, in an order that no machine changes: eight sums side
/// by side, so that the processor need not wait for one addition to begin the next, then the rest.
template <typename Term>
double sum_of(size_t count, const Term& term) {
  constexpr size_t kLanes = 8;
  std::array<double, kLanes> lanes{};
  const size_t whole = count - count % kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += term(i + lane);
  }
  double sum = 0.0;
  if (whole > 0) {
    sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
          ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
  }
  for (size_t i = whole; i < count; ++i) sum += term(i);
  return sum;
}

bool has_null(const NumberList& list) {
  return std::find(list.nulls.begin(), list.nulls.end(), 1) != list.nulls.end();
}

/// Lists of different lengths, or with a null in them, have no result; DuckDB stops the query.
bool are_alike(const NumberList& a, const NumberList& b) {
  return a.size() == b.size() && !has_null(a) && !has_null(b);
}

double product_of(const NumberList& a, const NumberList& b) {
  return sum_of(a.size(), [&](size_t i) { return a.values[i] * b.values[i]; });
}

bool dot_product(const NumberList& a, const NumberList& b, double& result) {
  if (!are_alike(a, b)) return false;
  result = product_of(a, b);
  return true;
}

/// NaN where one has no direction: what is -1 in DuckDB 1.5 and NaN in 2.0.
bool cosine_similarity(const NumberList& a, const NumberList& b, double& result) {
  if (!are_alike(a, b) || a.size() == 0) return false;
  const double cosine = product_of(a, b) / std::sqrt(product_of(a, a) * product_of(b, b));
  result = std::isnan(cosine) ? cosine : std::clamp(cosine, -1.0, 1.0);
  return true;
}
bool cosine_distance(const NumberList& a, const NumberList& b, double& result) {
  if (!cosine_similarity(a, b, result)) return false;
  result = 1.0 - result;
  return true;
}
bool distance(const NumberList& a, const NumberList& b, double& result) {
  if (!are_alike(a, b)) return false;
  result = std::sqrt(sum_of(a.size(), [&](size_t i) {
    const double between = a.values[i] - b.values[i];
    return between * between;
  }));
  return true;
}
bool norm(const NumberList& list, double& result) {
  if (has_null(list)) return false;
  result = std::sqrt(product_of(list, list));
  return true;
}

bool length_of_list(const NumberList& list, int64_t& result) {
  result = static_cast<int64_t>(list.size());
  return true;
}
/// From 1, or from the end, -1; null where there is none.
bool element(const NumberList& list, int64_t index, double& result) {
  const auto count = static_cast<int64_t>(list.size());
  if (index == 0 || index > count || index < -count) return false;
  const auto at = static_cast<size_t>(index > 0 ? index - 1 : count + index);
  if (list.is_null(at)) return false;
  result = list.values[at];
  return true;
}
bool contains_number(const NumberList& list, double value, int64_t& result) {
  result = 0;
  for (size_t i = 0; i < list.size() && result == 0; ++i) {
    result = !list.is_null(i) && same(list.values[i], value) ? 1 : 0;
  }
  return true;
}

/// The aggregates leave nulls out, one after the other; of no number there is none.
struct Numbers {
  double sum = 0.0;
  int64_t count = 0;
};
Numbers numbers_of(const NumberList& list) {
  Numbers numbers;
  for (size_t i = 0; i < list.size(); ++i) {
    if (list.is_null(i)) continue;
    numbers.sum += list.values[i];
    ++numbers.count;
  }
  return numbers;
}
bool sum_of_list(const NumberList& list, double& result) {
  const Numbers numbers = numbers_of(list);
  if (numbers.count == 0) return false;
  result = numbers.sum;
  return true;
}
bool mean_of_list(const NumberList& list, double& result) {
  const Numbers numbers = numbers_of(list);
  if (numbers.count == 0) return false;
  result = numbers.sum / static_cast<double>(numbers.count);
  return true;
}
template <bool greatest>
bool extreme_of_list(const NumberList& list, double& result) {
  bool found = false;
  for (size_t i = 0; i < list.size(); ++i) {
    if (list.is_null(i)) continue;
    const double value = list.values[i];
    if (!found || (greatest ? before(result, value) : before(value, result))) result = value;
    found = true;
  }
  return found;
}

void list_value_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  for (size_t row = 0; row < rows; ++row) {
    out.valid[row] = 1;
    for (const Operand& argument : arguments) {
      if (argument.valid(row)) {
        out.lists[row].add(Slot<double>::get(argument, row));
      } else {
        out.lists[row].add_null();
      }
    }
  }
}

constexpr ValueType kInteger = ValueType::integer;
constexpr ValueType kNumber = ValueType::number;
constexpr ValueType kList = ValueType::list;

ExpressionFunction of_list(std::string name, std::string usage, std::string doc,
                           FunctionOverload overload) {
  return {.name = std::move(name),
          .group = "Lists",
          .usage = std::move(usage),
          .doc = std::move(doc),
          .overloads = {std::move(overload)}};
}

template <auto function>
FunctionOverload of_one() {
  return {{kList}, kNumber, strict_kernel<function, double, NumberList>};
}
template <auto function>
FunctionOverload of_two() {
  return {{kList, kList}, kNumber, strict_kernel<function, double, NumberList, NumberList>};
}

}  // namespace

std::vector<ExpressionFunction> list_functions() {
  return {
      of_list("list_value", "[a, b, ...], list_value(a, b, ...)", "A list of these numbers.",
              {.parameters = {kNumber},
               .result = kList,
               .kernel = list_value_kernel,
               .repeat_from = 0,
               .repeat_count = 1}),
      of_list("list_extract", "l[n], list_extract(l, n)",
              "The element number n, from 1, or -1 from the end; null where there is none.",
              {{kList, kInteger}, kNumber, strict_kernel<element, double, NumberList, int64_t>}),
      of_list("len", "len(l)", "The number of elements, nulls too.",
              {{kList}, kInteger, strict_kernel<length_of_list, int64_t, NumberList>}),
      of_list("list_contains", "list_contains(l, x)", "Whether x is an element.",
              {{kList, kNumber},
               ValueType::boolean,
               strict_kernel<contains_number, int64_t, NumberList, double>}),
      of_list("list_sum", "list_sum(l)", "The sum, without nulls; null of none.",
              of_one<sum_of_list>()),
      of_list("list_avg", "list_avg(l)", "The mean, without nulls; null of none.",
              of_one<mean_of_list>()),
      of_list("list_min", "list_min(l)", "The smallest element.", of_one<extreme_of_list<false>>()),
      of_list("list_max", "list_max(l)", "The largest element; NaN is larger than every number.",
              of_one<extreme_of_list<true>>()),
      of_list("list_norm", "list_norm(l)",
              "The length of l as a vector: the root of its product "
              "with itself.",
              of_one<norm>()),
      of_list("list_dot_product", "list_dot_product(l, m)",
              "The sum of the products of their elements; null where their lengths differ.",
              of_two<dot_product>()),
      of_list("list_cosine_similarity", "list_cosine_similarity(l, m)",
              "The cosine of the angle between them, -1 to 1; NaN where one is all zeros.",
              of_two<cosine_similarity>()),
      of_list("list_cosine_distance", "list_cosine_distance(l, m)", "1 - the cosine similarity.",
              of_two<cosine_distance>()),
      of_list("list_distance", "list_distance(l, m)", "The Euclidean distance.",
              of_two<distance>()),
  };
}

}  // namespace millgate
