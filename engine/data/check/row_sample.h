/// A random sample of rows that grows and merges, for what cannot be gathered in one pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millgate {

/// Keeps the rows of the least hashed numbers: every row with the same chance, the same rows in
/// every run. The rows of two parts together are sampled from the samples of the parts.
class RowSample {
 public:
  static constexpr size_t kRowsMax = 10'000;

  /// Whether row `number` of this part may belong to the sample: ask first, then `add`.
  [[nodiscard]] bool wants(int64_t number) const;
  /// `cells`: one number a column; NaN: missing; texts by a code that equal texts share.
  void add(int64_t number, std::vector<double> cells);
  void merge(const RowSample& other);

  [[nodiscard]] size_t size() const { return rows_.size(); }
  /// Of one column, in the same order of rows for every column.
  [[nodiscard]] std::vector<double> column(size_t index) const;

 private:
  struct Row {
    uint64_t priority = 0;
    std::vector<double> cells;
    bool operator<(const Row& other) const { return priority < other.priority; }
  };
  void add_row(Row row);
  std::vector<Row> rows_;  ///< A heap: the largest priority in front.
};

}  // namespace millgate
