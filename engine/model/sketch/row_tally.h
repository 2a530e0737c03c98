/// Counts rows for a WindowSketch, in well under a microsecond a row of twenty columns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/feature/program.h"
#include "data/feature/vector.h"
#include "model/artifact/model.h"
#include "model/measure/category_sketch.h"
#include "model/measure/number_tally.h"
#include "model/sketch/window_sketch.h"

namespace millgate {

/// What training saw of a number: lowest and highest.
struct SeenRange {
  double lowest = 0;
  double highest = 0;
};

/// What is counted of a column.
struct TallyColumn {
  std::string name;
  std::string what;
  bool is_whole = false;
  bool has_numbers = false;
  std::optional<SeenRange> range = {};
  std::shared_ptr<const CategoryList> categories = {};  ///< Null: it has none.
};

/// Columns of one model: inputs, features, prediction, and where it decides the decision.
struct TallyLayout {
  std::vector<TallyColumn> columns;
  size_t inputs = 0;
  size_t features = 0;
  bool decides = false;
  bool has_classes = false;  ///< It decides for one of several, by their order; else no or yes.

  /// `ranges`: of each input, as the server warns of them.
  [[nodiscard]] static TallyLayout of(const Model& model,
                                      std::span<const std::optional<SeenRange>> ranges);
};

/// Rows that were answered.
struct TalliedRows {
  const Block& inputs;
  std::span<const double> features;  ///< Row-major, as the model's scratch has them.
  const EvaluationNotes& notes;
  std::span<const Prediction> predictions;
};

/// One thread at a time.
class RowTally {
 public:
  explicit RowTally(std::shared_ptr<const TallyLayout> layout);

  void add(const TalliedRows& rows);
  [[nodiscard]] uint64_t rows() const { return rows_; }
  /// What was added since the last call.
  [[nodiscard]] WindowSketch take();

  int64_t minute = 0;  ///< Of all its rows; for who keeps it.

 private:
  struct Column {
    ColumnSketch counts;  ///< But for `numbers` and `categories`, which are empty.
    NumberTally numbers;
    std::optional<CategoryTally> categories;
  };
  static void add_number(Column& column, const std::optional<SeenRange>& range, double value);
  void add_input(Column& column, const TallyColumn& layout, const Vector& values);

  std::shared_ptr<const TallyLayout> layout_;
  std::vector<Column> columns_;
  uint64_t rows_ = 0;
};

}  // namespace millgate
