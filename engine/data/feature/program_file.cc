#include <algorithm>
#include <functional>
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
};

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
  return saved;
}

Status check_categories(const Feature& feature, const std::vector<std::string>& categories) {
  if (!feature.is_category) {
    return damaged("feature `" + feature.name + "` has categories but is no category");
  }
  const auto unordered =
      std::adjacent_find(categories.begin(), categories.end(), std::greater_equal<>());
  if (unordered == categories.end()) return {};
  return damaged("the categories of feature `" + feature.name +
                 "` are not in order, so that codes would be wrong");
}

}  // namespace

Json FeatureProgram::save() const {
  Json inputs = Json::array();
  for (const Field& field : state_->inputs) {
    inputs.push_back({{"name", field.name}, {"type", to_string(field.type)}});
  }
  Json features = Json::array();
  for (const Feature& feature : state_->features) {
    Json entry = {{"name", feature.name}, {"expression", feature.expression}};
    if (feature.is_category && state_->is_fitted) entry["categories"] = feature.categories;
    features.push_back(std::move(entry));
  }
  return {{"format", kFormat}, {"inputs", std::move(inputs)}, {"features", std::move(features)}};
}

Result<FeatureProgram> FeatureProgram::load(const Json& json) {
  MILLGATE_ASSIGN(SavedProgram saved, read_saved(json));
  Result<FeatureProgram> compiled = compile(saved.definitions, saved.inputs);
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
  bool is_fitted = true;
  for (size_t i = 0; i < saved.categories.size(); ++i) {
    const Feature& feature = state.features[i];
    if (!saved.categories[i]) {
      is_fitted = is_fitted && !feature.is_category;
      continue;
    }
    MILLGATE_TRY(check_categories(feature, *saved.categories[i]));
    state.set_categories(i, *std::move(saved.categories[i]));
  }
  state.is_fitted = is_fitted;
  return program;
}

}  // namespace millgate
