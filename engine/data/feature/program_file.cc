#include <algorithm>
#include <functional>
#include <utility>

#include "data/feature/program.h"
#include "data/feature/program_state.h"
#include "data/feature/saved_program.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr const char* kObject = "feature program";

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
  Json json = {{"format", SavedProgram::kFormat},
               {"inputs", std::move(inputs)},
               {"features", std::move(features)}};
  const ExpressionContext& context = state_->context;
  if (!state_->program.fitted_calls().empty()) json["learned"] = learned();
  if (!context.units.empty()) json["units"] = context.units;
  for (const auto& [name, calendar] : context.calendars) json["calendars"][name] = calendar.days;
  return json;
}

Result<FeatureProgram> FeatureProgram::load(const Json& json) {
  MILLGATE_ASSIGN(SavedProgram saved, read_saved_program(json));
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
  if (json.contains("learned")) {
    MILLGATE_ASSIGN(const Json learned, json_member<Json>(json, "learned", kObject));
    MILLGATE_TRY(load_learned(learned, state.program));
  }
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
