/// Two models measured on the same rows, none of which either has learned or chosen from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "system/pipeline/project.h"

namespace millgate {

/// One metric of both.
struct PairedValue {
  std::string metric;
  std::string slice;  ///< "column=value"; empty: all rows.
  int64_t row_count = 0;
  double base = 0, other = 0;
  double change = 0;                             ///< other - base.
  std::optional<double> lower = {}, upper = {};  ///< 95 % interval of the change.
  bool is_better = false;                        ///< Beyond chance; so is `is_worse`.
  bool is_worse = false;
};

struct PairedRuns {
  std::vector<PairedValue> values;  ///< Over all rows, then by slice.
  int64_t row_count = 0;
  std::string data_commit;  ///< Hex id of the commit whose rows they are.
  std::string rows;         ///< Which, in words.
  std::string why_not;      ///< Not empty: there are no such rows, and why.
};

struct PairOptions {
  std::vector<std::string> slices = {};  ///< Columns of the task's table.
  int resamples = 200;
  uint64_t seed = 1;
};

/// Measures log_loss, auc and brier, or rmse, mae and r2, with paired bootstrap intervals: both
/// models on the same drawn rows, so that what is hard for both does not blur the change. By slice
/// the first of them, for groups as `measure_quality` chooses.
///
/// By time: the labelled rows of the commit that goes further that happened when both models' test
/// rows had begun. By random: the test rows, where both runs split the same rows alike. The rows
/// are joined by the views of `project`. Errors: `not_found` for a model that no run made;
/// `invalid_input` where a model reads a column that the project no longer has.
[[nodiscard]] Result<PairedRuns> pair_runs(const Repository& repository, const Project& project,
                                           const Id& base, const Id& other,
                                           const PairOptions& options);

}  // namespace millgate
