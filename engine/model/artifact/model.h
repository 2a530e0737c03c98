/// The trained model as it is released and served: manifest, feature program, scorer.
/// Format: docs/formats/model.md. Nothing in it executes code.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/program.h"
#include "data/store/object_store.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "model/artifact/calibration.h"
#include "model/artifact/ensemble.h"
#include "model/artifact/uncertainty.h"
#include "model/measure/distribution.h"

namespace millgate {

/// A view that features read, as it was defined when the model was trained.
struct ReadView {
  std::string name;
  std::string version;              ///< Of its definition; the online store has rows by it.
  std::vector<std::string> entity;  ///< Columns that its rows are found by.
  bool operator==(const ReadView&) const = default;
};

/// What the model knows of itself.
struct Manifest {
  std::string project;  ///< The model's name when served.
  std::string description;
  std::string task_kind;             ///< "binary", "multiclass", "regression" or "ranking".
  std::vector<std::string> classes;  ///< multiclass: their names, as the scorer numbers them.
  std::vector<std::string> group;    ///< ranking: columns of rows that are ranked together.
  std::string task_table;
  std::string label;  ///< Expression.
  std::string label_known;
  std::vector<std::string> key;   ///< Key columns of the task's table; logged when sent.
  std::string row_time;           ///< Column that says when; logged when sent. May be empty.
  std::vector<ReadView> views;    ///< Empty for models that were trained before it was kept.
  double threshold = 0.5;         ///< Decide "yes" at this probability or above.
  std::vector<double> decide_by;  ///< multiclass: as decided_class (measure/class_quality.h) takes
                                  ///< it; empty: the most probable class.
  std::string learner;
  std::string data_commit;   ///< Hex id.
  std::string training_set;  ///< Hex id.
  std::string git_commit;
  std::string configuration_hash;                   ///< Of the project file that trained it.
  std::map<std::string, std::string> dependencies;  ///< Library -> version.
  int64_t train_row_count = 0;
  Time train_from, train_to;  ///< Row times of the training rows.
};

/// As in the manifest object, without the names of the parts.
[[nodiscard]] nlohmann::ordered_json to_json(const Manifest& manifest);

/// One prediction of one row.
struct Prediction {
  double value = 0;       ///< Probability, of several classes that of the decided one, or value.
  bool decision = false;  ///< binary: value >= threshold.
  double lower = 0;       ///< Regression with uncertainty: the interval.
  double upper = 0;
  bool may_be_true = false;  ///< Binary with uncertainty: the set of answers.
  bool may_be_false = false;
  uint32_t class_number = 0;  ///< multiclass: the decided class.
  bool operator==(const Prediction&) const = default;
};

/// A whole model in memory. Immutable; thread-safe.
class Model {
 public:
  /// What a model is put together from.
  struct Parts {
    Manifest manifest;
    const FeatureProgram* features = nullptr;
    std::string model_format;  ///< As load_scorer (model_format.h) knows it.
    std::string model_text;
    std::vector<Profile> feature_profiles;      ///< Of the training rows, one a feature.
    std::vector<Profile> input_profiles;        ///< Of the training rows, one an input.
    std::optional<Profile> prediction_profile;  ///< Of predictions on held-out rows.
    std::optional<Calibration> calibration = {};
    std::optional<Uncertainty> uncertainty = {};
  };
  /// Writes features, model, profiles and manifest as objects and returns the model's id: the
  /// hash of the manifest, which names the others. Same parts, same id.
  /// Errors: `invalid_input` when the parts do not fit together (number of features, of profiles,
  /// a format that is not known, a threshold that is not finite, a calibration of values or an
  /// uncertainty of another kind of task); those of the store.
  [[nodiscard]] static Result<Id> save(ObjectStore& objects, const Parts& parts);
  /// Errors: `not_found` when there is no such object; `damaged` with the part.
  [[nodiscard]] static Result<std::shared_ptr<const Model>> load(const ObjectStore& objects,
                                                                 const Id& id);
  /// For who does not know several classes, nor ranks: also `invalid_input` for a model of such.
  [[nodiscard]] static Result<std::shared_ptr<const Model>> load_of_one_number(
      const ObjectStore& objects, const Id& id);

  /// The hash of the manifest.
  [[nodiscard]] const Id& id() const { return id_; }
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const FeatureProgram& features() const { return *features_; }
  [[nodiscard]] const Scorer& scorer() const { return *scorer_; }
  [[nodiscard]] bool has_classes() const { return !manifest_.classes.empty(); }
  [[nodiscard]] bool is_ranking() const { return manifest_.task_kind == "ranking"; }
  /// What the number of a row is called in answers: "probability", "value" or "score".
  [[nodiscard]] const char* number_name() const;
  [[nodiscard]] const std::vector<Profile>& feature_profiles() const { return feature_profiles_; }
  [[nodiscard]] const std::vector<Profile>& input_profiles() const { return input_profiles_; }
  [[nodiscard]] const std::optional<Profile>& prediction_profile() const {
    return prediction_profile_;
  }
  /// Nothing: the scorer's probability is what is told.
  [[nodiscard]] const std::optional<Calibration>& calibration() const { return calibration_; }
  /// Nothing: predictions have neither interval nor set.
  [[nodiscard]] const std::optional<Uncertainty>& uncertainty() const { return uncertainty_; }
  /// Of its four objects together.
  [[nodiscard]] int64_t size_bytes() const { return size_bytes_; }

  /// Buffers of one thread.
  struct Scratch {
    EvaluationScratch evaluation;
    std::vector<double> features;
    std::vector<double> values;  ///< multiclass: probabilities of all classes, row-major.
  };
  /// Predicts every row of `inputs` (columns as features().inputs()), bit by bit as a row alone.
  /// Errors: `invalid_input` as FeatureProgram::evaluate, or for a row that an ONNX model has no
  /// number for; `out` is then unspecified. Allocates only while the buffers grow.
  [[nodiscard]] Status predict(const Block& inputs, std::vector<Prediction>& out, Scratch& scratch,
                               EvaluationNotes* notes = nullptr) const;

 private:
  Model() = default;
  Id id_;
  Manifest manifest_;
  std::unique_ptr<FeatureProgram> features_;
  std::shared_ptr<const Scorer> scorer_;
  std::vector<Profile> feature_profiles_;
  std::vector<Profile> input_profiles_;
  std::optional<Profile> prediction_profile_;
  std::optional<Calibration> calibration_;
  std::optional<Uncertainty> uncertainty_;
  int64_t size_bytes_ = 0;
};

/// What is told of rows whose scorer gave `scores`: calibrated, decided, and surrounded. What
/// `Model::predict` does after the scorer, for who has no model yet.
struct Telling {
  const std::optional<Calibration>& calibration;
  const std::optional<Uncertainty>& uncertainty;
  double threshold = 0.5;
  bool is_binary = true;
  [[nodiscard]] Prediction of(double score) const;
};

}  // namespace millgate
