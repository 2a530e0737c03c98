/// What a column holds, counted batch by batch.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/store/changes.h"
#include "data/store/table_version.h"
#include "data/table/row_key.h"
#include "ground/error.h"

namespace millgate {

/// Counts nulls and finds the smallest and the largest value of each column, in the order of
/// table/sort.h; NaN counts only where there is nothing else. Nested columns have no extremes:
/// their texts stay empty. One thread at a time.
class ColumnSummary {
 public:
  [[nodiscard]] static Result<ColumnSummary> make(const arrow::Schema& schema);
  /// Goes on from `statistics` of `row_count` rows.
  [[nodiscard]] static Result<ColumnSummary> resume(const arrow::Schema& schema,
                                                    const std::vector<ColumnStatistics>& statistics,
                                                    int64_t row_count);

  void add(const arrow::RecordBatch& batch);
  /// Texts are cut after 100 bytes, at a character, with "..." behind.
  [[nodiscard]] std::vector<ColumnStatistics> statistics() const { return statistics_; }

 private:
  struct Extremes {
    std::optional<RowKeyEncoder> encoder;  ///< None for nested types, which have no order.
    std::string minimum_key;
    std::string maximum_key;
    bool any = false;
  };
  void add_extreme(size_t column, const arrow::RecordBatch& batch, int64_t row);

  std::vector<ColumnStatistics> statistics_;
  std::vector<Extremes> extremes_;
};

/// A value as statistics write it.
[[nodiscard]] std::string statistic_text(const arrow::Array& column, int64_t row);

/// `statistics` of `row_count` rows after `changes`, which have `before`.
[[nodiscard]] Result<std::vector<ColumnStatistics>> changed_statistics(
    const arrow::Schema& schema, const std::vector<std::string>& key,
    const std::vector<ColumnStatistics>& statistics, int64_t row_count, const Changes& changes);

}  // namespace millgate
