/// `reproduce`: makes a model again from what was kept of its run, and compares.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

struct ReproduceOptions {
  std::string author = {};
  int threads = 0;  ///< Of the learner; 0: all.
  std::function<void(const std::string& step, double share)> progress = {};
};

/// One thing on the way from the data to the model's evidence.
struct ReproducedStep {
  std::string name;  ///< "data", "dependencies", "joined rows", "parameters", "features" ...
  bool same = true;
  std::string how;  ///< What is the same, or the first place of what differs.
};

struct Reproduction {
  Id model;
  Id made;  ///< Equal to `model`: the same, byte by byte.
  /// In the order in which one follows from the others: the first that differs is the cause, unless
  /// it is the program's own (then a fault of it).
  std::vector<ReproducedStep> steps;
  std::string data_commit;   ///< Hex.
  int threads = 0;           ///< As asked for.
  double seconds = 0;        ///< That it took.
  int64_t event_number = 0;  ///< The ledger's event that records it.

  [[nodiscard]] bool is_same() const { return model == made; }
  /// Null when all steps are the same.
  [[nodiscard]] const ReproducedStep* first_difference() const;
};

/// Reads the project file as it was at the newest run that gave `model`, joins the rows of its data
/// commit again, searches what that run searched (trials that the ledger has are not repeated),
/// trains, measures, and compares every part with what the run left. Nothing is taken from the
/// cache. Appends an event "reproduction" whose subject is the model; the model that was made stays
/// until `gc`, and is no run.
///
/// Errors: `not_found` for a model that no run made, or whose project file or data commit is not
/// here; else as run_pipeline.
[[nodiscard]] Result<Reproduction> reproduce_model(Repository& repository, const Id& model,
                                                   const ReproduceOptions& options);

/// As the ledger keeps it.
[[nodiscard]] nlohmann::ordered_json to_json(const Reproduction& reproduction);

}  // namespace millgate
