/// What the rows of one question are worth for predicting those of another.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/query/database.h"
#include "ground/error.h"
#include "model/measure/knn_shapley.h"

namespace millgate {

/// Gives every training row a value by the test rows. Labels are codes below `classes`.
using RowValuer = std::function<Result<std::vector<double>>(
    const LabelledRows& training, const LabelledRows& test, size_t classes)>;

struct DataValueOptions {
  std::string label = {};  ///< SQL over a row: its class. Rows where it is null are left out.
  std::vector<std::string> columns = {};  ///< That tell how near rows are. Empty: see data_values.
  std::vector<std::string> by = {};       ///< SQL over a row: values are added up by each.
  std::vector<std::string> shown = {};    ///< Columns that name a row for people.
  int neighbours = 5;
  int64_t training_rows_max = 100'000;  ///< Of more, every n-th is taken.
  int64_t test_rows_max = 1'000;
  RowValuer valuer = {};  ///< Empty: KNN-Shapley.
};

/// The training rows of one group.
struct GroupValue {
  std::string group;
  int64_t row_count = 0;
  double sum = 0;             ///< By KNN-Shapley: what the group adds to the accuracy share.
  int64_t harmful_count = 0;  ///< Rows with a value below zero.
  [[nodiscard]] double mean() const { return sum / static_cast<double>(row_count); }
};

struct ValuedRow {
  int64_t number = 0;  ///< Among the training rows as asked for, from 1.
  std::string label;
  double value = 0;
  std::vector<std::string> shown;
};

struct DataValues {
  std::vector<ValuedRow> rows;  ///< Least value first, then by number.
  std::vector<std::pair<std::string, std::vector<GroupValue>>>
      groups;                                               ///< Of each `by`: least mean first.
  std::vector<std::string> columns;                         ///< Used.
  std::vector<std::pair<std::string, std::string>> unused;  ///< Columns, and why not.
  int64_t test_row_count = 0;
  int64_t training_labelled = 0, test_labelled = 0;  ///< Before some were taken of many.
  int64_t training_unlabelled = 0, test_unlabelled = 0;
  int64_t harmful_count = 0;
  double accuracy_share = 0;  ///< Sum of all values; by KNN-Shapley the mean share of neighbours
                              ///< with the right class.
};

/// Values every row of `training`, both opened in `database`, by knn_shapley.h, or by `valuer`, on
/// the rows of `test`. Numbers are standardised by the training rows (missing ones become the
/// mean); a missing category is one of its own. Without `columns`, all are used but those that the
/// label reads, times, columns of other kinds, whole numbers and texts that differ in every
/// training row, and texts of more than 100 values. Errors: `invalid_input` for a label or group
/// that is no SQL, a label that has one class or more than 100, no column to use (nearest name), a
/// side without labelled rows; those of the database.
[[nodiscard]] Result<DataValues> data_values(Database& database, const AskedRows& training,
                                             const AskedRows& test,
                                             const DataValueOptions& options);

[[nodiscard]] nlohmann::ordered_json to_json(const DataValues& values);

}  // namespace millgate
