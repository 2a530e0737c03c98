/// Values, and values that come together, whose rows have a label that the rest of the row does not
/// explain: where a trigger of a poisoned table would be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// Numbers of rows as bits: row r is bit r % 64 of word r / 64.
using RowSet = std::vector<uint64_t>;

[[nodiscard]] inline bool contains(const RowSet& rows, size_t row) {
  return (rows[row / 64] >> (row % 64) & 1) != 0;
}
inline void insert(RowSet& rows, size_t row) { rows[row / 64] |= uint64_t{1} << (row % 64); }
[[nodiscard]] int64_t count_of(const RowSet& rows);

/// A column cut into parts; each row lies in one.
struct PartedColumn {
  std::vector<uint32_t> part_of;  ///< A row.
  uint32_t parts = 0;
  bool is_ordered = false;  ///< Parts beside each other are alike.
};

/// Something that rows can have in one column: a value, a range.
struct TriggerItem {
  size_t column = 0;  ///< Of the parted columns.
  RowSet rows;
  bool combines = true;  ///< Whether it is also tried together with items of other columns.
};

struct TriggerScreenOptions {
  int64_t rows_min = 20;          ///< Fewer rows are not judged.
  double share_max = 0.1;         ///< Of all rows: what more rows hold is no trigger.
  double label_share_min = 0.9;   ///< Of the candidate's rows with its label.
  double excess_min = 0.25;       ///< That share less the expected one.
  size_t columns_max = 3;         ///< Items of a combination.
  size_t extended_max = 200;      ///< Combinations of each size that the next size is made from.
  size_t candidates_max = 2'000;  ///< The least probable ones are kept.
};

struct TriggerCandidate {
  std::vector<size_t> items;  ///< Ascending.
  size_t label = 0;
  int64_t row_count = 0;
  int64_t label_count = 0;    ///< Rows with the label.
  double expected_share = 0;  ///< Of the label, told from the other columns.
  /// Natural logarithm of a bound on the probability of so many labels by chance: Chernoff's, for
  /// independent rows of which each has the label as expected.
  double log_p = 0;
};

struct TriggerScreen {
  std::vector<TriggerCandidate> candidates;  ///< Least probable first, then by items.
  int64_t tried = 0;  ///< Items and combinations with enough rows, times the labels.
};

/// Looks through all items, all pairs of items of two columns, and combinations of up to
/// `columns_max` that grow from the least probable ones.
///
/// What is expected comes from a naive Bayes model of the label over the parts of all columns, with
/// its scores calibrated by a logistic regression (Platt 1999). For the rows of a candidate, its
/// columns speak only by their other rows: those of the same part, else of the nearest parts of an
/// ordered column, else not at all.
///
/// It is a screen: cheap, and blind for what columns do together. Whoever alarms by it should ask a
/// better model about the candidates first.
///
/// `labels`: a class a row, below `classes`. Deterministic; one thread.
/// Errors: `invalid_input` for fewer than two classes, or sizes that do not fit.
[[nodiscard]] Result<TriggerScreen> screen_triggers(std::span<const size_t> labels, size_t classes,
                                                    std::span<const PartedColumn> columns,
                                                    std::span<const TriggerItem> items,
                                                    const TriggerScreenOptions& options);

/// Chernoff's bound on the natural logarithm of the probability that at least `hits` of `trials`
/// independent trials succeed, whose mean probability is `expected`: -trials times the
/// Kullback-Leibler divergence of the shares; 0 when no more than expected. (Hoeffding 1963,
/// theorem 1, for trials of different probabilities.)
[[nodiscard]] double log_tail_bound(int64_t hits, int64_t trials, double expected);
/// The same where the probability of each trial is known: the least of Chernoff's bounds. Never
/// above the one for their mean.
[[nodiscard]] double log_tail_bound(int64_t hits, std::span<const double> expected);

}  // namespace millgate
