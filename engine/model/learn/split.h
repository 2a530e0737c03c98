/// Which rows train, which choose, which measure.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <span>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "model/learn/train_settings.h"

namespace millgate {

/// Which rows are used for what. Row numbers into the joined table, ascending.
struct Split {
  std::vector<int64_t> train;
  std::vector<int64_t> valid;
  std::vector<int64_t> calibration;  ///< Of the valid rows the newest; where something needs them.
  std::vector<int64_t> test;
  int64_t left_out_unlabelled = 0;
  int64_t left_out_label_late = 0;  ///< Labels not known yet when the next window began.
  int64_t train_end_micros = 0;     ///< Row times after it are valid or test. 0 by random.
  int64_t test_begin_micros = 0;    ///< Row times after it are test. 0 by random.
};

/// Splits by time: rows of the newest `test_micros` are test, those of `valid_micros` before
/// them valid, the rest train; counted back from the newest labelled row. A row whose label was
/// not known when the next window began is left out of train and valid, because whoever trained
/// then could not have had it. A missing `label_known` counts as known at once.
///
/// Where `settings` learn a calibration or an uncertainty, the newest `calibrate_share` of the
/// valid rows (by random: as many of them) are for that alone, a window between valid and test.
///
/// By random: a seeded shuffle, `share` each for valid and test.
///
/// Of a ranking no query is cut: all of its rows have the newest of their times, and labels that
/// are known when the last of them is; by random queries are dealt, and not rows.
///
/// Errors: `invalid_input` when a part would be empty, with the figures, or when labelled rows
/// have no time.
[[nodiscard]] Result<Split> split_rows(const arrow::Table& joined, const TrainSettings& settings);

/// `folds` splits for choosing among models, none of which has a test row of `split_rows`, the
/// newest first; the first is that of `split_rows` without its test rows.
///
/// By time: rolling origin. Each fold's valid window ends where that of the fold before begins, and
/// is as long (with `share`: holds as many rows); all older rows train. Labels that came too late
/// for a window are left out as there. By random: the rows are dealt anew for each.
///
/// Errors: as split_rows, with the number of the fold.
[[nodiscard]] Result<std::vector<Split>> rolling_splits(const arrow::Table& joined,
                                                        const TrainSettings& settings, int folds);

/// The split of whoever trains at `origin`: valid and calibration rows are the newest until then,
/// as many as in split_rows, older rows train, and every later labelled row is test. Labels that
/// were not known when the next window began are left out as there. Errors: `invalid_input` for a
/// split by random, and as split_rows.
[[nodiscard]] Result<Split> split_at(const arrow::Table& joined, const TrainSettings& settings,
                                     Time origin);

/// The rows of `split` dealt anew at random, in parts of the same sizes: what a random split
/// of the same data would have been. Of a ranking, whose rows are of `query`, whole queries.
[[nodiscard]] Split shuffle_split(const Split& split, uint64_t seed,
                                  std::span<const uint32_t> query = {});

}  // namespace millgate
