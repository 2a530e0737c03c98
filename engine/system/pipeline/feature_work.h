/// The features of a project over one commit, ready to be computed, tested and explained.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/feature_example.h"
#include "data/feature/feature_properties.h"
#include "data/feature/join.h"
#include "data/feature/leak.h"
#include "data/feature/program.h"
#include "data/query/database.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"
#include "system/pipeline/project.h"

namespace millgate {

struct FeatureWork {
  Commit commit;
  std::unique_ptr<Database> database;
  JoinPlan plan;
  std::vector<Field> fields;  ///< All that features could read.
  ExpressionContext context;  ///< Units and calendars.
  FeatureProgram program;     ///< Not fitted.
  /// Names of the columns that the features read.
  [[nodiscard]] std::vector<std::string> columns() const;
};

/// Everything that can be told from the definitions, before any row is read.
/// Errors: `not_found` for the revision or the task's table; `invalid_input` at the place in the
/// project file, also without [task] or [features]; `refused` for personal data that is forbidden.
/// A feature that is known too late (leak.h) is `invalid_input`, unless `leaks` is given: then all
/// of them are told there.
[[nodiscard]] Result<FeatureWork> open_features(Repository& repository, const Project& project,
                                                const std::string& revision,
                                                std::vector<Leak>* leaks = nullptr);

/// A program that can be evaluated, and where it learned.
struct FittedFeatures {
  FeatureProgram program;
  std::optional<Id> model;  ///< Nothing: learned from all labelled rows of the commit.
};

/// The features as the newest model with these very definitions learned them; without one, as
/// they are learned from `joined`, which has the columns of `work`.
[[nodiscard]] Result<FittedFeatures> fitted_features(const Repository& repository,
                                                     const FeatureWork& work,
                                                     const arrow::Table& joined);

/// A model that has a feature, and whether by the definition of the project.
struct FeatureUse {
  Id model;
  std::string expression;  ///< The model's.
  bool is_same = false;    ///< As the project defines it now.
  bool is_serving = false;
};

/// For each feature of the project, the models that read it, newest first.
/// Errors: `damaged` for a model that cannot be read.
[[nodiscard]] Result<std::vector<std::vector<FeatureUse>>> feature_uses(
    const Repository& repository, const Project& project);

/// Examples and properties of all features, or of those named.
struct FeatureTestReport {
  std::vector<ExampleOutcome> examples;
  std::vector<PropertyOutcome> properties;
  std::vector<std::string> without_example;  ///< Features that no example tries.
  std::optional<Id> model;                   ///< As FittedFeatures.
  [[nodiscard]] bool passed() const;
};

/// Errors: as open_features and join_as_of; `invalid_input` for an example that cannot be read.
[[nodiscard]] Result<FeatureTestReport> test_features(Repository& repository,
                                                      const Project& project,
                                                      const std::string& revision);

}  // namespace millgate
