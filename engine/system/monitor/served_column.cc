#include "system/monitor/served_column.h"

#include <cmath>
#include <limits>

#include "data/feature/value_figure.h"

namespace millgate {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string text_of_number(double value) {
  if (value == std::round(value) && std::abs(value) < 1e15) {
    return std::to_string(static_cast<int64_t>(value));
  }
  return std::to_string(value);
}

std::string text_of(const Vector& column, size_t row) {
  switch (column.type) {
    case ValueType::text:
      return column.texts[row];
    case ValueType::boolean:
      return column.integers[row] != 0 ? "true" : "false";
    case ValueType::number:
      return text_of_number(column.numbers[row]);
    default:
      return std::to_string(column.integers[row]);
  }
}

}  // namespace

Profile ServedColumn::profile(LogRows range) const {
  if (!is_category) {
    return profile_numbers(name, std::span(numbers).subspan(range.first, range.size()));
  }
  return profile_texts(name, std::span(texts).subspan(range.first, range.size()),
                       std::span(valid).subspan(range.first, range.size()));
}

ServedColumn served_input(const std::string& name, const Vector& column, bool is_category) {
  ServedColumn values{name, is_category, {}, {}, column.valid};
  const size_t rows = column.size();
  if (is_category) {
    values.texts.resize(rows);
    for (size_t row = 0; row < rows; ++row) {
      if (column.valid[row] != 0) values.texts[row] = text_of(column, row);
    }
    return values;
  }
  values.numbers.assign(rows, kNan);
  for (size_t row = 0; row < rows; ++row) {
    if (column.valid[row] != 0) values.numbers[row] = figure_of(column, row);
  }
  return values;
}

ServedColumn served_feature(const Feature& feature, size_t at, std::span<const double> features,
                            size_t width, const Profile& reference) {
  ServedColumn values{feature.name, reference.is_category, {}, {}, {}};
  const size_t rows = width == 0 ? 0 : features.size() / width;
  for (size_t row = 0; row < rows; ++row) {
    const double value = features[row * width + at];
    if (!reference.is_category) {
      values.numbers.push_back(value);
      continue;
    }
    values.valid.push_back(std::isnan(value) ? 0 : 1);
    std::string text;
    if (!std::isnan(value)) {
      const auto code = static_cast<size_t>(value);
      text = feature.is_category && code < feature.categories.size() ? feature.categories[code]
                                                                     : text_of_number(value);
    }
    values.texts.push_back(std::move(text));
  }
  return values;
}

}  // namespace millgate
