#include "model/tune/search_space.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "ground/json.h"
#include "ground/nearest_name.h"
#include "ground/shortest_text.h"

namespace millgate {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kWholeMax = 1e9;  // Larger integers have no reason here and lose digits.

std::string value_text(const SearchParameter& parameter, double value) {
  if (parameter.kind == SearchKind::choice) return parameter.choices[static_cast<size_t>(value)];
  if (parameter.kind == SearchKind::integer) return std::to_string(std::llround(value));
  return shortest_text(value);
}

Status read_choices(Section& section, SearchParameter& parameter) {
  MILLGATE_ASSIGN(parameter.choices, section.texts("any_of"));
  parameter.kind = SearchKind::choice;
  if (parameter.choices.size() < 2) {
    return section.error_at("any_of", "`any_of` of `" + parameter.name + "` leaves no choice",
                            "name two values at least, or set the one in [train.parameters]");
  }
  const std::set<std::string> distinct(parameter.choices.begin(), parameter.choices.end());
  if (distinct.size() != parameter.choices.size()) {
    return section.error_at("any_of",
                            "`any_of` of `" + parameter.name + "` names a value more than once");
  }
  for (const std::string& choice : parameter.choices) {
    if (!choice.empty() && choice.find_first_of(" \t\r\n=") == std::string::npos) continue;
    return section.error_at(
        "any_of", "`any_of` of `" + parameter.name + "` has a value with a blank or `=`, or none");
  }
  return section.finish();
}

Status check_range(const Section& section, const SearchParameter& parameter) {
  if (!(parameter.low < parameter.high)) {
    return section.error_at("to",
                            "the range of `" + parameter.name + "` has no extent: from " +
                                shortest_text(parameter.low) + " to " +
                                shortest_text(parameter.high),
                            "`from` must be less than `to`");
  }
  const bool whole = parameter.kind == SearchKind::integer;
  if (parameter.is_log && (parameter.low <= 0 || (whole && parameter.low < 1))) {
    return section.error_at("from",
                            "the range of `" + parameter.name + "` begins at " +
                                shortest_text(parameter.low) + ", which a log scale cannot reach",
                            whole ? "begin at 1" : "begin above 0, or use scale = \"linear\"");
  }
  if (!whole) return {};
  for (const auto& [key, value] :
       {std::pair{"from", parameter.low}, std::pair{"to", parameter.high}}) {
    if (value == std::floor(value) && std::abs(value) <= kWholeMax) continue;
    return section.error_at(key, "`" + parameter.name + "` takes whole numbers, `" + key + "` is " +
                                     shortest_text(value));
  }
  return {};
}

Status read_range(Section& section, SearchParameter& parameter) {
  for (const char* key : {"from", "to"}) {
    MILLGATE_ASSIGN(const std::optional<double> value, section.number(key));
    if (!value) {
      return section.error_at(key, "the range of `" + parameter.name + "` has no `" + key + "`",
                              "write { from = 0.01, to = 0.3, scale = \"log\" }, or { any_of = "
                              "[\"bagging\", \"goss\"] }");
    }
    (key[0] == 'f' ? parameter.low : parameter.high) = *value;
  }
  MILLGATE_ASSIGN(const std::string scale, section.one_of("scale", "linear", {"linear", "log"}));
  MILLGATE_ASSIGN(const bool whole, section.boolean_or("whole", false));
  parameter.is_log = scale == "log";
  parameter.kind = whole ? SearchKind::integer : SearchKind::number;
  MILLGATE_TRY(check_range(section, parameter));
  return section.finish();
}

std::vector<std::string> choice_names(const std::vector<SearchParameter>& above) {
  std::vector<std::string> names;
  for (const SearchParameter& one : above) {
    if (one.kind == SearchKind::choice) names.push_back(one.name);
  }
  return names;
}

Status read_conditions(Section section, const std::vector<SearchParameter>& above,
                       SearchParameter& parameter) {
  for (const std::string& key : section.keys()) {
    const auto found = std::find_if(above.begin(), above.end(), [&](const SearchParameter& one) {
      return one.name == key && one.kind == SearchKind::choice;
    });
    if (found == above.end()) {
      const auto names = choice_names(above);
      return section.error_at(key,
                              "`" + parameter.name + "` depends on `" + key +
                                  "`, which is no choice (`any_of`) that stands above it",
                              names.empty() ? "" : name_hint(key, names));
    }
    SearchCondition condition{.parameter = static_cast<size_t>(found - above.begin()),
                              .values = {}};
    MILLGATE_ASSIGN(condition.values, section.texts(key));
    for (const std::string& value : condition.values) {
      if (std::find(found->choices.begin(), found->choices.end(), value) != found->choices.end()) {
        continue;
      }
      return section.error_at(key, "`" + key + "` cannot be `" + value + "`",
                              name_hint(value, found->choices));
    }
    if (condition.values.empty()) {
      return section.error_at(
          key, "`" + parameter.name + "` would never count: no value of `" + key + "` is named");
    }
    parameter.when.push_back(std::move(condition));
  }
  return section.finish();
}

Result<double> value_of(const SearchParameter& parameter, const std::string& text) {
  if (parameter.kind == SearchKind::choice) {
    const auto found = std::find(parameter.choices.begin(), parameter.choices.end(), text);
    if (found != parameter.choices.end()) {
      return static_cast<double>(found - parameter.choices.begin());
    }
    return invalid_input("`" + parameter.name + "` cannot be `" + text + "`",
                         name_hint(text, parameter.choices));
  }
  double value = kNone;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = fault == std::errc() && end == text.data() + text.size();
  if (!whole || !(value >= parameter.low && value <= parameter.high)) {
    return invalid_input("`" + parameter.name + "` = " + text + " is not in its range, " +
                         shortest_text(parameter.low) + " to " + shortest_text(parameter.high));
  }
  return value;
}

}  // namespace

bool counts(const SearchSpace& space, const SearchPoint& point, size_t index) {
  return std::all_of(
      space.parameters[index].when.begin(), space.parameters[index].when.end(),
      [&](const SearchCondition& condition) {
        const double chosen = point[condition.parameter];
        if (std::isnan(chosen)) return false;
        const std::string& text =
            space.parameters[condition.parameter].choices[static_cast<size_t>(chosen)];
        return std::find(condition.values.begin(), condition.values.end(), text) !=
               condition.values.end();
      });
}

std::vector<std::vector<size_t>> groups_of(const SearchSpace& space) {
  std::vector<std::vector<size_t>> groups;
  for (size_t i = 0; i < space.parameters.size(); ++i) {
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      return space.parameters[group.front()].when == space.parameters[i].when;
    });
    if (same == groups.end()) {
      groups.push_back({i});
    } else {
      same->push_back(i);
    }
  }
  return groups;
}

std::map<std::string, std::string> parameters_at(const SearchSpace& space,
                                                 const SearchPoint& point) {
  std::map<std::string, std::string> parameters;
  for (size_t i = 0; i < space.parameters.size(); ++i) {
    if (std::isnan(point[i])) continue;
    parameters[space.parameters[i].name] = value_text(space.parameters[i], point[i]);
  }
  return parameters;
}

Result<SearchPoint> point_of(const SearchSpace& space,
                             const std::map<std::string, std::string>& parameters) {
  SearchPoint point(space.parameters.size(), kNone);
  size_t found = 0;
  for (size_t i = 0; i < space.parameters.size(); ++i) {
    const auto given = parameters.find(space.parameters[i].name);
    if (given == parameters.end()) continue;
    MILLGATE_ASSIGN(point[i], value_of(space.parameters[i], given->second));
    ++found;
  }
  if (found != parameters.size()) {
    return invalid_input("a parameter is not of the search space");
  }
  return point;
}

double from_unit(const SearchParameter& parameter, double unit) {
  if (parameter.kind == SearchKind::choice) {
    const auto count = static_cast<double>(parameter.choices.size());
    return std::min(std::floor(unit * count), count - 1);
  }
  const double half = parameter.kind == SearchKind::integer ? 0.5 : 0;
  const double low = parameter.low - half, high = parameter.high + half;
  const double value = parameter.is_log
                           ? std::exp(std::log(low) + unit * (std::log(high) - std::log(low)))
                           : low + unit * (high - low);
  return std::clamp(half > 0 ? std::round(value) : value, parameter.low, parameter.high);
}

Result<SearchSpace> read_search_space(Section section, const std::vector<std::string>& known) {
  SearchSpace space;
  for (const std::string& key : section.keys()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return section.error_at(key, "unknown parameter `" + key + "` of this learner",
                              name_hint(key, known));
    }
    SearchParameter parameter;
    parameter.name = key;
    MILLGATE_ASSIGN(Section one, section.section(key));
    if (one.has("when")) {
      MILLGATE_ASSIGN(Section conditions, one.section("when"));
      MILLGATE_TRY(read_conditions(std::move(conditions), space.parameters, parameter));
    }
    MILLGATE_TRY(one.has("any_of") ? read_choices(one, parameter) : read_range(one, parameter));
    space.parameters.push_back(std::move(parameter));
  }
  MILLGATE_TRY(section.finish());
  return space;
}

Json to_json(const SearchSpace& space) {
  Json list = Json::array();
  for (const SearchParameter& one : space.parameters) {
    Json json = {{"name", one.name}};
    if (one.kind == SearchKind::choice) {
      json["any_of"] = one.choices;
    } else {
      json["from"] = one.low;
      json["to"] = one.high;
      json["scale"] = one.is_log ? "log" : "linear";
      json["whole"] = one.kind == SearchKind::integer;
    }
    for (const SearchCondition& condition : one.when) {
      json["when"][space.parameters[condition.parameter].name] = condition.values;
    }
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace millgate
