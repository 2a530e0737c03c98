/// The features of a project, judged: which to keep, which to drop, which know too much.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "model/study/usefulness.h"
#include "system/pipeline/project.h"

namespace millgate {

struct UsefulFeaturesOptions {
  std::string revision = kCurrentBranch;
  std::vector<std::string> without = {};  ///< Features to judge the others without.
  UsefulnessOptions study = {};
};

struct UsefulFeatures {
  Usefulness usefulness;
  /// Where each feature of `usefulness` comes from, sorted: tables of sources, and views.
  std::vector<std::vector<std::string>> sources;
};

/// Joins as of each row's time, trains the learner of [train] on the training rows and judges every
/// feature on the test rows (usefulness.h). Features that are known too late by what the project
/// file says, or that read a column of the label, are not trained with; they come last, as leaks.
/// Errors: as open_features, join_as_of and feature_usefulness; `not_found` for a feature of
/// `without` that there is not; `invalid_input` when no feature is left.
[[nodiscard]] Result<UsefulFeatures> useful_features(Repository& repository, const Project& project,
                                                     const UsefulFeaturesOptions& options);

}  // namespace millgate
