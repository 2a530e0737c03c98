/// What the gate measures itself before it judges: by what the project file requires now, on the
/// test rows that it states, and not on what a training chose to measure.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <vector>

#include "data/feature/vector.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/measure/evidence.h"
#include "model/measure/slice_search.h"
#include "system/pipeline/project.h"
#include "system/pipeline/run.h"

namespace millgate {

/// What is known of a model when the gate judges it.
struct GateEvidence {
  std::vector<Evidence> evidence;
  std::vector<Unmeasured> unmeasured;
  SliceSearch slices;  ///< Those that nobody declared and on which the model does worse.
  Block test_rows;     ///< Inputs of the model, to measure its latency with.

  /// Appends what was measured, and what could not be.
  void add(const std::vector<Evidence>& found, const std::vector<Unmeasured>& not_found) {
    evidence.insert(evidence.end(), found.begin(), found.end());
    unmeasured.insert(unmeasured.end(), not_found.begin(), not_found.end());
  }
};

/// Bootstrap resamples of what the gate measures.
inline constexpr int kGateResamples = 1000;
/// Of comparisons: their ends lie further out where there are many.
inline constexpr int kContestResamples = 2000;
/// How likely at most a comparison is met by chance: all of them together.
inline constexpr double kContestError = 0.05;

/// A model with rows joined for it.
struct GateModel {
  const RunReport* run = nullptr;
  const Model* model = nullptr;
  std::shared_ptr<arrow::Table> judged;   ///< At the commit of the judged model's run.
  std::shared_ptr<arrow::Table> trained;  ///< At the commit of its own run.
};

/// Measures on the test rows of the judged model's commit (all labelled rows, split by [train] of
/// the project file) every metric that one of `requirements` names, for its slice or between its
/// groups, with the utility of the project file and the threshold of the model; and against
/// `serving`, on the same resamples of the same rows, what is required against it; the same against
/// simple models, against itself with its inputs disturbed, and as if it were older
/// (gate_circumstances.h), for which models may be trained; and what the project's rules find in
/// the data that it was trained on (gate_data.h). What else the run measured (its size) is taken
/// from there.
///
/// Slices on which it does worse are searched among the inputs of the model and the `slices` of
/// [task].
///
/// A model that has seen test rows in its training is not measured: every requirement on them then
/// fails with the reason. Rows that what serves has seen are left out of the comparison.
///
/// Errors: `invalid_input` with the place for a requirement on a column that is not there; those of
/// split_rows and of predicting.
[[nodiscard]] Result<GateEvidence> measure_for_gate(Repository& repository, const Project& project,
                                                    const std::vector<Requirement>& requirements,
                                                    const GateModel& judged,
                                                    const std::optional<GateModel>& serving);

}  // namespace millgate
