#include "model/release/requirement.h"

#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "ground/comma_list.h"
#include "ground/nearest_name.h"
#include "model/measure/metric.h"

namespace millgate {

namespace {

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Metric& metric : all_metrics()) names.emplace_back(metric.name);
  return names;
}

constexpr std::pair<const char*, Bound> kBounds[] = {{"at_least", Bound::at_least},
                                                     {"at_most", Bound::at_most},
                                                     {"better_by", Bound::better_by},
                                                     {"not_worse_by", Bound::not_worse_by}};

Status check_against(const Section& section, const char* key, const Metric& metric,
                     const Requirement& requirement) {
  if (metric.is_gap || metric.is_best_at_zero || metric.need != MetricNeed::nothing ||
      is_of_program(metric)) {
    return section.error_at(
        key, "`" + requirement.metric + "` is not measured on the same rows of two models",
        "write `at_least` or `at_most`");
  }
  if (requirement.limit >= 0) return {};
  return section.error_at(key, "`" + std::string(key) + "` is below 0",
                          "write by how much, for example 0.01");
}

Status read_bound(Section& section, const Metric& metric, Requirement& requirement) {
  const char* found = nullptr;
  for (const auto& [key, bound] : kBounds) {
    MILLGATE_ASSIGN(const std::optional<double> limit, section.number(key));
    if (!limit) continue;
    if (found != nullptr) {
      return section.error_at(key,
                              "requirement has both `" + std::string(found) + "` and `" + key + "`",
                              "write two [[requirement]] tables, one for each bound");
    }
    found = key;
    requirement.bound = bound;
    requirement.limit = *limit;
  }
  if (found == nullptr) {
    return section.error_at("metric", "requirement on `" + requirement.metric + "` has no bound",
                            "add `at_least = ...` or `at_most = ...`, or against what serves "
                            "`better_by = ...` or `not_worse_by = ...`");
  }
  if (!std::isfinite(requirement.limit)) {
    return section.error_at(found, "limit is not a finite number");
  }
  return is_comparison(requirement.bound) ? check_against(section, found, metric, requirement)
                                          : Status();
}

Status read_group(Section& section, const Metric& metric, Requirement& requirement) {
  MILLGATE_ASSIGN(requirement.by, read_group_columns(section));
  MILLGATE_ASSIGN(const std::vector<std::string> conditions, section.texts("slice"));
  if (!metric.is_gap && requirement.by.empty()) {
    requirement.slice = comma_list(conditions);
    if (requirement.slice == kFoundSlices) return {};
    MILLGATE_ASSIGN(requirement.where, read_conditions(section, conditions));
    return {};
  }
  if (!metric.is_gap) {
    return section.error_at(
        "by", "`by` is for gaps, and `" + requirement.metric + "` is none",
        "for one group write `slice = \"" + requirement.by.front() + "=value\"`");
  }
  if (requirement.by.empty()) {
    return section.error_at("metric",
                            "`" + requirement.metric + "` compares groups, and `by` is missing",
                            "add `by = \"column\"`, or `by = [\"column\", \"other\"]` for their "
                            "combinations");
  }
  MILLGATE_ASSIGN(requirement.where, read_conditions(section, conditions));
  const bool is_of_class = requirement.where.size() == 1 && requirement.where[0].column == "class";
  if (!conditions.empty() && !is_of_class) {
    return section.error_at("slice",
                            "a gap is over all rows and cannot have a `slice`, but for one class",
                            "remove `slice`, or of several classes write `slice = \"class=NAME\"`");
  }
  if (is_of_class) requirement.slice = comma_list(conditions) + ", ";
  requirement.slice += "by " + comma_list(requirement.by);
  return {};
}

/// `than`, `under` or `after`: against what, or in which circumstance.
Status read_circumstance(Section& section, const Metric& metric, Requirement& requirement) {
  std::vector<std::pair<std::string, std::string>> given;
  for (const char* key : {"than", "under", "after"}) {
    MILLGATE_ASSIGN(const std::string text, section.text_or(key, ""));
    if (!text.empty()) given.emplace_back(key, text);
  }
  const bool is_of_change = metric.need == MetricNeed::disturbance;
  if (given.empty() && !is_of_change) return {};
  if (is_of_change && (given.empty() || given.front().first != "under")) {
    return section.error_at("metric",
                            "`" + requirement.metric + "` is measured when inputs are disturbed",
                            "add `under = \"noise\"`, or another way to disturb them");
  }
  const auto& [key, text] = given.front();
  if (given.size() > 1) {
    return section.error_at(given[1].first,
                            "requirement has both `" + key + "` and `" + given[1].first + "`",
                            "write two [[requirement]] tables");
  }
  if (metric.is_gap || (metric.need != MetricNeed::nothing && !is_of_change) ||
      metric.needs_uncertainty || is_of_program(metric) || requirement.slice == kFoundSlices) {
    return section.error_at(
        key,
        "`" + key + "` is not for " +
            (requirement.slice == kFoundSlices ? "slices that are found"
                                               : "`" + requirement.metric + "`"),
        "write it for a metric of all rows, or of a slice");
  }
  if (key == "than") {
    auto simple = read_simple_model(text);
    if (!simple.ok()) return section.error_at(key, simple.error().what, simple.error().hint);
    requirement.than = *std::move(simple);
    if (!is_comparison(requirement.bound)) {
      return section.error_at(key, "`than` needs `better_by` or `not_worse_by`",
                              "write by how much it must be better, for example `better_by = 0`");
    }
  } else if (key == "under") {
    auto disturbance = read_disturbance(text);
    if (!disturbance.ok()) {
      return section.error_at(key, disturbance.error().what, disturbance.error().hint);
    }
    requirement.under = *std::move(disturbance);
  } else {
    MILLGATE_ASSIGN(const auto micros, section.duration_micros(key));
    requirement.after_micros = *micros;
  }
  if (key != "than" && requirement.bound == Bound::better_by) {
    return section.error_at("better_by", "the model is compared with itself, " + key + " " + text,
                            "write `not_worse_by`, `at_least` or `at_most`");
  }
  requirement.circumstance = key + " " + text;
  requirement.slice += (requirement.slice.empty() ? "" : ", ") + requirement.circumstance;
  return {};
}

}  // namespace

bool is_against_serving(const Requirement& requirement) {
  return is_comparison(requirement.bound) && requirement.circumstance.empty();
}

Result<Requirement> read_requirement(Section section) {
  Requirement requirement{.metric = {}, .slice = {}, .because = {}, .section = section};
  MILLGATE_ASSIGN(requirement.metric, section.text("metric"));
  const Metric* metric = find_metric(requirement.metric);
  if (metric == nullptr) {
    return section.error_at("metric", "unknown metric `" + requirement.metric + "`",
                            name_hint(requirement.metric, metric_names()));
  }
  MILLGATE_TRY(read_bound(section, *metric, requirement));
  MILLGATE_ASSIGN(const std::string level, section.one_of("level", "must", {"must", "should"}));
  requirement.level = level == "must" ? Level::must : Level::should;
  MILLGATE_TRY(read_group(section, *metric, requirement));
  if (requirement.slice == kFoundSlices && is_comparison(requirement.bound)) {
    return section.error_at("slice", "slices are found for one model, not between two",
                            "write `at_least` or `at_most`, or declare the slice");
  }
  MILLGATE_TRY(read_circumstance(section, *metric, requirement));
  MILLGATE_ASSIGN(requirement.because, section.text_or("because", ""));
  MILLGATE_TRY(section.finish());
  return requirement;
}

std::string name_of(const Requirement& requirement) {
  return requirement.slice.empty() ? requirement.metric
                                   : requirement.metric + " [" + requirement.slice + "]";
}

Status add_requirement(std::vector<Requirement>& list, Requirement one) {
  const std::string object =
      "`" + one.metric + "`" + (one.slice.empty() ? "" : " (" + one.slice + ")");
  for (const Requirement& other : list) {
    if (other.metric != one.metric || other.slice != one.slice) continue;
    if (other.bound == one.bound) {
      return one.section.error_at("metric", "requirement " + object + " is there twice",
                                  "keep the stricter one");
    }
    const bool one_is_floor = one.bound == Bound::at_least && other.bound == Bound::at_most;
    const bool other_is_floor = one.bound == Bound::at_most && other.bound == Bound::at_least;
    const bool is_possible = one_is_floor     ? one.limit <= other.limit
                             : other_is_floor ? other.limit <= one.limit
                                              : true;
    if (is_possible) continue;
    return one.section.error_at("metric",
                                "requirements on " + object +
                                    " contradict each other: no value is both at least and at most "
                                    "what they ask",
                                "change one of the two limits");
  }
  list.push_back(std::move(one));
  return {};
}

}  // namespace millgate
