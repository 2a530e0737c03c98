#include "model/learn/row_values.h"

#include <cmath>
#include <limits>
#include <utility>

#include "data/feature/value_figure.h"
#include "ground/clock.h"
#include "ground/shortest_text.h"

namespace millgate {

namespace {

Vector select(const Vector& from, std::span<const int64_t> rows) {
  Vector to;
  to.reset(from.type, rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<size_t>(rows[i]);
    to.valid[i] = from.valid[row];
    switch (from.type) {
      case ValueType::number:
        to.numbers[i] = from.numbers[row];
        break;
      case ValueType::text:
        to.texts[i] = from.texts[row];
        break;
      case ValueType::list:
        to.lists[i] = from.lists[row];
        break;
      default:
        to.integers[i] = from.integers[row];
    }
  }
  return to;
}

std::string text_of(const Vector& column, size_t row) {
  if (!column.valid[row]) return "(missing)";
  switch (column.type) {
    case ValueType::boolean:
      return column.integers[row] != 0 ? "true" : "false";
    case ValueType::number:
      return shortest_text(column.numbers[row]);
    case ValueType::text:
      return column.texts[row];
    case ValueType::time:
      return to_string(Time{column.integers[row]});
    case ValueType::list:
      return "list of " + std::to_string(column.lists[row].size());
    default:
      return std::to_string(column.integers[row]);
  }
}

}  // namespace

Block select_rows(const Block& block, std::span<const int64_t> rows) {
  Block chosen;
  chosen.rows = rows.size();
  for (const Vector& column : block.columns) chosen.columns.push_back(select(column, rows));
  return chosen;
}

std::vector<std::string> texts_of(const Vector& column) {
  std::vector<std::string> texts;
  texts.reserve(column.size());
  for (size_t i = 0; i < column.size(); ++i) texts.push_back(text_of(column, i));
  return texts;
}

Profile profile_input(const std::string& name, const Vector& column) {
  if (column.type == ValueType::text) return profile_texts(name, column.texts, column.valid);
  std::vector<double> numbers(column.size(), std::numeric_limits<double>::quiet_NaN());
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (column.valid[i]) numbers[i] = figure_of(column, i);
  }
  return profile_numbers(name, numbers);
}

Profile profile_feature(const Feature& feature, size_t index, size_t feature_count,
                        std::span<const double> matrix) {
  const size_t rows = matrix.size() / feature_count;
  if (!feature.is_category) {
    std::vector<double> numbers(rows);
    for (size_t i = 0; i < rows; ++i) numbers[i] = matrix[i * feature_count + index];
    return profile_numbers(feature.name, numbers);
  }
  std::vector<std::string> texts(rows);
  std::vector<uint8_t> valid(rows, 0);
  for (size_t i = 0; i < rows; ++i) {
    const double code = matrix[i * feature_count + index];
    if (!(code >= 0) || code >= static_cast<double>(feature.categories.size())) continue;
    texts[i] = feature.categories[static_cast<size_t>(code)];
    valid[i] = 1;
  }
  return profile_texts(feature.name, texts, valid);
}

}  // namespace millgate
