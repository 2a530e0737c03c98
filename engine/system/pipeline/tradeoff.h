/// What each stakeholder gets of each model, and of each threshold of one: who gains, who loses,
/// and which choices nobody could improve on for all at once (the Pareto front).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/measure/evidence.h"
#include "model/release/stakeholder.h"
#include "system/pipeline/gate_evidence.h"
#include "system/pipeline/project.h"

namespace millgate {

/// A model that could serve.
struct Candidate {
  std::string name = {};  ///< For people.
  GateModel model = {};
  bool serves = false;                    ///< One at most: what the others are held against.
  std::vector<Evidence> of_program = {};  ///< Latency and size, where somebody wants them.
};

/// How a stakeholder fares against what serves.
enum class Fare {
  unknown,  ///< Nothing serves, it is not measured, or the interval holds 0 (a latency: it
            ///< differs by a tenth or less, as one machine measures it).
  same,     ///< Not a whit changes.
  gains,
  loses,
};

/// What one stakeholder gets of one choice.
struct StakeholderValue {
  double value = 0;                              ///< NaN where it could not be measured.
  std::optional<double> lower = {}, upper = {};  ///< 95 % bootstrap.
  bool acceptable = true;
  /// Less what they get of what serves, on the same resamples of the same rows; 95 % by all
  /// stakeholders together (Bonferroni). Nothing where nothing serves.
  std::optional<double> change = {}, change_lower = {}, change_upper = {};
  Fare fare = Fare::unknown;
};

/// A model or a threshold with what everybody gets of it.
struct Choice {
  std::string name;                      ///< Of the candidate.
  std::string model;                     ///< Hex id.
  double threshold = 0;                  ///< Of its decisions, where they are of a binary task.
  bool is_current = false;               ///< It serves, or is the model's own threshold.
  std::vector<StakeholderValue> values;  ///< One a stakeholder, in their order.
  bool acceptable = true;                ///< To all.
  bool on_front = false;  ///< Acceptable, and no acceptable choice is better for one of them and as
                          ///< good for all.
  /// Mean over the stakeholders, by weight, of where their value lies from the worst (0) to the
  /// best (1) of the acceptable choices; NaN where it is not acceptable.
  double compromise = 0;
  std::string why_not;  ///< Why it could not be measured; else empty.
};

struct Tradeoff {
  std::vector<Choice> choices;
  int64_t row_count = 0;       ///< What they were measured on.
  int64_t left_out_count = 0;  ///< Rows that trained what serves.
};

/// Measures `candidates`, which are not empty, on the test rows of the commit of the first one's
/// run, without those that the one that serves has seen. A candidate that has seen one of them is
/// told and not measured. One choice a candidate, in their order.
///
/// Errors: `invalid_input` without stakeholders, with the place for a column that is not there, and
/// when fewer than `kGroupRowsMin` test rows are left; those of split_rows and of predicting.
[[nodiscard]] Result<Tradeoff> weigh_models(Repository& repository, const Project& project,
                                            const std::vector<Candidate>& candidates);

/// Thresholds of the candidate's decisions, on its validation rows, where a threshold may be
/// chosen: 0, 1 and its predictions, at most 200 of them. What does not depend on decisions is the
/// same for all. Listed, ascending, are those on the front, at most `kThresholdsListed` spread over
/// it, with the current one, which may not be on it. None for a regression and for several classes.
/// Errors: as weigh_models.
[[nodiscard]] Result<Tradeoff> weigh_thresholds(const Project& project, const Candidate& candidate);
inline constexpr size_t kThresholdsListed = 9;

/// Metrics of the model as a program that somebody wants: they must be measured by serving it.
[[nodiscard]] bool wants_program_metrics(const std::vector<Stakeholder>& stakeholders);

}  // namespace millgate
