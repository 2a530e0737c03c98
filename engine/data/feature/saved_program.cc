#include "data/feature/saved_program.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "ground/json.h"

namespace millgate {
namespace {

constexpr const char* kObject = "feature program";

Status read_context(const Json& json, ExpressionContext& context) {
  if (json.contains("units")) {
    MILLGATE_ASSIGN(context.units,
                    (json_member<std::map<std::string, std::string>>(json, "units", kObject)));
  }
  if (!json.contains("calendars")) return {};
  MILLGATE_ASSIGN(const auto calendars, (json_member<std::map<std::string, std::vector<int64_t>>>(
                                            json, "calendars", kObject)));
  for (const auto& [name, days] : calendars) {
    if (std::adjacent_find(days.begin(), days.end(), std::greater_equal<>()) != days.end()) {
      return damaged("the days of calendar `" + name + "` are not in order");
    }
    context.calendars[name].days = days;
  }
  return {};
}

}  // namespace

Result<SavedProgram> read_saved_program(const Json& json) {
  MILLGATE_ASSIGN(const int64_t format, json_member<int64_t>(json, "format", kObject));
  if (format != SavedProgram::kFormat) {
    return damaged(
        "feature program of format " + std::to_string(format) + ", which is unknown",
        "this version of millgate reads format " + std::to_string(SavedProgram::kFormat));
  }
  MILLGATE_ASSIGN(const Json inputs, json_member<Json>(json, "inputs", kObject));
  MILLGATE_ASSIGN(const Json features, json_member<Json>(json, "features", kObject));
  SavedProgram saved;
  for (const Json& entry : inputs) {
    MILLGATE_ASSIGN(std::string name, json_member<std::string>(entry, "name", kObject));
    MILLGATE_ASSIGN(const std::string type, json_member<std::string>(entry, "type", kObject));
    const Result<ValueType> value_type = parse_value_type(type);
    if (!value_type.ok()) return damaged(std::string(kObject) + ": " + value_type.error().what);
    saved.inputs.push_back({std::move(name), *value_type});
  }
  for (const Json& entry : features) {
    MILLGATE_ASSIGN(std::string name, json_member<std::string>(entry, "name", kObject));
    MILLGATE_ASSIGN(std::string text, json_member<std::string>(entry, "expression", kObject));
    saved.definitions.push_back({std::move(name), std::move(text)});
    saved.categories.emplace_back();
    if (!entry.contains("categories")) continue;
    MILLGATE_ASSIGN(saved.categories.back(),
                    json_member<std::vector<std::string>>(entry, "categories", kObject));
  }
  MILLGATE_TRY(read_context(json, saved.context));
  return saved;
}

}  // namespace millgate
