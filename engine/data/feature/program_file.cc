#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "data/feature/program.h"
#include "data/feature/program_state.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr int64_t kFormat = 1;
constexpr const char* kObject = "feature program";

/// What `save` wrote, before it is compiled again.
struct SavedProgram {
  std::vector<Field> inputs;
  std::vector<FeatureDefinition> definitions;
  std::vector<std::optional<std::vector<std::string>>> categories;
  ExpressionContext context;
  Json learned = Json::array();
};

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

Result<SavedProgram> read_saved(const Json& json) {
  MILLGATE_ASSIGN(const int64_t format, json_member<int64_t>(json, "format", kObject));
  if (format != kFormat) {
    return damaged("feature program of format " + std::to_string(format) + ", which is unknown",
                   "this version of millgate reads format " + std::to_string(kFormat));
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
  if (json.contains("learned")) {
    MILLGATE_ASSIGN(saved.learned, json_member<Json>(json, "learned", kObject));
  }
  return saved;
}

Status check_categories(const std::string& name, const FeatureOutput& output,
                        const std::vector<std::string>& categories) {
  if (!output.needs_categories()) {
    return damaged("feature `" + name + "` has categories but is no category");
  }
  const auto unordered =
      std::adjacent_find(categories.begin(), categories.end(), std::greater_equal<>());
  if (unordered == categories.end()) return {};
  return damaged("the categories of feature `" + name +
                 "` are not in order, so that codes would be wrong");
}

Status load_learned(const Json& learned, VectorProgram& program) {
  const std::vector<FittedCall>& calls = program.fitted_calls();
  if (!learned.is_array() || (!learned.empty() && learned.size() != calls.size())) {
    return damaged("a saved feature program has learned for other calls than it has");
  }
  for (size_t i = 0; i < learned.size(); ++i) {
    MILLGATE_ASSIGN(const auto text, json_member<std::string>(learned[i], "call", kObject));
    if (text != calls[i].text) {
      return damaged("a saved feature program has learned `" + text + "` in the place of `" +
                     calls[i].text + "`");
    }
    if (!learned[i].contains("learned")) continue;
    MILLGATE_ASSIGN(auto fitted, calls[i].kind->load(learned[i].at("learned")));
    program.set_learned(i, std::move(fitted));
  }
  return {};
}

}  // namespace

Json FeatureProgram::save() const {
  Json inputs = Json::array();
  for (const Field& field : state_->inputs) {
    inputs.push_back({{"name", field.name}, {"type", to_string(field.type)}});
  }
  Json features = Json::array();
  for (size_t i = 0; i < state_->definitions.size(); ++i) {
    const FeatureDefinition& definition = state_->definitions[i];
    const FeatureOutput& output = state_->outputs[i];
    Json entry = {{"name", definition.name}, {"expression", definition.expression}};
    if (output.has_categories) entry["categories"] = output.categories;
    features.push_back(std::move(entry));
  }
  Json json = {
      {"format", kFormat}, {"inputs", std::move(inputs)}, {"features", std::move(features)}};
  const ExpressionContext& context = state_->context;
  if (!state_->program.fitted_calls().empty()) json["learned"] = learned();
  if (!context.units.empty()) json["units"] = context.units;
  for (const auto& [name, calendar] : context.calendars) json["calendars"][name] = calendar.days;
  return json;
}

Result<FeatureProgram> FeatureProgram::load(const Json& json) {
  MILLGATE_ASSIGN(SavedProgram saved, read_saved(json));
  Result<FeatureProgram> compiled = compile(saved.definitions, saved.inputs, saved.context);
  if (!compiled.ok()) {
    Error error = std::move(compiled).error();
    error.code = ErrorCode::damaged;
    return std::move(error).inside("a saved feature program does not compile");
  }
  FeatureProgram program = *std::move(compiled);
  State& state = *program.state_;
  if (state.inputs != saved.inputs) {
    return damaged("a saved feature program names other inputs than its expressions read");
  }
  MILLGATE_TRY(load_learned(saved.learned, state.program));
  for (size_t i = 0; i < saved.categories.size(); ++i) {
    if (!saved.categories[i]) continue;
    MILLGATE_TRY(
        check_categories(state.definitions[i].name, state.outputs[i], *saved.categories[i]));
    state.set_categories(i, *std::move(saved.categories[i]));
  }
  state.lay_out_columns();
  state.is_fitted = state.has_learned();
  return program;
}

}  // namespace millgate
