/// How a model gets worse with age: trained again and again as of earlier times, tested on what
/// came later.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "system/pipeline/project.h"

namespace millgate {

struct BacktestOptions {
  std::string revision = kCurrentBranch;
  int64_t window_micros = 0;  ///< Of each test; 0: the test window of [train], or a tenth of all.
  int origins = 0;            ///< Trainings at most; 0: as many as the rows allow, 12 at most.
  std::string metric = {};    ///< Empty: auc, or rmse of a regression.
  /// What may be lost by age, in the unit of the metric; nothing: by what a requirement asks for.
  std::optional<double> tolerance = {};
  std::string author = {};
  std::function<void(const std::string& step, double share)> progress = {};
};

/// One model on one window of time.
struct BacktestCell {
  Time trained_at;  ///< Everything that it saw was known then.
  Time from, to;    ///< Row times of the window: after `from`, until `to`.
  int age = 0;      ///< Whole windows between training and `from`.
  double value = 0;
  int64_t row_count = 0;
};

/// What a model of one age has lost against one that is trained at the beginning of the window, on
/// the same rows: so a bad season does not count as age.
struct AgeLoss {
  int age = 0;       ///< In windows; 0 is the fresh model itself, which loses nothing.
  int windows = 0;   ///< On which both could be tested.
  double fresh = 0;  ///< Mean of the metric over the windows.
  double aged = 0;
  double loss = 0;   ///< Above 0: worse by so much, whichever way the metric points.
  double lower = 0;  ///< 95 % interval of the loss: the wider of the one from resampled rows within
  double upper = 0;  ///< the windows and of Student's t over the windows.
};

struct Backtest {
  std::string metric;
  int64_t window_micros = 0;
  std::string data_commit;
  std::string configuration_hash;
  std::vector<BacktestCell> cells;  ///< By window, then by age.
  std::vector<AgeLoss> ages;
  std::optional<double> tolerance;  ///< By which `advised_windows` was found.
  std::string tolerance_from;       ///< "--tolerance", or the requirement; empty: none.
  /// Train again after so many windows at the latest: until then no mean loss is above the
  /// tolerance, or no mean of the metric worse than what is required. 0: the fresh model is so
  /// already. As many as there are `ages`: nothing was lost within what could be tested.
  std::optional<int> advised_windows;
};

/// Trains at the beginning of each window, the newest first, on all rows that could be known then
/// (split_at), with the settings of the project, those of a finished search included; tests each
/// model on its own window and all newer ones; records the result in the ledger as an event
/// `backtest`. A training that has no rows ends the series.
///
/// Errors: `invalid_input` for rows that are split at random, a metric that cannot be compared, or
/// when fewer than two windows can be tested; as open_training_set.
[[nodiscard]] Result<Backtest> run_backtest(Repository& repository, const Project& project,
                                            const BacktestOptions& options);

[[nodiscard]] nlohmann::ordered_json to_json(const Backtest& backtest);

}  // namespace millgate
