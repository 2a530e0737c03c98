#include "system/serve/logged_rows.h"

#include <algorithm>

namespace millgate {

namespace {

template <typename Value>
void add_values(std::vector<Value>& to, const std::vector<Value>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// Never longer than it is, so that nothing is allocated.
template <typename Values>
void shorten(Values& values, size_t size) {
  if (values.size() > size) values.resize(size);
}

void add_columns(std::vector<LoggedColumn>& to, const Block& block) {
  if (to.size() < block.columns.size()) to.resize(block.columns.size());
  for (size_t i = 0; i < block.columns.size(); ++i) to[i].add_all(block.columns[i]);
}

}  // namespace

void LoggedColumn::add_integer(int64_t value, bool is_valid) {
  valid.push_back(is_valid ? 1 : 0);
  integers.push_back(value);
}

void LoggedColumn::add_number(double value) {
  valid.push_back(1);
  numbers.push_back(value);
}

void LoggedColumn::add_text(std::string_view text, bool is_valid) {
  if (ends.empty()) ends.push_back(0);
  valid.push_back(is_valid ? 1 : 0);
  bytes.append(text);
  ends.push_back(static_cast<int32_t>(bytes.size()));
}

void LoggedColumn::add_list(const NumberList& list, bool is_valid) {
  if (ends.empty()) ends.push_back(0);
  valid.push_back(is_valid ? 1 : 0);
  add_values(numbers, list.values);
  for (size_t i = 0; i < list.size(); ++i) has.push_back(list.is_null(i) ? 0 : 1);
  ends.push_back(static_cast<int32_t>(numbers.size()));
}

void LoggedColumn::add_all(const Vector& column) {
  if (column.type == ValueType::list) {
    for (size_t row = 0; row < column.size(); ++row) {
      add_list(column.lists[row], column.valid[row] != 0);
    }
    return;
  }
  if (column.type == ValueType::text) {
    for (size_t row = 0; row < column.size(); ++row) {
      add_text(column.texts[row], column.valid[row] != 0);
    }
    return;
  }
  add_values(valid, column.valid);
  add_values(integers, column.integers);
  add_values(numbers, column.numbers);
}

void LoggedColumn::truncate(size_t rows) {
  shorten(valid, rows);
  shorten(integers, rows);
  shorten(ends, rows + 1);
  const size_t end = ends.empty() ? 0 : static_cast<size_t>(ends.back());
  // Texts have no numbers, and numbers no ends.
  shorten(numbers, ends.empty() ? rows : end);
  shorten(has, end);
  shorten(bytes, end);
}

std::vector<std::string> logged_keys(const Model& model) {
  const Manifest& manifest = model.manifest();
  std::vector<std::string> keys;
  const auto add = [&](const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const std::vector<Field>& inputs = model.features().inputs();
      const bool is_input = std::any_of(inputs.begin(), inputs.end(),
                                        [&](const Field& input) { return input.name == name; });
      const bool is_there = std::find(keys.begin(), keys.end(), name) != keys.end();
      if (!is_input && !is_there) keys.push_back(name);
    }
  };
  add(manifest.key);
  add(manifest.group);
  for (const ReadView& view : manifest.views) add(view.entity);
  return keys;
}

template <typename Act>
void LoggedRows::each_column(const Act& act) {
  for (LoggedColumn* column : {&prediction_id, &answered_at, &request_id, &row_time, &value,
                               &decision, &class_name, &online, &rollout}) {
    act(*column);
  }
  for (LoggedColumn& column : probabilities) act(column);
  for (LoggedColumn& column : keys) act(column);
  for (LoggedColumn& column : inputs) act(column);
}

void LoggedRows::add_classes(const PredictionRecord& record) {
  const std::vector<std::string>& classes = record.model->manifest().classes;
  if (probabilities.size() < classes.size()) probabilities.resize(classes.size());
  if (classes.empty()) return;
  for (size_t row = 0; row < record.predictions.size(); ++row) {
    class_name.add_text(classes[record.predictions[row].class_number]);
    for (size_t k = 0; k < classes.size(); ++k) {
      probabilities[k].add_number(record.probabilities[row * classes.size() + k]);
    }
  }
}

void LoggedRows::append(const PredictionRecord& record) {
  const size_t rows = record.prediction_ids.size();
  try {
    for (size_t row = 0; row < rows; ++row) {
      prediction_id.add_text(record.prediction_ids[row]);
      answered_at.add_integer(record.answered_at.micros);
      request_id.add_text(record.request_id);
      const std::optional<Time>& time = record.row_times[row];
      row_time.add_integer(time ? time->micros : 0, time.has_value());
      value.add_number(record.predictions[row].value);
      decision.add_integer(record.predictions[row].decision ? 1 : 0);
      const bool is_read = row < record.online.size() && !record.online[row].empty();
      rollout.add_integer(record.rollout.value_or(0), record.rollout.has_value());
      online.add_text(is_read ? std::string_view(record.online[row]) : std::string_view(), is_read);
    }
    add_classes(record);
    add_columns(keys, record.keys);
    add_columns(inputs, record.inputs);
  } catch (...) {
    each_column([&](LoggedColumn& column) { column.truncate(rows_); });
    throw;
  }
  if (rows_ == 0) {
    model_ = record.model;
    first_answered_at_ = record.answered_at;
  }
  rows_ += rows;
  text_bytes_ = 0;
  each_column([&](const LoggedColumn& column) {
    text_bytes_ += column.bytes.size() + column.has.size() * sizeof(double);
  });
}

void LoggedRows::clear() {
  each_column([](LoggedColumn& column) { column.truncate(0); });
  model_ = nullptr;
  rows_ = 0;
  text_bytes_ = 0;
}

}  // namespace millgate
