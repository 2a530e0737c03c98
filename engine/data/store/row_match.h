/// The rows of two sorted batches matched by key, and compared.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "data/store/changes.h"
#include "data/table/row_key.h"
#include "ground/error.h"

namespace millgate {

/// A run of rows that are in both batches, or in one of them.
struct MatchedRun {
  enum class Where { both, old_only, new_only };
  Where where = Where::both;
  int64_t old_row = 0;
  int64_t new_row = 0;
  int64_t row_count = 0;
};

/// Runs in the order of keys.
[[nodiscard]] std::vector<MatchedRun> match_rows(const RowKeys& old_keys, const RowKeys& new_keys);

/// How new rows differ from old ones.
class RowMatch {
 public:
  /// Compares the columns `columns`, which lie at the same place in both. References must stay
  /// valid.
  RowMatch(const arrow::RecordBatch& old_rows, const RowKeys& old_keys,
           const arrow::RecordBatch& new_rows, const RowKeys& new_keys,
           const std::vector<int>& columns);

  [[nodiscard]] int64_t inserted_count() const { return inserted_count_; }
  [[nodiscard]] int64_t removed_count() const { return removed_count_; }
  [[nodiscard]] int64_t updated_count() const { return updated_count_; }
  [[nodiscard]] int64_t change_count() const {
    return inserted_count_ + removed_count_ + updated_count_;
  }
  [[nodiscard]] bool is_in_both(int64_t new_row) const;
  /// Counts a cell of a row that is in both as changed.
  void mark_changed(int64_t new_row, int column);

  /// Calls `each(kind, old_row, new_row)` for every changed row, in the order of keys. Stops at
  /// the first error.
  using Each = std::function<Status(ChangeKind kind, int64_t old_row, int64_t new_row)>;
  [[nodiscard]] Status for_each(const Each& each) const;
  /// Whether a row that is in both has another cell in `column`.
  [[nodiscard]] bool cell_changed(int64_t new_row, int column) const {
    const auto& cells = changed_[static_cast<size_t>(column)];
    return !cells.empty() && cells[static_cast<size_t>(new_row)];
  }
  /// Appends the changes to `out`.
  [[nodiscard]] Status put(ChangesBuilder& out) const;

 private:
  const arrow::RecordBatch& old_rows_;
  const RowKeys& old_keys_;
  const arrow::RecordBatch& new_rows_;
  const RowKeys& new_keys_;
  std::vector<MatchedRun> runs_;
  std::vector<std::vector<bool>> changed_;  ///< changed_[column][new row]; empty: none.
  std::vector<bool> any_changed_;           ///< Of each new row.
  int64_t inserted_count_ = 0;
  int64_t removed_count_ = 0;
  int64_t updated_count_ = 0;
};

}  // namespace millgate
