#include "data/check/predictors.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "data/query/sql_token.h"
#include "data/table/arrow_result.h"

namespace millgate {

namespace {

void use(const AskedColumn& column, Predictors& found) {
  found.columns.push_back(column.name);
  (column.kind == ColumnKind::number ? found.numbers : found.categories).push_back(column.name);
}

Result<Predictors> named_columns(const AskedRows& rows, const std::vector<std::string>& columns) {
  Predictors found;
  for (const std::string& name : columns) {
    MILLGATE_ASSIGN(const AskedColumn* column, rows.require(name));
    if (column->kind != ColumnKind::number && column->kind != ColumnKind::category) {
      return invalid_input("column `" + name + "` of `" + rows.text + "` is no number or category");
    }
    use(*column, found);
  }
  return found;
}

/// Why `column` tells nothing about the label; empty when it may.
Result<std::string> why_unused(Database& database, const AskedRows& rows, const AskedColumn& column,
                               const std::set<std::string>& label,
                               const std::optional<int64_t>& texts_max) {
  if (label.contains(sql_lower(column.name))) return std::string("the label reads it");
  if (column.kind == ColumnKind::time) return std::string("times move on by themselves");
  if (column.kind == ColumnKind::other) return std::string("of type " + column.type);
  if (column.kind == ColumnKind::number && !column.is_integer) return std::string();
  MILLGATE_ASSIGN(
      const int64_t distinct,
      database.count("select count(distinct " + quote_name(column.name) + ") from " + rows.name));
  if (distinct > 1 && distinct == rows.row_count) {
    return std::string("every row has a value of its own");
  }
  if (column.kind == ColumnKind::category && texts_max && distinct > *texts_max) {
    return "more than " + std::to_string(*texts_max) + " different texts";
  }
  return std::string();
}

/// Takes rows from batches whose columns are: label, numbers, categories, by, shown.
void take_row(const arrow::RecordBatch& batch, int64_t row, size_t shown_count,
              PredictorRows& rows) {
  int next = 0;
  rows.labels.push_back(text_at(batch, next++, row));
  for (std::vector<double>& column : rows.numbers) {
    const auto& values = static_cast<const arrow::DoubleArray&>(*batch.column(next++));
    const bool usable = values.IsValid(row) && std::isfinite(values.Value(row));
    column.push_back(usable ? values.Value(row) : std::numeric_limits<double>::quiet_NaN());
  }
  for (std::vector<std::string>& column : rows.categories) {
    const bool missing = batch.column(next)->IsNull(row);
    column.push_back(missing ? "" : "=" + text_at(batch, next, row));
    ++next;
  }
  for (std::vector<std::string>& column : rows.by) column.push_back(text_at(batch, next++, row));
  std::vector<std::string> shown(shown_count);
  for (std::string& text : shown) text = text_at(batch, next++, row);
  rows.shown.push_back(std::move(shown));
}

}  // namespace

Result<Predictors> choose_predictors(Database& database, const AskedRows& rows,
                                     const PredictorChoice& choice) {
  if (!choice.columns.empty()) return named_columns(rows, choice.columns);
  std::set<std::string> label;
  for (const SqlToken& token : sql_tokens(choice.label)) {
    if (token.is_name()) label.insert(sql_lower(token.name()));
  }
  Predictors found;
  for (const AskedColumn& column : rows.columns) {
    MILLGATE_ASSIGN(std::string why, why_unused(database, rows, column, label, choice.texts_max));
    if (why.empty()) {
      use(column, found);
    } else {
      found.unused.emplace_back(column.name, std::move(why));
    }
  }
  return found;
}

Result<PredictorRows> read_predictor_rows(Database& database, const AskedRows& rows,
                                          const PredictorQuestion& question) {
  const std::string label = "(" + question.label + "\n)";
  for (const std::string& expression : question.by) {
    MILLGATE_TRY(
        database.describe("select " + expression_text_sql(expression) + " from " + rows.name));
  }
  MILLGATE_TRY(
      database.describe("select " + expression_text_sql(question.label) + " from " + rows.name));
  PredictorRows read;
  MILLGATE_ASSIGN(read.labelled, database.count("select count(*) from " + rows.name + " where " +
                                                label + " is not null"));
  read.unlabelled = rows.row_count - read.labelled;
  if (read.labelled == 0) {
    return invalid_input("`" + rows.text + "` has no row with a label",
                         "the label is: " + question.label);
  }
  const int64_t stride =
      std::max<int64_t>(1, (read.labelled + question.rows_max - 1) / question.rows_max);
  std::string select = expression_text_sql(question.label);
  for (const std::string& name : question.predictors.numbers) {
    select += ", cast(" + quote_name(name) + " as double)";
  }
  for (const std::string& name : question.predictors.categories) {
    select += ", " + expression_text_sql(quote_name(name));
  }
  for (const std::string& expression : question.by) {
    select += ", " + expression_text_sql(expression);
  }
  for (const std::string& name : question.shown) {
    select += ", " + expression_text_sql(quote_name(name));
  }
  read.numbers.resize(question.predictors.numbers.size());
  read.categories.resize(question.predictors.categories.size());
  read.by.resize(question.by.size());
  MILLGATE_ASSIGN(const auto reader, database.stream("select " + select + " from " + rows.name));
  int64_t number = 0;
  int64_t labelled = 0;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(reader->ReadNext(&batch), "the rows");
    if (batch == nullptr) return read;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      ++number;
      if (batch->column(0)->IsNull(row) || labelled++ % stride != 0) continue;
      read.row_numbers.push_back(number);
      take_row(*batch, row, question.shown.size(), read);
    }
  }
}

size_t TextCodes::operator[](const std::string& text) {
  const auto [at, is_new] = codes_.emplace(text, texts_.size());
  if (is_new) texts_.push_back(&at->first);
  return at->second;
}

Status check_label_classes(const std::string& label, size_t classes) {
  if (classes >= 2 && classes <= kLabelClassesMax) return {};
  return invalid_input("label `" + label + "` has " + std::to_string(classes) +
                           (classes < 2 ? " class" : " different values"),
                       "give a condition such as `delay > 15`, or a column of 2 to " +
                           std::to_string(kLabelClassesMax) + " classes");
}

}  // namespace millgate
