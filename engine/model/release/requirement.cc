#include "model/release/requirement.h"

#include <cmath>
#include <optional>
#include <span>

#include "ground/nearest_name.h"
#include "model/measure/metric.h"

namespace millgate {

namespace {

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Metric& metric : all_metrics()) names.emplace_back(metric.name);
  return names;
}

/// "column=value" with something on both sides.
bool is_slice(const std::string& text) {
  const size_t equals = text.find('=');
  return equals != std::string::npos && equals > 0 && equals + 1 < text.size();
}

Status read_bound(Section& section, Requirement& requirement) {
  MILLGATE_ASSIGN(const std::optional<double> at_least, section.number("at_least"));
  MILLGATE_ASSIGN(const std::optional<double> at_most, section.number("at_most"));
  if (at_least && at_most) {
    return section.error_at("at_most", "requirement has both `at_least` and `at_most`",
                            "write two [[requirement]] tables, one for each bound");
  }
  if (!at_least && !at_most) {
    return section.error_at("metric", "requirement on `" + requirement.metric + "` has no bound",
                            "add `at_least = ...` or `at_most = ...`");
  }
  requirement.bound = at_least ? Bound::at_least : Bound::at_most;
  requirement.limit = at_least ? *at_least : *at_most;
  if (!std::isfinite(requirement.limit)) {
    return section.error_at(at_least ? "at_least" : "at_most", "limit is not a finite number");
  }
  return {};
}

Status read_group(Section& section, const Metric& metric, Requirement& requirement) {
  MILLGATE_ASSIGN(const std::string by, section.text_or("by", ""));
  MILLGATE_ASSIGN(requirement.slice, section.text_or("slice", ""));
  if (metric.is_gap) {
    if (by.empty()) {
      return section.error_at("metric",
                              "`" + requirement.metric + "` compares groups, and `by` is missing",
                              "add `by = \"column\"`, one of the columns in [task] slices");
    }
    if (!requirement.slice.empty()) {
      return section.error_at("slice", "a gap is over all rows and cannot have a `slice`",
                              "remove `slice`");
    }
    requirement.slice = "by " + by;
    return {};
  }
  if (!by.empty()) {
    return section.error_at("by", "`by` is for gaps, and `" + requirement.metric + "` is none",
                            "for one group write `slice = \"" + by + "=value\"`");
  }
  if (!requirement.slice.empty() && !is_slice(requirement.slice)) {
    return section.error_at("slice", "slice `" + requirement.slice + "` is not understood",
                            "write `slice = \"column=value\"`");
  }
  return {};
}

}  // namespace

Result<Requirement> read_requirement(Section section) {
  Requirement requirement{.metric = {}, .slice = {}, .because = {}, .section = section};
  MILLGATE_ASSIGN(requirement.metric, section.text("metric"));
  const Metric* metric = find_metric(requirement.metric);
  if (metric == nullptr) {
    return section.error_at("metric", "unknown metric `" + requirement.metric + "`",
                            name_hint(requirement.metric, metric_names()));
  }
  MILLGATE_TRY(read_bound(section, requirement));
  MILLGATE_TRY(read_group(section, *metric, requirement));
  MILLGATE_ASSIGN(requirement.because, section.text_or("because", ""));
  MILLGATE_TRY(section.finish());
  return requirement;
}

}  // namespace millgate
