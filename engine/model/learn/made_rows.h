/// Rows made up for the tests of this room: the same numbers in any language.
/// Include in .cc files only.
#pragma once

#include <arrow/api.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "data/feature/join.h"
#include "model/learn/learner.h"

namespace millgate {

/// Uniform in [0, 1): splitmix64 of row and column. In Python:
///   M = (1 << 64) - 1
///   def made(i, j):
///       z = ((i * 16 + j + 1) * 0x9E3779B97F4A7C15) & M
///       z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
///       z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
///       return ((z ^ (z >> 31)) >> 11) / 2.0**53
inline double made(int64_t row, int64_t column) {
  auto z = static_cast<uint64_t>(row * 16 + column + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return static_cast<double>((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/// Four features, the last a category of six; every 11th value of the second is missing.
/// In Python, for rows [begin, end):
///   x = [made(i,0), made(i,1), made(i,2) * 10, float(int(made(i,3) * 6))]
///   p = 0.15 + 0.5 * (x[0] > 0.6) + 0.2 * (x[3] in (1.0, 4.0)) + 0.01 * x[2]
///   y = 1.0 if made(i,4) < p else 0.0;  then x[1] = nan if i % 11 == 0
inline Examples made_examples(int64_t begin, int64_t end) {
  Examples examples;
  for (int64_t i = begin; i < end; ++i) {
    const double first = made(i, 0);
    const double third = made(i, 2) * 10;
    const double group = std::floor(made(i, 3) * 6);
    const double chance =
        0.15 + 0.5 * (first > 0.6) + 0.2 * (group == 1.0 || group == 4.0) + 0.01 * third;
    const double second = i % 11 == 0 ? std::numeric_limits<double>::quiet_NaN() : made(i, 1);
    examples.features.insert(examples.features.end(), {first, second, third, group});
    examples.labels.push_back(made(i, 4) < chance ? 1.0 : 0.0);
  }
  return examples;
}

/// One column of a table in memory.
struct MadeColumn {
  std::shared_ptr<arrow::Field> field;
  std::shared_ptr<arrow::Array> values;
};

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> made_array(Builder& builder, const std::vector<Value>& values,
                                         const std::vector<bool>& valid) {
  for (size_t i = 0; i < values.size(); ++i) {
    const bool present = valid.empty() || valid[i];
    if (!(present ? builder.Append(values[i]) : builder.AppendNull()).ok()) std::terminate();
  }
  return builder.Finish().ValueOrDie();
}

inline MadeColumn numbers_column(const std::string& name, const std::vector<double>& values,
                                 const std::vector<bool>& valid = {}) {
  arrow::DoubleBuilder builder;
  return {arrow::field(name, arrow::float64()), made_array(builder, values, valid)};
}

inline MadeColumn texts_column(const std::string& name, const std::vector<std::string>& values,
                               const std::vector<bool>& valid = {}) {
  arrow::StringBuilder builder;
  return {arrow::field(name, arrow::utf8()), made_array(builder, values, valid)};
}

/// Times in microseconds.
inline MadeColumn times_column(const std::string& name, const std::vector<int64_t>& values,
                               const std::vector<bool>& valid = {}) {
  const auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  arrow::TimestampBuilder builder(type, arrow::default_memory_pool());
  return {arrow::field(name, type), made_array(builder, values, valid)};
}

inline std::shared_ptr<arrow::Table> made_table(const std::vector<MadeColumn>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const MadeColumn& column : columns) {
    fields.push_back(column.field);
    arrays.push_back(column.values);
  }
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

}  // namespace millgate
