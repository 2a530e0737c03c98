/// Columns from which a label could be told, and the labelled rows read with them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

/// Columns by name, each number and category in the order of the rows.
struct Predictors {
  std::vector<std::string> columns;  ///< Numbers and categories together.
  std::vector<std::string> numbers, categories;
  std::vector<std::pair<std::string, std::string>> unused;  ///< Columns, and why not.
};

struct PredictorChoice {
  std::string label = {};                 ///< SQL over a row.
  std::vector<std::string> columns = {};  ///< Exactly these. Empty: all that can be used.
  std::optional<int64_t> texts_max = {};  ///< Columns of more different texts are not used.
};

/// Those of `rows`, opened in `database`. Unless they are named, left out are columns that the
/// label reads, times, columns of other kinds, whole numbers and texts that differ in every row.
/// Errors: `invalid_input` for a named column that is missing (nearest name) or no number or
/// category; those of the database. It is no error when none is left.
[[nodiscard]] Result<Predictors> choose_predictors(Database& database, const AskedRows& rows,
                                                   const PredictorChoice& choice);

/// What is read of labelled rows.
struct PredictorQuestion {
  std::string label = {};  ///< SQL over a row: its class, as a text.
  Predictors predictors = {};
  std::vector<std::string> by = {};     ///< SQL over a row.
  std::vector<std::string> shown = {};  ///< Columns that name a row for people.
  int64_t rows_max = 0;                 ///< Of more, every n-th is taken.
};

/// Labelled rows, columns as in the question. Numbers are NaN where missing or not finite;
/// categories "" for null and "=text" otherwise.
struct PredictorRows {
  std::vector<std::string> labels;
  std::vector<std::vector<double>> numbers;
  std::vector<std::vector<std::string>> categories;
  std::vector<std::vector<std::string>> by;
  std::vector<std::vector<std::string>> shown;  ///< Row by row.
  std::vector<int64_t> row_numbers;             ///< Among all rows, from 1.
  int64_t labelled = 0, unlabelled = 0;         ///< Before some were taken of many.
};

/// Errors: `invalid_input` for a label or `by` that is no SQL, or when no row has a label.
[[nodiscard]] Result<PredictorRows> read_predictor_rows(Database& database, const AskedRows& rows,
                                                        const PredictorQuestion& question);

/// Gives each text its number, in the order in which they first came.
class TextCodes {
 public:
  TextCodes() = default;
  TextCodes(TextCodes&&) = default;  ///< A copy would point into the other's texts.
  TextCodes& operator=(TextCodes&&) = default;
  size_t operator[](const std::string& text);
  [[nodiscard]] size_t size() const { return texts_.size(); }
  [[nodiscard]] const std::string& text(size_t code) const { return *texts_[code]; }

 private:
  std::map<std::string, size_t> codes_;
  std::vector<const std::string*> texts_;
};

inline constexpr size_t kLabelClassesMax = 100;

/// Errors: `invalid_input` for a `label` of one class, or of more than kLabelClassesMax.
[[nodiscard]] Status check_label_classes(const std::string& label, size_t classes);

}  // namespace millgate
