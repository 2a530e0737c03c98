#include "model/artifact/model.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "ground/json.h"
#include "model/artifact/manifest.h"
#include "model/artifact/model_format.h"
#include "model/measure/class_quality.h"

namespace millgate {
namespace {

/// What must agree between the parts of a model, in words; empty when all is well.
std::string misfit(const Manifest& manifest, const FeatureProgram& features, const Scorer& scorer,
                   size_t feature_profiles, size_t input_profiles) {
  const size_t count = features.features().size();
  if (scorer.feature_count() != count) {
    return "the scorer reads " + std::to_string(scorer.feature_count()) +
           " features, the program makes " + std::to_string(count);
  }
  if (feature_profiles != 0 && feature_profiles != count) {
    return std::to_string(feature_profiles) + " feature profiles for " + std::to_string(count) +
           " features";
  }
  if (input_profiles != 0 && input_profiles != features.inputs().size()) {
    return std::to_string(input_profiles) + " input profiles for " +
           std::to_string(features.inputs().size()) + " inputs";
  }
  const bool has_classes = manifest.task_kind == "multiclass";
  const bool is_of_one_number = manifest.task_kind == "binary" ||
                                manifest.task_kind == "regression" ||
                                manifest.task_kind == "ranking";
  if (!has_classes && !is_of_one_number) {
    return "the task kind `" + manifest.task_kind + "` is not known";
  }
  const size_t outputs = has_classes ? manifest.classes.size() : 1;
  if (scorer.output_count() != outputs || has_classes == manifest.classes.empty()) {
    return "the scorer gives " + std::to_string(scorer.output_count()) +
           " numbers a row, the task needs " + std::to_string(outputs);
  }
  if (!std::isfinite(manifest.threshold)) return "the threshold is not a finite number";
  const std::vector<double>& earned = manifest.decide_by;
  if (!earned.empty() && (!has_classes || earned.size() != outputs * outputs)) {
    return "what decisions earn is " + std::to_string(earned.size()) + " numbers for " +
           std::to_string(manifest.classes.size()) + " classes";
  }
  if (!std::all_of(earned.begin(), earned.end(), [](double one) { return std::isfinite(one); })) {
    return "what decisions earn is not finite";
  }
  return {};
}

/// The same of what is told around the scorer's number.
std::string misfit(const std::string& task_kind, const std::optional<Calibration>& calibration,
                   const std::optional<Uncertainty>& uncertainty) {
  const bool is_binary = task_kind == "binary";
  if (uncertainty && task_kind == "multiclass") return "uncertainty of several classes";
  if (uncertainty && task_kind == "ranking") return "uncertainty of a ranking";
  if (calibration) {
    if (task_kind == "regression") return "a calibration of values, which are no probabilities";
    if (!is_binary && calibration->method != CalibrationMethod::temperature) {
      return "a calibration of several classes by another method than temperature";
    }
    if (std::string fault = fault_of(*calibration); !fault.empty()) return "calibration: " + fault;
  }
  if (uncertainty) {
    if (makes_intervals(uncertainty->method) == is_binary) {
      return "uncertainty by `" + std::string(to_text(uncertainty->method)) +
             "` does not fit the task";
    }
    if (std::string fault = fault_of(*uncertainty); !fault.empty()) return "uncertainty: " + fault;
  }
  return {};
}

/// The object with the three lists of profiles.
struct Profiles {
  std::vector<Profile> features;
  std::vector<Profile> inputs;
  std::optional<Profile> prediction;
};

std::string write_profiles(const Model::Parts& parts) {
  Json json;
  json["features"] = Json::array();
  json["inputs"] = Json::array();
  for (const Profile& profile : parts.feature_profiles) {
    json["features"].push_back(to_json(profile));
  }
  for (const Profile& profile : parts.input_profiles) json["inputs"].push_back(to_json(profile));
  if (parts.prediction_profile) json["prediction"] = to_json(*parts.prediction_profile);
  return dump_json(json);
}

Result<std::vector<Profile>> read_profile_list(const Json& json, const char* key) {
  MILLGATE_ASSIGN(const Json list, json_member<Json>(json, key, "profiles"));
  if (!list.is_array()) {
    return damaged(std::string("profiles: member `") + key + "` is not a list");
  }
  std::vector<Profile> profiles;
  for (const Json& item : list) {
    MILLGATE_ASSIGN(profiles.emplace_back(), profile_from_json(item));
  }
  return profiles;
}

Result<Profiles> read_profiles(std::string_view bytes) {
  MILLGATE_ASSIGN(const Json json, parse_json(bytes, "profiles"));
  Profiles profiles;
  MILLGATE_ASSIGN(profiles.features, read_profile_list(json, "features"));
  MILLGATE_ASSIGN(profiles.inputs, read_profile_list(json, "inputs"));
  if (json.contains("prediction")) {
    MILLGATE_ASSIGN(profiles.prediction, profile_from_json(json["prediction"]));
  }
  return profiles;
}

/// The failure of a part is damage of the model, whatever it was of the part.
Error in_part(const Id& model, const char* part, Error error) {
  if (error.code == ErrorCode::not_found) error.code = ErrorCode::damaged;
  return std::move(error).inside("model " + model.brief() + ": its " + part + " cannot be read");
}

/// The bytes of a part; adds their number to `size`.
Result<std::string> get_part(const ObjectStore& objects, const Id& id, int64_t& size) {
  MILLGATE_ASSIGN(std::string bytes, objects.get(id));
  size += static_cast<int64_t>(bytes.size());
  return bytes;
}

Result<FeatureProgram> get_features(const ObjectStore& objects, const Id& id, int64_t& size) {
  MILLGATE_ASSIGN(const std::string bytes, get_part(objects, id, size));
  MILLGATE_ASSIGN(const Json json, parse_json(bytes, "features"));
  return FeatureProgram::load(json);
}

Result<std::shared_ptr<const Scorer>> get_scorer(const ObjectStore& objects, const Id& id,
                                                 const std::string& format, int64_t& size) {
  MILLGATE_ASSIGN(const std::string bytes, get_part(objects, id, size));
  return load_scorer(format, bytes);
}

Result<Profiles> get_profiles(const ObjectStore& objects, const Id& id, int64_t& size) {
  MILLGATE_ASSIGN(const std::string bytes, get_part(objects, id, size));
  return read_profiles(bytes);
}

/// Of an ONNX model that does not take what is missing in a row.
Error no_number(const Model& model, size_t row, const std::vector<double>& features) {
  const auto& names = model.features().features();
  std::string missing;
  for (size_t j = 0; j < names.size(); ++j) {
    if (!std::isfinite(features[row * names.size() + j])) {
      missing += (missing.empty() ? "" : ", ") + names[j].name;
    }
  }
  return invalid_input("model " + model.id().brief() + " has no number for row " +
                           std::to_string(row + 1) +
                           (missing.empty() ? "" : ", whose " + missing + " is missing"),
                       "this model does not take missing values: fill them in [features], for "
                       "example coalesce(x, 0)");
}

}  // namespace

Result<Id> Model::save(ObjectStore& objects, const Parts& parts) {
  if (parts.features == nullptr) return bug("model: saved without a feature program");
  MILLGATE_ASSIGN(const auto scorer, load_scorer(parts.model_format, parts.model_text));
  std::string fault = misfit(parts.manifest, *parts.features, *scorer,
                             parts.feature_profiles.size(), parts.input_profiles.size());
  if (fault.empty()) {
    fault = misfit(parts.manifest.task_kind, parts.calibration, parts.uncertainty);
  }
  if (!fault.empty()) return invalid_input("model: " + fault);

  StoredManifest stored;
  stored.manifest = parts.manifest;
  stored.model_format = parts.model_format;
  stored.calibration = parts.calibration;
  stored.uncertainty = parts.uncertainty;
  MILLGATE_ASSIGN(stored.features, objects.put(dump_json(parts.features->save())));
  MILLGATE_ASSIGN(stored.model, objects.put(parts.model_text));
  MILLGATE_ASSIGN(stored.profiles, objects.put(write_profiles(parts)));
  // Last: whoever sees the manifest finds its parts.
  return objects.put(write_manifest(stored));
}

const char* Model::number_name() const {
  if (is_ranking()) return "score";
  return manifest_.task_kind == "regression" ? "value" : "probability";
}

Result<std::shared_ptr<const Model>> Model::load_of_one_number(const ObjectStore& objects,
                                                               const Id& id) {
  MILLGATE_ASSIGN(auto model, load(objects, id));
  if (model->is_ranking()) {
    return invalid_input("model " + id.brief() + " ranks rows, which this does not know yet",
                         "`millgate run`, `gate`, `serve` and `predict` do");
  }
  if (!model->has_classes()) return model;
  return invalid_input(
      "model " + id.brief() + " tells " + std::to_string(model->manifest().classes.size()) +
          " classes apart, which this does not know yet",
      "`millgate run`, `gate`, `serve` and `predict` do; ask about one class with kind = "
      "\"binary\" and label = \"... = '" +
          model->manifest().classes.front() + "'\"");
}

Result<std::shared_ptr<const Model>> Model::load(const ObjectStore& objects, const Id& id) {
  MILLGATE_ASSIGN(const std::string bytes, objects.get(id));
  auto stored = read_manifest(bytes);
  if (!stored) return in_part(id, "manifest", std::move(stored).error());

  // The constructor is private, so make_shared cannot be used.
  const std::shared_ptr<Model> model(new Model());
  model->id_ = id;
  model->size_bytes_ = static_cast<int64_t>(bytes.size());
  auto features = get_features(objects, stored->features, model->size_bytes_);
  if (!features) return in_part(id, "feature program", std::move(features).error());
  auto scorer = get_scorer(objects, stored->model, stored->model_format, model->size_bytes_);
  if (!scorer) return in_part(id, "scorer", std::move(scorer).error());
  auto profiles = get_profiles(objects, stored->profiles, model->size_bytes_);
  if (!profiles) return in_part(id, "training profile", std::move(profiles).error());

  std::string fault = misfit(stored->manifest, *features, **scorer, profiles->features.size(),
                             profiles->inputs.size());
  if (fault.empty()) {
    fault = misfit(stored->manifest.task_kind, stored->calibration, stored->uncertainty);
  }
  if (!fault.empty()) return damaged("model " + id.brief() + ": " + fault);
  model->manifest_ = std::move(stored->manifest);
  model->features_ = std::make_unique<FeatureProgram>(std::move(*features));
  model->scorer_ = *scorer;
  model->feature_profiles_ = std::move(profiles->features);
  model->input_profiles_ = std::move(profiles->inputs);
  model->prediction_profile_ = std::move(profiles->prediction);
  model->calibration_ = std::move(stored->calibration);
  model->uncertainty_ = stored->uncertainty;
  return std::shared_ptr<const Model>(model);
}

Status Model::predict(const Block& inputs, std::vector<Prediction>& out, Scratch& scratch,
                      EvaluationNotes* notes) const {
  scratch.features.resize(inputs.rows * features_->features().size());
  const size_t outputs = scorer_->output_count();
  scratch.values.resize(inputs.rows * outputs);
  out.resize(inputs.rows);
  MILLGATE_TRY(features_->evaluate(inputs, scratch.features, scratch.evaluation, notes));
  scorer_->score(scratch.features, scratch.values);
  if (outputs > 1) {
    for (size_t row = 0; row < inputs.rows; ++row) {
      const auto all = std::span<double>(scratch.values).subspan(row * outputs, outputs);
      if (!std::all_of(all.begin(), all.end(), [](double one) { return std::isfinite(one); })) {
        return no_number(*this, row, scratch.features);
      }
      if (calibration_) calibrate_classes(*calibration_, all);
      const size_t decided = decided_class(all, manifest_.decide_by);
      out[row] = {.value = all[decided], .class_number = static_cast<uint32_t>(decided)};
    }
    return {};
  }
  const Telling telling{.calibration = calibration_,
                        .uncertainty = uncertainty_,
                        .threshold = manifest_.threshold,
                        .is_binary = manifest_.task_kind == "binary"};
  for (size_t row = 0; row < inputs.rows; ++row) {
    if (!std::isfinite(scratch.values[row])) return no_number(*this, row, scratch.features);
    out[row] = telling.of(scratch.values[row]);
  }
  return {};
}

Prediction Telling::of(double score) const {
  Prediction told{.value = calibration ? calibrated(*calibration, score) : score};
  told.decision = is_binary && told.value >= threshold;
  if (!uncertainty) return told;
  if (makes_intervals(uncertainty->method)) {
    told.lower = told.value - uncertainty->margin;
    told.upper = told.value + uncertainty->margin;
  } else {
    // By the scorer's own probability: calibration learned from the same rows would spoil it.
    told.may_be_true = 1 - score <= uncertainty->miss_true;
    told.may_be_false = score <= uncertainty->miss_false;
  }
  return told;
}

}  // namespace millgate
