/// A search: what is asked, in which order it is tried, and what came of it.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"
#include "model/tune/search_space.h"
#include "model/tune/suggest.h"
#include "model/tune/trial.h"

namespace millgate {

/// A metric that is searched by.
struct Objective {
  std::string metric = {};
  bool higher_is_better = false;
};

/// The definition of a study. Equal ones try equal points, whoever runs them and however often they
/// were broken off.
struct Study {
  Id id;  ///< Of everything that decides about the value of a point: data, features, learner, this.
  SearchSpace space;
  std::vector<Objective> objectives;
  Sampler sampler = Sampler::tpe;
  uint64_t seed = 1;
  /// Trials that may run side by side. Trial n is chosen from the results of those up to n -
  /// side_by_side, also by one worker: so the order of trials does not depend on who was faster. It
  /// costs a look at up to side_by_side - 1 results that a single worker would have had.
  int side_by_side = 2;
  /// Rounds at which trials that fall behind are stopped; empty: none is.
  std::vector<int> rungs;
  /// Points that are tried first, the best of earlier studies.
  std::vector<SearchPoint> first;
};

/// What trial `number`, from 1, shall try, given at least the trials 0 to number - side_by_side.
/// Results of later ones are not looked at; of those that come before it only their points.
/// `points` keeps what was found for this number and those before it, for the next call.
[[nodiscard]] SearchPoint point_of_trial(const Study& study, int number,
                                         const std::map<int, Trial>& trials,
                                         std::map<int, SearchPoint>& points);

/// Losses at rung `rung` that trial `number` may be compared with.
[[nodiscard]] std::vector<double> losses_at_rung(const Study& study, int number, size_t rung,
                                                 const std::map<int, Trial>& trials);

/// The trial with the best first objective among the complete ones; the first of equals. An index;
/// nothing when none is complete.
[[nodiscard]] std::optional<size_t> best_trial(const Study& study, std::span<const Trial> trials);

/// Indices of the complete trials that no other is better than in every objective, by the first.
[[nodiscard]] std::vector<size_t> pareto_front(const Study& study, std::span<const Trial> trials);

/// Losses of a complete trial: its values, turned so that lower is better.
[[nodiscard]] Losses losses_of(const Study& study, const Trial& trial);

/// The definition as the ledger keeps it, without the id.
[[nodiscard]] nlohmann::ordered_json to_json(const Study& study);

/// Records that the study began, with `about` beside its definition, unless the ledger has it.
[[nodiscard]] Status record_study(Ledger& ledger, const Study& study,
                                  const nlohmann::ordered_json& about, const std::string& author);

/// Records a trial that no event up to `after` holds. False when another process recorded this
/// number since; its result holds.
[[nodiscard]] Result<bool> record_trial(Ledger& ledger, const Study& study, const Trial& trial,
                                        int64_t after, const std::string& author);

/// The recorded trials of study `id` after event `after`, in the order in which they ended; `after`
/// becomes the newest event that was looked at. Errors: `damaged`, `outside`.
[[nodiscard]] Result<std::vector<Trial>> read_trials(const Ledger& ledger, const Id& id,
                                                     int64_t& after);

}  // namespace millgate
