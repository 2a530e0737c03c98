/// A `[[stakeholder]]` of the project file: somebody who wants something of the model.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"
#include "model/measure/metric_series.h"
#include "model/release/slice_condition.h"

namespace millgate {

class FeatureProgram;

/// What somebody wants, as one number: a metric, or an expression over metrics.
struct Stakeholder {
  std::string name;
  std::string wants;  ///< As written: "utility", "80 * recall - 25 * positive_rate".
  bool higher_is_better = true;
  double weight = 1;                  ///< Above 0; how much they count where one must choose.
  std::optional<double> at_least;     ///< Beyond these it is unacceptable to them.
  std::optional<double> at_most;      ///< A value equal to a limit is acceptable.
  std::vector<SliceCondition> where;  ///< Rows that metrics of rows are measured on: all must hold.
  std::vector<std::string> by;        ///< Groups that gaps and ratios are between.
  std::vector<std::string> metrics;   ///< Those that `wants` reads, sorted.
  std::shared_ptr<const FeatureProgram> formula;  ///< `wants` over `metrics`.
  Section section;

  /// Whether `value` lies within the limits; NaN does not.
  [[nodiscard]] bool accepts(double value) const;
};

/// Errors: `invalid_input` with the place: an expression that is wrong (with a caret) or reads
/// something that is no metric (nearest name) or none that a model and its test rows give, no
/// `better` for an expression, `by` that is missing or of no use, a weight that is not above 0,
/// limits that no value meets.
[[nodiscard]] Result<Stakeholder> read_stakeholder(Section section);

/// What they get: `series` has one for each of `metrics`, all with as many resamples.
[[nodiscard]] Result<MetricSeries> satisfaction(const Stakeholder& stakeholder,
                                                std::span<const MetricSeries> series);

[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<Stakeholder>& stakeholders);
/// What `to_json` wrote, to be shown: without formula and section. Errors: `damaged`.
[[nodiscard]] Result<std::vector<Stakeholder>> stakeholders_from_json(
    const nlohmann::ordered_json& json, const std::string& object);

}  // namespace millgate
