#include "system/pipeline/weighing.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "ground/json.h"

namespace millgate {

namespace {

constexpr std::pair<Fare, std::string_view> kFareNames[] = {{Fare::unknown, "unknown"},
                                                            {Fare::same, "same"},
                                                            {Fare::gains, "gains"},
                                                            {Fare::loses, "loses"}};

Json number_or_null(std::optional<double> number) {
  return number && !std::isnan(*number) ? Json(*number) : Json();
}

Json choice_json(const Choice& choice, const std::vector<Stakeholder>& stakeholders) {
  Json json = {{"name", choice.name},
               {"model", choice.model},
               {"threshold", choice.threshold},
               {"current", choice.is_current},
               {"acceptable", choice.acceptable},
               {"on_front", choice.on_front},
               {"compromise", number_or_null(choice.compromise)},
               {"values", Json::array()}};
  if (!choice.why_not.empty()) json["not_measured"] = choice.why_not;
  for (size_t s = 0; s < choice.values.size(); ++s) {
    const StakeholderValue& one = choice.values[s];
    json["values"].push_back({{"stakeholder", stakeholders[s].name},
                              {"value", number_or_null(one.value)},
                              {"lower", number_or_null(one.lower)},
                              {"upper", number_or_null(one.upper)},
                              {"acceptable", one.acceptable},
                              {"change", number_or_null(one.change)},
                              {"change_lower", number_or_null(one.change_lower)},
                              {"change_upper", number_or_null(one.change_upper)},
                              {"fare", to_text(one.fare)}});
  }
  return json;
}

Json tradeoff_json(const Tradeoff& tradeoff, const std::vector<Stakeholder>& stakeholders) {
  Json json = {{"row_count", tradeoff.row_count},
               {"left_out_count", tradeoff.left_out_count},
               {"choices", Json::array()}};
  for (const Choice& one : tradeoff.choices) {
    json["choices"].push_back(choice_json(one, stakeholders));
  }
  return json;
}

std::optional<double> number_from(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

Result<StakeholderValue> value_from_json(const Json& json, const std::string& object) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  StakeholderValue one;
  one.value = number_from(json, "value").value_or(kUnknown);
  one.lower = number_from(json, "lower");
  one.upper = number_from(json, "upper");
  MILLGATE_ASSIGN(one.acceptable, json_member<bool>(json, "acceptable", object));
  one.change = number_from(json, "change");
  one.change_lower = number_from(json, "change_lower");
  one.change_upper = number_from(json, "change_upper");
  MILLGATE_ASSIGN(const auto fare, json_member<std::string>(json, "fare", object));
  const auto* named = std::find_if(std::begin(kFareNames), std::end(kFareNames),
                                   [&](const auto& known) { return known.second == fare; });
  if (named == std::end(kFareNames)) {
    return damaged(object + ": fare `" + fare + "` is none that is known");
  }
  one.fare = named->first;
  return one;
}

Result<Choice> choice_from_json(const Json& json, const std::string& object, size_t stakeholders) {
  Choice choice;
  MILLGATE_ASSIGN(choice.name, json_member<std::string>(json, "name", object));
  MILLGATE_ASSIGN(choice.model, json_member<std::string>(json, "model", object));
  MILLGATE_ASSIGN(choice.threshold, json_member<double>(json, "threshold", object));
  MILLGATE_ASSIGN(choice.is_current, json_member<bool>(json, "current", object));
  MILLGATE_ASSIGN(choice.acceptable, json_member<bool>(json, "acceptable", object));
  MILLGATE_ASSIGN(choice.on_front, json_member<bool>(json, "on_front", object));
  choice.compromise =
      number_from(json, "compromise").value_or(std::numeric_limits<double>::quiet_NaN());
  choice.why_not = json.value("not_measured", "");
  MILLGATE_ASSIGN(const auto values, json_member<Json>(json, "values", object));
  for (const Json& value : values) {
    MILLGATE_ASSIGN(StakeholderValue one, value_from_json(value, object));
    choice.values.push_back(one);
  }
  const bool is_whole = choice.values.size() == (choice.why_not.empty() ? stakeholders : 0);
  if (!is_whole) return damaged(object + ": a choice has not one value a stakeholder");
  return choice;
}

Result<Tradeoff> tradeoff_from_json(const Json& json, const std::string& object,
                                    size_t stakeholders) {
  Tradeoff tradeoff;
  MILLGATE_ASSIGN(tradeoff.row_count, json_member<int64_t>(json, "row_count", object));
  MILLGATE_ASSIGN(tradeoff.left_out_count, json_member<int64_t>(json, "left_out_count", object));
  MILLGATE_ASSIGN(const auto choices, json_member<Json>(json, "choices", object));
  for (const Json& one : choices) {
    MILLGATE_ASSIGN(Choice choice, choice_from_json(one, object, stakeholders));
    tradeoff.choices.push_back(std::move(choice));
  }
  return tradeoff;
}

}  // namespace

std::string_view to_text(Fare fare) {
  return std::find_if(std::begin(kFareNames), std::end(kFareNames),
                      [&](const auto& one) { return one.first == fare; })
      ->second;
}

Json to_json(const Weighing& weighing) {
  return {{"stakeholders", to_json(weighing.stakeholders)},
          {"models", tradeoff_json(weighing.models, weighing.stakeholders)},
          {"thresholds", tradeoff_json(weighing.thresholds, weighing.stakeholders)}};
}

Result<Weighing> weighing_from_text(const std::string& text, const std::string& object) {
  MILLGATE_ASSIGN(const Json json, parse_json(text, object));
  Weighing weighing;
  MILLGATE_ASSIGN(const auto stakeholders, json_member<Json>(json, "stakeholders", object));
  MILLGATE_ASSIGN(weighing.stakeholders, stakeholders_from_json(stakeholders, object));
  const size_t count = weighing.stakeholders.size();
  MILLGATE_ASSIGN(const auto models, json_member<Json>(json, "models", object));
  MILLGATE_ASSIGN(weighing.models, tradeoff_from_json(models, object, count));
  MILLGATE_ASSIGN(const auto thresholds, json_member<Json>(json, "thresholds", object));
  MILLGATE_ASSIGN(weighing.thresholds, tradeoff_from_json(thresholds, object, count));
  return weighing;
}

}  // namespace millgate
