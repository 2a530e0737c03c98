/// Runs to be listed and filtered: a row a run in a file of the cache, so that nothing is parsed
/// twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// Which runs, and what of them.
struct RunQuestion {
  /// An SQL condition over the columns of `run_columns`, such as "auc > 0.7 and learner = 'gbdt'".
  /// Empty: all.
  std::string where = {};
  int64_t newest = 0;                     ///< At most so many, the newest; 0: all.
  std::vector<std::string> metrics = {};  ///< Whose values are wanted, over all test rows.
};

/// One run.
struct RunRow {
  int64_t event = 0;  ///< Its number in the ledger.
  Id model;
  Time time;
  std::string author;
  std::string data_commit;  ///< Hex.
  std::string learner;
  std::vector<std::optional<double>> values;  ///< One a metric that was asked for.
};

struct RunSelection {
  std::vector<RunRow> rows;  ///< The oldest first.
  int64_t found = 0;         ///< That meet the condition, wanted or not.
};

/// What a condition may name: event, model, time, author, data_commit, git_commit, learner, study,
/// best_round, threshold, seconds, train_rows, test_rows, each metric over all test rows, each
/// parameter of a learner. Missing values are null.
[[nodiscard]] const std::vector<std::string>& run_columns();

/// Adds to the index the runs that the ledger has since, and asks it. Several processes may. A lost
/// or damaged index is made anew.
/// Errors: `invalid_input` for a condition that is none, with the nearest column; `outside`,
/// `damaged` for the ledger.
[[nodiscard]] Result<RunSelection> select_runs(const Repository& repository,
                                               const RunQuestion& question);

}  // namespace millgate
