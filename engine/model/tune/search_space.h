/// What a tuner may choose: parameters, their ranges, and when each of them counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// What values a parameter has.
enum class SearchKind : uint8_t { number, integer, choice };

/// Counts only where another parameter, that stands above it, has one of `values`.
struct SearchCondition {
  size_t parameter = 0;             ///< Index of the other one, a choice.
  std::vector<std::string> values;  ///< Some of its choices.
  bool operator==(const SearchCondition&) const = default;
};

/// One parameter and its range.
struct SearchParameter {
  std::string name;
  SearchKind kind = SearchKind::number;
  bool is_log = false;                ///< Equal ratios are as likely, not equal differences.
  double low = 0, high = 1;           ///< Both included. Of numbers and integers.
  std::vector<std::string> choices;   ///< Of choices.
  std::vector<SearchCondition> when;  ///< All must hold. Empty: counts always.
};

/// One value a parameter: a number, an integer as a number, the index of a choice; NaN where the
/// parameter does not count.
using SearchPoint = std::vector<double>;

/// All parameters, in the order in which they are chosen.
struct SearchSpace {
  std::vector<SearchParameter> parameters;
  [[nodiscard]] bool empty() const { return parameters.empty(); }
};

/// Whether parameter `index` counts, given the values of those above it.
[[nodiscard]] bool counts(const SearchSpace& space, const SearchPoint& point, size_t index);

/// Parameters under one set of conditions, in the order of the first of each.
[[nodiscard]] std::vector<std::vector<size_t>> groups_of(const SearchSpace& space);

/// What counts at `point`, as texts that lose nothing.
[[nodiscard]] std::map<std::string, std::string> parameters_at(const SearchSpace& space,
                                                               const SearchPoint& point);

/// The point with these parameters: NaN for those that are not named.
/// Errors: `invalid_input` for a name, a choice or a number that is not of the space.
[[nodiscard]] Result<SearchPoint> point_of(const SearchSpace& space,
                                           const std::map<std::string, std::string>& parameters);

/// A number of the unit interval as a value of `parameter`, in its scale.
[[nodiscard]] double from_unit(const SearchParameter& parameter, double unit);

/// Reads one parameter a key:
///
///     learning_rate = { from = 0.01, to = 0.3, scale = "log" }
///     num_leaves = { from = 4, to = 256, scale = "log", whole = true }
///     data_sample_strategy = { any_of = ["bagging", "goss"] }
///     top_rate = { from = 0.1, to = 0.5, when = { data_sample_strategy = "goss" } }
///
/// `known` are the names that may be searched.
/// Errors: `invalid_input` with the place: unknown names (nearest name), ranges without extent, a
/// log scale that reaches 0, conditions on what is no choice above.
[[nodiscard]] Result<SearchSpace> read_search_space(Section section,
                                                    const std::vector<std::string>& known);

/// What makes two spaces the same; an array, one entry a parameter.
[[nodiscard]] nlohmann::ordered_json to_json(const SearchSpace& space);

}  // namespace millgate
