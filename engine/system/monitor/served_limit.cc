#include "system/monitor/served_limit.h"

#include <cmath>

#include "system/monitor/wording.h"

namespace millgate {

std::vector<ServedLimit> served_limits(std::span<const Requirement> requirements) {
  std::vector<ServedLimit> limits;
  for (const Requirement& one : requirements) {
    const bool is_plain = !is_comparison(one.bound) && one.circumstance.empty();
    if (!is_plain || one.slice == kFoundSlices) continue;
    if (one.where.size() + one.by.size() > 1) continue;
    limits.push_back({.name = name_of(one),
                      .metric = one.metric,
                      .slice = one.slice,
                      .column = !one.where.empty() ? one.where.front().column
                                : !one.by.empty()  ? one.by.front()
                                                   : "",
                      .at_least = one.bound == Bound::at_least,
                      .limit = one.limit,
                      .is_must = one.level == Level::must,
                      .because = one.because});
  }
  return limits;
}

const Evidence* missed_by(const ServedLimit& limit, const std::vector<Evidence>& evidence) {
  for (const Evidence& one : evidence) {
    if (one.metric != limit.metric || one.slice != limit.slice) continue;
    if (!one.lower || !one.upper) return nullptr;
    const bool misses = limit.at_least ? *one.upper < limit.limit : *one.lower > limit.limit;
    return misses ? &one : nullptr;
  }
  return nullptr;
}

std::string gap_text(const Evidence& gap, const std::vector<Evidence>& evidence) {
  constexpr std::string_view kGap = "_gap";
  if (!gap.metric.ends_with(kGap) || !gap.slice.starts_with("by ")) return {};
  const std::string metric = gap.metric.substr(0, gap.metric.size() - kGap.size());
  const std::string group = gap.slice.substr(3) + "=";
  const auto is_end = [&](const Evidence& low, const Evidence& high) {
    return std::abs(high.value - low.value - gap.value) < 1e-12;
  };
  std::vector<const Evidence*> groups;
  for (const Evidence& one : evidence) {
    if (one.metric == metric && one.slice.starts_with(group)) groups.push_back(&one);
  }
  // Groups of too few rows have no part in a gap: its ends are those that are so far apart.
  for (const Evidence* low : groups) {
    for (const Evidence* high : groups) {
      if (low == high || !is_end(*low, *high)) continue;
      return metric + " " + figure_text(low->value) + " of " + low->slice.substr(group.size()) +
             " to " + figure_text(high->value) + " of " + high->slice.substr(group.size());
    }
  }
  return {};
}

std::string limit_text(const ServedLimit& limit) {
  return (limit.at_least ? "at least " : "at most ") + figure_text(limit.limit);
}

}  // namespace millgate
