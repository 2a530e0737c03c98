#include "model/study/feature_columns.h"

#include <algorithm>
#include <numeric>

#include "ground/random.h"

namespace millgate {

namespace {

bool is_of(const std::string& column, const std::string& definition) {
  return column == definition || column.starts_with(definition + "=") ||
         column.starts_with(definition + "#");
}

}  // namespace

std::vector<FeatureColumns> columns_of_features(const FeatureProgram& program) {
  std::vector<FeatureColumns> made;
  size_t next = 0;
  const auto& features = program.features();
  for (const FeatureDefinition& definition : program.definitions()) {
    FeatureColumns one{.name = definition.name, .columns = {}};
    for (; next < features.size() && is_of(features[next].name, definition.name); ++next) {
      one.columns.push_back(next);
    }
    made.push_back(std::move(one));
  }
  return made;
}

Examples with_columns(const Examples& examples, size_t width, std::span<const size_t> kept) {
  Examples made;
  made.labels = examples.labels;
  made.features.reserve(kept.size() * examples.rows());
  for (size_t row = 0; row < examples.rows(); ++row) {
    for (const size_t column : kept)
      made.features.push_back(examples.features[row * width + column]);
  }
  return made;
}

Examples rows_of(const Examples& examples, size_t width, std::span<const size_t> rows) {
  Examples chosen;
  chosen.features.reserve(rows.size() * width);
  chosen.labels.reserve(rows.size());
  for (const size_t row : rows) {
    const auto begin = examples.features.begin() + static_cast<ptrdiff_t>(row * width);
    chosen.features.insert(chosen.features.end(), begin, begin + static_cast<ptrdiff_t>(width));
    chosen.labels.push_back(examples.labels[row]);
  }
  return chosen;
}

std::vector<double> column_of(const Examples& examples, size_t width, size_t column) {
  std::vector<double> values;
  values.reserve(examples.rows());
  for (size_t row = 0; row < examples.rows(); ++row) {
    values.push_back(examples.features[row * width + column]);
  }
  return values;
}

std::vector<int64_t> evenly(const std::vector<int64_t>& rows, int64_t rows_max) {
  const auto count = static_cast<int64_t>(rows.size());
  if (count <= rows_max) return rows;
  std::vector<int64_t> chosen;
  chosen.reserve(static_cast<size_t>(rows_max));
  for (int64_t i = 0; i < rows_max; ++i) {
    chosen.push_back(rows[static_cast<size_t>(i * count / rows_max)]);
  }
  return chosen;
}

Result<std::vector<double>> predictions_with(const StudyRows& made, TaskKind kind,
                                             const TrainSettings& settings,
                                             std::span<const size_t> kept) {
  const auto& features = made.program.features();
  const double mean = std::accumulate(made.train.labels.begin(), made.train.labels.end(), 0.0) /
                      static_cast<double>(made.train.rows());
  const std::vector<double> nothing(made.test.rows(), mean);
  // LightGBM calls it an error when no column splits the rows: to us it is an answer.
  const bool can_tell = std::any_of(kept.begin(), kept.end(), [&](size_t column) {
    const std::vector<double> values = column_of(made.train, features.size(), column);
    return std::any_of(values.begin(), values.end(), [&](double one) {
      return one != values.front() && !(one != one && values.front() != values.front());
    });
  });
  if (!can_tell) return nothing;
  const Examples train = with_columns(made.train, features.size(), kept);
  const Examples valid = with_columns(made.valid, features.size(), kept);
  LearnerInput input{.kind = kind,
                     .feature_names = {},
                     .is_category = {},
                     .train = &train,
                     .valid = &valid,
                     .settings = &settings,
                     .progress = {}};
  for (const size_t column : kept) {
    input.feature_names.push_back(features[column].name);
    input.is_category.push_back(features[column].is_category);
  }
  const auto fitted = fit_learner(input);
  // The parameters were good for all columns, so trees can fail only because none of these splits
  // the rows.
  if (!fitted.ok() && settings.learner == "gbdt") return nothing;
  if (!fitted.ok()) return fitted.error();
  return predictions_of(*fitted, with_columns(made.test, features.size(), kept));
}

Examples drawn_rows(const Examples& examples, size_t width, uint64_t seed, uint64_t number) {
  Random random = Random::stream(seed, "training rows", number);
  std::vector<size_t> rows(examples.rows());
  for (size_t& row : rows) row = random.below(examples.rows());
  std::sort(rows.begin(), rows.end());
  return rows_of(examples, width, rows);
}

}  // namespace millgate
