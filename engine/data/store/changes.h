/// Rows of a table that were inserted, updated or removed.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/table/row_key.h"
#include "ground/error.h"

namespace millgate {

enum class ChangeKind : uint8_t { inserted = 0, updated = 1, removed = 2 };

/// Changes in the order of keys, each key once.
///
/// `before` and `after` have the columns of the table; those of the key are always filled. For an
/// inserted row `after` is the whole row, for a removed one `before`. For an updated row both hold
/// the cells that `changed` names and null elsewhere. Without `has_before` the cells before are
/// unknown, and null.
struct Changes {
  std::shared_ptr<arrow::RecordBatch> before;
  std::shared_ptr<arrow::RecordBatch> after;
  std::vector<ChangeKind> kinds;
  RowKeys keys;
  std::vector<std::vector<bool>> changed;  ///< changed[column][row], for updated rows.
  bool has_before = true;

  [[nodiscard]] int64_t row_count() const { return static_cast<int64_t>(kinds.size()); }
  [[nodiscard]] int64_t count(ChangeKind kind) const;
  [[nodiscard]] bool cell_changed(int64_t row, int column) const {
    return changed[static_cast<size_t>(column)][static_cast<size_t>(row)];
  }
  /// What the changes add to the number of rows.
  [[nodiscard]] int64_t growth() const {
    return count(ChangeKind::inserted) - count(ChangeKind::removed);
  }
};

/// A cell of some column; the null cell without one.
struct Cell {
  const arrow::Array* column = nullptr;
  int64_t row = 0;
};

/// Gathers changes. Keys must rise. One thread at a time.
class ChangesBuilder {
 public:
  /// Errors: `invalid_input` for a key that `schema` has not.
  [[nodiscard]] static Result<ChangesBuilder> make(std::shared_ptr<arrow::Schema> schema,
                                                   const std::vector<std::string>& key,
                                                   bool has_before = true);
  ChangesBuilder(ChangesBuilder&&) noexcept;
  ChangesBuilder& operator=(ChangesBuilder&&) noexcept;
  ~ChangesBuilder();

  /// One row of a batch that has the columns of the table.
  struct Row {
    const arrow::RecordBatch& rows;
    int64_t row;
  };
  [[nodiscard]] Status insert(std::string_view key, const Row& after);
  [[nodiscard]] Status remove(std::string_view key, const Row& before);
  /// `changed[column]` says which cells changed. Nothing happens when none did.
  [[nodiscard]] Status update(std::string_view key, const Row& before, const Row& after,
                              const std::vector<bool>& changed);
  /// An update whose cells before are unknown.
  [[nodiscard]] Status replace(std::string_view key, const Row& after,
                               const std::vector<bool>& changed);

  /// A change cell by cell. For columns of the key `before` is not asked.
  struct CellChange {
    Cell before;
    Cell after;
    bool changed = true;
  };
  using CellChanges = std::function<CellChange(size_t column)>;
  [[nodiscard]] Status add(ChangeKind kind, std::string_view key, const CellChanges& cells);
  /// Rows [begin, end) of other changes to the same columns.
  [[nodiscard]] Status add_rows(const Changes& from, int64_t begin, int64_t end);

  [[nodiscard]] int64_t row_count() const;
  /// The changes, and an empty builder again.
  [[nodiscard]] Result<Changes> finish();

 private:
  struct State;
  explicit ChangesBuilder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Errors: as ChangesBuilder::make.
[[nodiscard]] Result<Changes> no_changes(const std::shared_ptr<arrow::Schema>& schema,
                                         const std::vector<std::string>& key);

/// `older` and then `newer` as one: a cell that changes back is no change. Both have the columns
/// of `schema`. Errors: `damaged` when `newer` does not fit on `older`.
[[nodiscard]] Result<Changes> combined_changes(const std::shared_ptr<arrow::Schema>& schema,
                                               const std::vector<std::string>& key,
                                               const Changes& older, const Changes& newer);

/// The changes that take these back. They must have `before`.
[[nodiscard]] Changes inverse_changes(const Changes& changes);

}  // namespace millgate
