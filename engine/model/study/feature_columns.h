/// Which columns of a matrix of features one definition made, and matrices of some of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/feature/program.h"
#include "model/learn/attempt.h"

namespace millgate {

/// `one_hot` and `hashed_words` make several columns, which mean something only together.
struct FeatureColumns {
  std::string name;  ///< Of the definition.
  std::vector<size_t> columns;
};

/// One a definition, in their order. The program is fitted.
[[nodiscard]] std::vector<FeatureColumns> columns_of_features(const FeatureProgram& program);

/// The columns `kept`, in that order, of rows of `width` columns; labels as they are.
[[nodiscard]] Examples with_columns(const Examples& examples, size_t width,
                                    std::span<const size_t> kept);

/// The rows `rows`, in that order.
[[nodiscard]] Examples rows_of(const Examples& examples, size_t width,
                               std::span<const size_t> rows);

/// The values of one column.
[[nodiscard]] std::vector<double> column_of(const Examples& examples, size_t width, size_t column);

/// At most `rows_max` of the rows, evenly from the first to the last.
[[nodiscard]] std::vector<int64_t> evenly(const std::vector<int64_t>& rows, int64_t rows_max);

/// What a model is trained with, chosen by and held against. Refers to what it is made of.
struct StudyRows {
  const FeatureProgram& program;
  const Examples& train;
  const Examples& valid;
  const Examples& test;
};

/// Trains the learner of `settings` with the columns `kept`, chooses its rounds on the valid rows,
/// and predicts the test rows. Where these columns tell nothing, or there are none, every row is
/// predicted as the mean label of training.
[[nodiscard]] Result<std::vector<double>> predictions_with(const StudyRows& rows, TaskKind kind,
                                                           const TrainSettings& settings,
                                                           std::span<const size_t> kept);

/// As many rows as there are, drawn with replacement, in their order: a training set as chance
/// could have given it.
[[nodiscard]] Examples drawn_rows(const Examples& examples, size_t width, uint64_t seed,
                                  uint64_t number);

}  // namespace millgate
