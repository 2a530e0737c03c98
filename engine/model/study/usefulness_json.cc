#include <cmath>

#include "ground/clock.h"
#include "ground/json.h"
#include "model/study/usefulness.h"

namespace millgate {

namespace {

Json number_or_null(double value) { return std::isnan(value) ? Json() : Json(value); }

Json to_json(const std::optional<MetricLoss>& loss) {
  if (!loss) return {};
  Json json = {{"value", loss->value},
               {"lower", loss->lower ? Json(*loss->lower) : Json()},
               {"upper", loss->upper ? Json(*loss->upper) : Json()}};
  if (loss->each.size() > 1) {
    json["deviation"] = loss->deviation();
    json["each"] = loss->each;
  }
  return json;
}

Json to_json(const FeatureInPeriod& period) {
  return {{"information", period.information},
          {"is_clear", period.is_clear},
          {"direction", number_or_null(period.direction)},
          {"missing_share", period.missing_share},
          {"distance", period.distance},
          {"permuted", to_json(period.permuted)}};
}

Json to_json(const UsefulFeature& one) {
  Json periods = Json::array();
  for (const FeatureInPeriod& period : one.periods) periods.push_back(to_json(period));
  return {{"feature", one.name},
          {"expression", one.expression},
          {"inputs", one.inputs},
          {"advice", std::string(to_string(one.advice))},
          {"reason", one.reason},
          {"permuted", to_json(one.permuted)},
          {"left_out", to_json(one.left_out)},
          {"alone", number_or_null(one.alone)},
          {"others", number_or_null(one.others)},
          {"information", one.information},
          {"nearest", one.nearest},
          {"told_share", one.told_share},
          {"rank_correlation", number_or_null(one.rank_correlation)},
          {"information_left", one.information_left},
          {"periods", std::move(periods)},
          {"missing_share", one.missing_share},
          {"nanoseconds_per_row", one.nanoseconds_per_row}};
}

}  // namespace

Json to_json(const Usefulness& usefulness) {
  Json periods = Json::array();
  for (const StudyPeriod& period : usefulness.periods) {
    periods.push_back({{"from", to_string(Time{period.from_micros})},
                       {"to", to_string(Time{period.to_micros})},
                       {"row_count", period.row_count},
                       {"is_held_out", period.is_held_out}});
  }
  Json features = Json::array();
  for (const UsefulFeature& one : usefulness.features) features.push_back(to_json(one));
  Json groups = Json::array();
  for (const FeatureGroup& group : usefulness.groups) {
    groups.push_back({{"features", group.features},
                      {"permuted", to_json(std::optional(group.permuted))},
                      {"left_out", to_json(group.left_out)}});
  }
  return {{"metric", usefulness.metric},
          {"value", usefulness.value},
          {"gain", to_json(std::optional(usefulness.gain))},
          {usefulness.regression ? "r2" : "auc", number_or_null(usefulness.strength)},
          {"training_rows", usefulness.training_rows},
          {"training_rows_of", usefulness.training_rows_of},
          {"held_out_rows", usefulness.held_out_rows},
          {"held_out_rows_of", usefulness.held_out_rows_of},
          {"periods", std::move(periods)},
          {"features", std::move(features)},
          {"groups", std::move(groups)},
          {"dropped", usefulness.dropped},
          {"without_dropped", to_json(usefulness.without_dropped)}};
}

}  // namespace millgate
