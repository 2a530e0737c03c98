/// Slices of a table whose label rate jumped at a commit.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"
#include "model/measure/share_difference.h"

namespace millgate {

struct LabelJumpOptions {
  std::string label;  ///< SQL over a row: true or 1, false or 0; null: no label.
  /// Columns; empty: all texts and booleans with at most `slice_count_max` values.
  std::vector<std::string> by = {};
  int64_t slice_count_max = 30;  ///< A column with more values in a version is no slice of it.
  double effect_min = 0.05;      ///< Difference of rates from which it is a jump.
  double false_share_max = 0.05;
  int64_t support_min = 30;  ///< Labelled rows on each side; with fewer nothing is tested.
  int commit_count_max = 50;
};

/// What came about.
enum class LabelJumpKind {
  new_rows,    ///< The rows that the commit added, beside those that were there before it.
  relabelled,  ///< The rows that stayed, with their labels before and after.
};

struct LabelJump {
  Commit commit;
  LabelJumpKind kind = LabelJumpKind::new_rows;
  std::string column;  ///< Of the slice; empty: all rows.
  std::string value;
  RowShare before, after;
  ShareDifference difference;  ///< With the test of the kind.
  double adjusted_p = 1;
  bool is_jump = false;
};

struct LabelJumps {
  std::string table;
  std::vector<LabelJump> tests;  ///< Jumps first, the largest difference first; then the others.
  int64_t commit_count = 0;      ///< Commits that changed the table and were looked at.
  int64_t without_support = 0;   ///< Comparisons with too few rows.
  std::string stopped_at;        ///< Commit whose version lacks a column of the label; or empty.

  [[nodiscard]] size_t jump_count() const;
};

/// Walks back from `revision` over the commits that changed the table, each against its first
/// parent. New rows are told by the key; without one, rows of equal content are the same, and
/// nothing is relabelled. New rows are tested by Pearson's chi-square against those of before,
/// relabelled ones, which are the same rows, by McNemar's exact test (their interval is that of two
/// samples, and so wider than it need be). The p-values of all
/// comparisons are adjusted together (Benjamini and Hochberg 1995), and only a difference of at
/// least `effect_min` is a jump: sample size does not turn noise into one.
///
/// Errors: `not_found` for the table; `invalid_input` for SQL that is none, a label that is neither
/// 0 nor 1, a column that the newest version lacks.
[[nodiscard]] Result<LabelJumps> label_jumps(const Repository& repository,
                                             const std::string& revision, const std::string& table,
                                             const LabelJumpOptions& options);

[[nodiscard]] nlohmann::ordered_json to_json(const LabelJumps& jumps);

}  // namespace millgate
