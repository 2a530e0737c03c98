/// What the rows of a table or a question hold: every column, duplicates, what goes together.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/check/column_profile.h"
#include "data/check/row_sample.h"
#include "data/query/database.h"
#include "ground/error.h"
#include "model/measure/distinct_sketch.h"

namespace millgate {

/// Columns whose pairs are measured: the first ones, since the pairs grow with their square.
inline constexpr size_t kAssociatedColumnsMax = 60;

/// How two columns go together. NaN: does not apply, or one of them is constant.
struct Association {
  std::string first, second;
  double pearson = 0, spearman = 0;  ///< Two columns of numbers or times.
  double cramers_v = 0;              ///< Two columns of categories; Bergsma's correction.
  double correlation_ratio = 0;      ///< Numbers by categories: sqrt(between / total squares).
  double mutual_information = 0;     ///< Nats; numbers in ten bins of equal counts.
  /// The largest of these that applies, without its sign: 0 to 1.
  [[nodiscard]] double strength() const;
};

/// One thing to look at.
struct Remark {
  std::string column;  ///< Empty: the rows as a whole.
  std::string kind;    ///< constant, empty, missing, key, near_key, duplicates, not_finite, ...
  std::string what;    ///< One sentence with its figures.
};

/// Grows by `add` and `merge`, like its columns.
class TableProfile {
 public:
  explicit TableProfile(const std::vector<AskedColumn>& columns);
  /// A batch whose columns are `ColumnProfile::expression` of the columns. With `threads`, columns
  /// are shared out; the answer is the same.
  void add(const arrow::RecordBatch& batch, int threads = 1);
  void merge(const TableProfile& other);

  [[nodiscard]] int64_t row_count() const { return row_count_; }
  [[nodiscard]] const std::vector<ColumnProfile>& columns() const { return columns_; }
  /// Rows that are equal in every column to one before. Exact up to `kExactRows`, then an estimate.
  [[nodiscard]] double duplicate_count() const;
  [[nodiscard]] bool duplicates_exact() const { return hashes_exact_; }
  /// Of all pairs of the first columns, on a sample of rows, strongest first.
  [[nodiscard]] std::vector<Association> associations() const;
  [[nodiscard]] int64_t sampled_rows() const { return static_cast<int64_t>(sample_.size()); }
  [[nodiscard]] std::vector<Remark> remarks(const std::vector<Association>& associations) const;

  static constexpr size_t kExactRows = 4'000'000;

 private:
  void add_rows(const arrow::RecordBatch& batch);
  void add_hash(uint64_t hash);
  std::vector<ColumnProfile> columns_;
  int64_t row_count_ = 0;
  std::vector<uint64_t> hashes_;  ///< One a row, while there are few.
  DistinctSketch distinct_rows_;
  bool hashes_exact_ = true;
  RowSample sample_;
};

/// Reads `rows` once. Errors: those of the database.
[[nodiscard]] Result<TableProfile> profile_rows(Database& database, const AskedRows& rows,
                                                int threads = 2);

[[nodiscard]] nlohmann::ordered_json to_json(const TableProfile& profile);

}  // namespace millgate
