#include "model/measure/distribution.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "ground/json.h"

namespace millgate {
namespace {

constexpr size_t kQuantiles = 101;

void fill_quantiles(std::span<const double> sorted, Profile& profile) {
  profile.quantiles.reserve(kQuantiles);
  const double last = static_cast<double>(sorted.size() - 1);
  for (size_t i = 0; i < kQuantiles; ++i) {
    const double place = last * static_cast<double>(i) / (kQuantiles - 1);
    const size_t below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, sorted.size() - 1);
    profile.quantiles.push_back(std::lerp(sorted[below], sorted[above], place - std::floor(place)));
  }
}

void fill_moments(std::span<const double> sorted, Profile& profile) {
  const double count = static_cast<double>(sorted.size());
  // Divided first, so that the sum of large numbers does not overflow.
  for (double value : sorted) profile.mean += value / count;
  if (sorted.size() < 2) return;
  double sum = 0;
  for (double value : sorted) {
    const double off = value - profile.mean;
    sum += off * off / (count - 1);
  }
  profile.standard_deviation = std::sqrt(sum);
  if (std::isfinite(sum)) return;
  // Squares beyond 1e308: the same in parts of the largest value, and at most the largest number.
  const double largest = std::max(std::abs(sorted.front()), std::abs(sorted.back()));
  sum = 0;
  for (double value : sorted) {
    const double off = value / largest - profile.mean / largest;
    sum += off * off / (count - 1);
  }
  profile.standard_deviation =
      std::min(largest * std::sqrt(sum), std::numeric_limits<double>::max());
}

void fill_steps(std::span<const double> sorted, Profile& profile) {
  const auto add = [&](size_t index) {
    const auto run = std::equal_range(sorted.begin(), sorted.end(), sorted[index]);
    profile.steps.push_back(sorted[index]);
    profile.below.push_back(run.first - sorted.begin());
    profile.at_most.push_back(run.second - sorted.begin());
    return static_cast<size_t>(run.second - sorted.begin());
  };
  size_t next = 0;
  while (next < sorted.size() && profile.steps.size() < kProfileSteps) next = add(next);
  profile.all_steps = next == sorted.size();
  if (profile.all_steps) return;

  profile.steps.clear();
  profile.below.clear();
  profile.at_most.clear();
  for (size_t i = 0; i < kProfileSteps; ++i) {
    const size_t rank = i * (sorted.size() - 1) / (kProfileSteps - 1);
    if (profile.steps.empty() || sorted[rank] > profile.steps.back()) add(rank);
  }
}

/// Keeps the `kProfileCategories` most frequent of `counts`.
void keep_most_frequent(std::vector<std::pair<std::string, int64_t>> counts, Profile& profile) {
  std::sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  for (size_t i = 0; i < counts.size(); ++i) {
    if (i < kProfileCategories) {
      profile.counts.emplace(std::move(counts[i]));
    } else {
      profile.other_count += counts[i].second;
    }
  }
}

Error wrong(const Profile& profile, const std::string& fault) {
  return damaged("profile of `" + profile.name + "`: " + fault);
}

/// 0 <= below[0] < at_most[0] <= below[1] < ... = number of values; steps ascend strictly.
Status check_steps(const Profile& profile) {
  const size_t count = profile.steps.size();
  if (profile.below.size() != count || profile.at_most.size() != count ||
      (count == 0) != (profile.value_count() == 0)) {
    return wrong(profile, "`steps`, `below` and `at_most` differ in length");
  }
  int64_t before = 0;
  for (size_t i = 0; i < count; ++i) {
    const bool ascends = i == 0 || profile.steps[i - 1] < profile.steps[i];
    if (!ascends || profile.below[i] < before || profile.at_most[i] <= profile.below[i]) {
      return wrong(profile, "`steps`, `below` and `at_most` must ascend");
    }
    before = profile.at_most[i];
  }
  if (before != profile.value_count()) {
    return wrong(profile, "`at_most` must end with the number of values");
  }
  return {};
}

Status read_numbers(const Json& json, Profile& profile) {
  const std::string object = "profile of `" + profile.name + "`";
  using Numbers = std::vector<double>;
  MILLGATE_ASSIGN(profile.mean, json_member<double>(json, "mean", object));
  MILLGATE_ASSIGN(profile.standard_deviation,
                  json_member<double>(json, "standard_deviation", object));
  MILLGATE_ASSIGN(profile.quantiles, json_member<Numbers>(json, "quantiles", object));
  MILLGATE_ASSIGN(profile.steps, json_member<Numbers>(json, "steps", object));
  MILLGATE_ASSIGN(profile.below, json_member<std::vector<int64_t>>(json, "below", object));
  MILLGATE_ASSIGN(profile.at_most, json_member<std::vector<int64_t>>(json, "at_most", object));
  MILLGATE_ASSIGN(profile.all_steps, json_member<bool>(json, "all_steps", object));

  const bool empty = profile.value_count() == 0;
  if (profile.quantiles.size() != (empty ? 0 : kQuantiles)) {
    return wrong(profile, "`quantiles` must be 101 numbers, or none where all values are null");
  }
  if (!std::is_sorted(profile.quantiles.begin(), profile.quantiles.end())) {
    return wrong(profile, "`quantiles` must ascend");
  }
  return check_steps(profile);
}

Status read_categories(const Json& json, Profile& profile) {
  const std::string object = "profile of `" + profile.name + "`";
  using Counts = std::map<std::string, int64_t>;
  MILLGATE_ASSIGN(profile.counts, json_member<Counts>(json, "counts", object));
  MILLGATE_ASSIGN(profile.other_count, json_member<int64_t>(json, "other_count", object));
  int64_t left = profile.value_count() - profile.other_count;
  for (const auto& [category, count] : profile.counts) {
    if (count < 1 || count > left) return wrong(profile, "`counts` do not add up");
    left -= count;
  }
  if (left != 0 || profile.other_count < 0) return wrong(profile, "`counts` do not add up");
  return {};
}

}  // namespace

Profile profile_numbers(std::string name, std::span<const double> values) {
  Profile profile;
  profile.name = std::move(name);
  profile.row_count = static_cast<int64_t>(values.size());
  std::vector<double> sorted;
  sorted.reserve(values.size());
  for (double value : values) {
    if (std::isfinite(value)) sorted.push_back(value);
  }
  profile.null_count = static_cast<int64_t>(values.size() - sorted.size());
  if (sorted.empty()) {
    profile.all_steps = true;
    return profile;
  }
  std::sort(sorted.begin(), sorted.end());
  fill_quantiles(sorted, profile);
  fill_moments(sorted, profile);
  fill_steps(sorted, profile);
  return profile;
}

Profile profile_texts(std::string name, std::span<const std::string> values,
                      std::span<const uint8_t> valid) {
  Profile profile;
  profile.name = std::move(name);
  profile.is_category = true;
  profile.row_count = static_cast<int64_t>(values.size());
  std::unordered_map<std::string_view, int64_t> counts;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!valid.empty() && valid[i] == 0) {
      ++profile.null_count;
    } else {
      ++counts[values[i]];
    }
  }
  keep_most_frequent({counts.begin(), counts.end()}, profile);
  return profile;
}

Json to_json(const Profile& profile) {
  Json json;
  json["name"] = profile.name;
  json["is_category"] = profile.is_category;
  json["row_count"] = profile.row_count;
  json["null_count"] = profile.null_count;
  if (profile.is_category) {
    json["counts"] = profile.counts;
    json["other_count"] = profile.other_count;
  } else {
    json["mean"] = profile.mean;
    json["standard_deviation"] = profile.standard_deviation;
    json["quantiles"] = profile.quantiles;
    json["all_steps"] = profile.all_steps;
    json["steps"] = profile.steps;
    json["below"] = profile.below;
    json["at_most"] = profile.at_most;
  }
  return json;
}

Result<Profile> profile_from_json(const Json& json) {
  Profile profile;
  MILLGATE_ASSIGN(profile.name, json_member<std::string>(json, "name", "profile"));
  const std::string object = "profile of `" + profile.name + "`";
  MILLGATE_ASSIGN(profile.is_category, json_member<bool>(json, "is_category", object));
  MILLGATE_ASSIGN(profile.row_count, json_member<int64_t>(json, "row_count", object));
  MILLGATE_ASSIGN(profile.null_count, json_member<int64_t>(json, "null_count", object));
  if (profile.null_count < 0 || profile.null_count > profile.row_count) {
    return wrong(profile, "`null_count` is not between 0 and `row_count`");
  }
  if (profile.is_category) {
    MILLGATE_TRY(read_categories(json, profile));
  } else {
    MILLGATE_TRY(read_numbers(json, profile));
  }
  return profile;
}

}  // namespace millgate
