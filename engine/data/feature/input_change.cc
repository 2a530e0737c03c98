#include "data/feature/input_change.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

#include "data/feature/compile.h"
#include "data/feature/whole_column.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

/// `values` as a column of type `to`, if they can be that.
bool converted(Vector& values, ValueType to) {
  if (values.type == to) return true;
  const size_t rows = values.size();
  if (std::count(values.valid.begin(), values.valid.end(), 0) == std::ssize(values.valid)) {
    values.reset(to, rows);
    return true;
  }
  if (values.type == ValueType::integer && to == ValueType::number) {
    values.numbers.assign(values.integers.begin(), values.integers.end());
    values.integers.clear();
  } else if (values.type == ValueType::number && to == ValueType::integer) {
    values.integers.resize(rows);
    for (size_t row = 0; row < rows; ++row) {
      const double value = std::round(values.numbers[row]);
      const bool fits = std::abs(value) < 0x1p63;  // false for NaN
      values.integers[row] = fits ? static_cast<int64_t>(value) : 0;
      if (!fits) values.valid[row] = 0;
    }
    values.numbers.clear();
  } else {
    return false;
  }
  values.type = to;
  return true;
}

}  // namespace

Result<InputChange> read_input_change(std::string_view text) {
  const size_t equals = text.find('=');
  const std::string_view column = trimmed(text.substr(0, equals));
  const std::string_view expression =
      equals == std::string_view::npos ? std::string_view() : trimmed(text.substr(equals + 1));
  if (!column.empty() && !expression.empty()) {
    return InputChange{.column = std::string(column), .expression = std::string(expression)};
  }
  return invalid_input("`" + std::string(text) + "` changes no column",
                       "write for example `wind = wind * 1.609`");
}

Result<Block> change_input(const Block& block, const std::vector<Field>& fields,
                           const InputChange& change) {
  const auto field = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& one) { return one.name == change.column; });
  if (field == fields.end()) {
    std::vector<std::string> names;
    names.reserve(fields.size());
    for (const Field& one : fields) names.push_back(one.name);
    return invalid_input("the model reads no column `" + change.column + "`",
                         name_hint(change.column, names));
  }
  const ExpressionText source(change.column, change.expression);
  MILLGATE_ASSIGN(const TypedExpression expression,
                  compile_expression(source, fields, ExpressionUse::value));
  std::vector<uint32_t> same(fields.size());
  std::iota(same.begin(), same.end(), 0U);
  Vector values = whole_column(expression, same, block);
  if (!converted(values, field->type)) {
    return invalid_input("`" + change.column + "` is of type " +
                             std::string(to_string(field->type)) + ", and `" + change.expression +
                             "` gives " + std::string(to_string(values.type)),
                         "convert it in the expression");
  }
  Block changed = block;
  changed.columns[static_cast<size_t>(field - fields.begin())] = std::move(values);
  return changed;
}

}  // namespace millgate
