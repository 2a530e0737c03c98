/// Predictions on their way to a file: column by column, so that a request adds to memory that is
/// there already, and the file is written from it without another copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/vector.h"
#include "ground/clock.h"
#include "model/artifact/model.h"

namespace millgate {

/// The predictions of one request. Spans and blocks have one entry a row, and live as long as the
/// call that gets them.
struct PredictionRecord {
  const std::shared_ptr<const Model>& model;
  std::string_view request_id;
  Time answered_at;
  std::span<const std::string> prediction_ids;
  std::span<const std::optional<Time>> row_times;  ///< Of the manifest's `row_time`, where sent.
  std::span<const Prediction> predictions;
  const Block& keys;    ///< Columns as logged_keys; null: not sent.
  const Block& inputs;  ///< Columns as features().inputs().
  /// What was read from the online store, as JSON; empty texts or no entries: nothing was.
  std::span<const std::string> online = {};
  std::span<const double> probabilities = {};  ///< Of several classes, row-major.
  /// The event number of the roll-out in which the request took part; nothing: in none.
  std::optional<int64_t> rollout = {};
};

/// A column as Arrow lays one out, but for `valid`. Only the array of its type is filled: `bytes`
/// and `ends` for texts, `numbers` for numbers, else `integers`; it has an entry where `valid` is 0
/// too.
struct LoggedColumn {
  std::vector<uint8_t> valid;  ///< 1: there is a value; 0: null.
  std::vector<int64_t> integers;
  std::vector<double> numbers;
  std::string bytes;
  std::vector<int32_t> ends;  ///< Of texts in `bytes`, of lists in `numbers`, after a first 0.
  std::vector<uint8_t> has;   ///< Of lists, one entry a number: 0 where it is null.

  void add_integer(int64_t value, bool is_valid = true);
  void add_number(double value);
  void add_text(std::string_view text, bool is_valid = true);
  void add_list(const NumberList& list, bool is_valid);
  /// Adds the values of `column`, one type all along.
  void add_all(const Vector& column);
  /// Forgets all rows from `rows` on; keeps its memory. Never throws.
  void truncate(size_t rows);
};

/// Columns that are logged as texts where they were sent, because they tell whose row it is: of the
/// key, of a ranking's group, and of the entities of views. Without those that are inputs.
[[nodiscard]] std::vector<std::string> logged_keys(const Model& model);

/// Rows of predictions of one model. One thread at a time.
class LoggedRows {
 public:
  /// Adds all rows of `record`, or none when memory ends (std::bad_alloc).
  void append(const PredictionRecord& record);
  /// Forgets the rows and the model; keeps its memory.
  void clear();

  [[nodiscard]] size_t rows() const { return rows_; }
  /// Of all texts and lists together: what may grow without bound in a bounded number of rows.
  [[nodiscard]] size_t text_bytes() const { return text_bytes_; }
  /// Null when there are no rows.
  [[nodiscard]] const std::shared_ptr<const Model>& model() const { return model_; }
  [[nodiscard]] Time first_answered_at() const { return first_answered_at_; }

  LoggedColumn prediction_id, answered_at, request_id, row_time, value, decision, online, rollout;
  LoggedColumn class_name;                  ///< Only of several classes, as the next ...
  std::vector<LoggedColumn> probabilities;  ///< ... of each class.
  std::vector<LoggedColumn> keys;
  std::vector<LoggedColumn> inputs;

 private:
  template <typename Act>
  void each_column(const Act& act);
  void add_classes(const PredictionRecord& record);

  std::shared_ptr<const Model> model_;
  Time first_answered_at_;
  size_t rows_ = 0;
  size_t text_bytes_ = 0;
};

}  // namespace millgate
