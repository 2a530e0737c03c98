/// How far the distribution of each column of a table moved from one version to another: bounded by
/// what the diff counted, and measured where the bound does not settle it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/check/table_drift.h"
#include "data/store/repository.h"
#include "data/store/table_diff.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// One column with changes.
struct ColumnMove {
  std::string name;
  /// No effect (see TableDriftOptions: the largest distance of the distribution functions, or the
  /// total variation) can be larger, and neither can the change of the share of missing values.
  double effect_at_most = 0;
  std::optional<ColumnShift> measured;  ///< Where the bound is not below the effects that count.
};

/// The total variation between the values of a column in both versions is at most
///   1 - m / max(n, n'),
/// where n and n' values are there and m of them did not change: both distributions hold these with
/// the weight 1 / n and 1 / n'. The distance of the distribution functions is never larger than the
/// total variation. Taken over values that are not null (NaN is a value of its own here), and over
/// all rows for missing ones; the larger of the two. Where nobody counted the values of one version
/// (rows came as a change set), they are at most those of the other and the changes. 1 when nobody
/// counted either. `column` is one of `diff.schema`.
[[nodiscard]] double effect_bound(const TableDiff& diff, const TableVersion& before,
                                  const TableVersion& after, int column);

/// A table as two commits have it; `before` with the names that columns have after.
struct MovedTable {
  std::string name;
  const Commit& before_commit;
  const Commit& after_commit;
  const TableVersion& before;
  const TableVersion& after;
  const TableDiff& diff;
};

/// Of every column of which a cell changed, or any row came or went. Reads only columns whose
/// bound reaches an effect that counts (and only for them are p-values corrected): nothing when the
/// change is small. Nothing for tables without rows on a side.
/// Errors: those of `open_rows` and `compare_rows`.
[[nodiscard]] Result<std::vector<ColumnMove>> column_moves(const Repository& repository,
                                                           const MovedTable& table,
                                                           const TableDriftOptions& options);

}  // namespace millgate
