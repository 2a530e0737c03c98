/// Which served predictions are worth a label next.
///
/// Most are asked for by how unsure the model is, drawn in proportion to it rather than the first
/// of a list: rows that are alike are all equally unsure, and a list would hold nothing else
/// (Kirsch et al. 2023, "Stochastic Batch Acquisition: A Simple Baseline for Deep Active
/// Learning"). A share is drawn by lot from all, so that what is measured on it stays true of all.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

struct LabelQueueOptions {
  int64_t count = 100;
  double lot_share = 0.2;  ///< Of them, drawn by lot.
  uint64_t seed = 1;       ///< The same log and seed ask for the same labels.
  std::string by = {};  ///< Logged column whose rare values are asked for more often; empty: none.
  std::optional<Time> from = {}, to = {};  ///< Event times.
};

/// What is asked for.
struct LabelQueue {
  std::string model;             ///< As logged: the one with the most rows.
  int64_t unlabelled_count = 0;  ///< Predictions without a label.
  int64_t alike_count = 0;       ///< Of these, with the inputs of another one: not asked by doubt.
  int64_t shadowed_count = 0;    ///< Of these, answered by a challenger in shadow as well.
  int64_t lot_count = 0;         ///< Asked for by lot.
  /// Columns prediction_id, answered_at, the logged keys, prediction, doubt (0 to 1), asked_by
  /// ("lot" or "doubt"), label (text, all null). The most doubtful first, then the lot.
  std::shared_ptr<arrow::Table> rows;
};

/// Doubt is the entropy of the predicted probabilities over that of no knowledge at all; where a
/// challenger answered the same request in shadow, at least how far apart the two are (half the sum
/// of absolute differences). Of regressions, which tell no probability, only the latter; of
/// rankings nothing, so that all is drawn by lot. Errors: `not_found` where every prediction has
/// its label, or there are none; `invalid_input` for a column that is not logged.
[[nodiscard]] Result<LabelQueue> label_queue(const Repository& repository,
                                             const LabelQueueOptions& options);

}  // namespace millgate
