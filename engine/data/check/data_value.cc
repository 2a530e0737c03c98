#include "data/check/data_value.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "data/query/sql_token.h"
#include "data/table/arrow_result.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "model/measure/knn_shapley.h"

namespace millgate {

namespace {

constexpr int64_t kCategoriesMax = 100;
constexpr size_t kClassesMax = 100;

/// `rows` of one side as they are read: numbers with NaN where missing, texts as they are.
struct ReadRows {
  std::vector<std::vector<double>> numbers;
  std::vector<std::vector<std::string>> categories;  ///< "" for null, "=text" otherwise.
  std::vector<std::string> labels;
  std::vector<std::vector<std::string>> groups;
  std::vector<std::vector<std::string>> shown;  ///< Row by row.
  std::vector<int64_t> row_numbers;
  int64_t labelled = 0, unlabelled = 0;
};

/// Gives equal texts equal numbers, in the order in which they come.
class Codes {
 public:
  double operator[](const std::string& text) {
    return static_cast<double>(codes_.emplace(text, codes_.size()).first->second);
  }
  [[nodiscard]] size_t size() const { return codes_.size(); }

 private:
  std::map<std::string, size_t> codes_;
};

class Valuation {
 public:
  Valuation(Database& database, const AskedRows& training, const AskedRows& test,
            const DataValueOptions& options)
      : database_(database), training_(training), test_(test), options_(options) {}

  Result<DataValues> run() {
    MILLGATE_TRY(try_expressions());
    MILLGATE_TRY(choose_columns());
    MILLGATE_ASSIGN(const ReadRows training, read(training_, options_.training_rows_max, true));
    MILLGATE_ASSIGN(const ReadRows test, read(test_, options_.test_rows_max, false));
    MILLGATE_TRY(value(training, test));
    add_up(training);
    std::stable_sort(found_.rows.begin(), found_.rows.end(),
                     [](const ValuedRow& a, const ValuedRow& b) { return a.value < b.value; });
    return std::move(found_);
  }

 private:
  Status try_expressions() {
    for (const AskedRows* side : {&training_, &test_}) {
      MILLGATE_TRY(database_.describe("select " + expression_text_sql(options_.label) + " from " +
                                      side->name));
    }
    for (const std::string& group : options_.by) {
      MILLGATE_TRY(
          database_.describe("select " + expression_text_sql(group) + " from " + training_.name));
    }
    return {};
  }

  /// Why `column` says nothing about how near rows are; empty when it may.
  Result<std::string> why_unused(const AskedColumn& column, const std::set<std::string>& label) {
    if (label.contains(sql_lower(column.name))) return std::string("the label reads it");
    if (column.kind == ColumnKind::time) return std::string("times move on by themselves");
    if (column.kind == ColumnKind::other) return std::string("of type " + column.type);
    const AskedColumn* there = test_.find(column.name);
    if (there == nullptr) return std::string("the test rows do not have it");
    if (there->kind != column.kind) return "of type " + there->type + " in the test rows";
    if (column.kind == ColumnKind::number && !column.is_integer) return std::string();
    const std::string name = quote_name(column.name);
    MILLGATE_ASSIGN(const int64_t distinct,
                    database_.count("select count(distinct " + name + ") from " + training_.name));
    if (distinct > 1 && distinct == training_.row_count) {
      return std::string("every row has a value of its own");
    }
    if (column.kind == ColumnKind::category && distinct > kCategoriesMax) {
      return "more than " + std::to_string(kCategoriesMax) + " different texts";
    }
    return std::string();
  }

  Status choose_columns() {
    if (!options_.columns.empty()) return take_columns();
    std::set<std::string> label;
    for (const SqlToken& token : sql_tokens(options_.label)) {
      if (token.is_name()) label.insert(sql_lower(token.name()));
    }
    for (const AskedColumn& column : training_.columns) {
      MILLGATE_ASSIGN(std::string why, why_unused(column, label));
      if (why.empty()) {
        use(column);
      } else {
        found_.unused.emplace_back(column.name, std::move(why));
      }
    }
    if (!found_.columns.empty()) return {};
    return invalid_input("no column tells how near two rows are", "name some by `--columns`");
  }

  Status take_columns() {
    for (const std::string& name : options_.columns) {
      for (const AskedRows* side : {&training_, &test_}) {
        if (side->find(name) != nullptr) continue;
        std::vector<std::string> names;
        names.reserve(side->columns.size());
        for (const AskedColumn& column : side->columns) names.push_back(column.name);
        return invalid_input("`" + side->text + "` has no column `" + name + "`",
                             name_hint(name, names));
      }
      const AskedColumn& column = *training_.find(name);
      const bool usable = column.kind == ColumnKind::number || column.kind == ColumnKind::category;
      if (!usable || test_.find(name)->kind != column.kind) {
        return invalid_input("column `" + name + "` is no number or category on both sides");
      }
      use(column);
    }
    return {};
  }

  void use(const AskedColumn& column) {
    found_.columns.push_back(column.name);
    (column.kind == ColumnKind::number ? numbers_ : categories_).push_back(column.name);
  }

  /// Every n-th labelled row of `side`, so that there are at most `rows_max`.
  Result<ReadRows> read(const AskedRows& side, int64_t rows_max, bool is_training) {
    const std::string label = "(" + options_.label + "\n)";
    ReadRows rows;
    MILLGATE_ASSIGN(rows.labelled, database_.count("select count(*) from " + side.name + " where " +
                                                   label + " is not null"));
    rows.unlabelled = side.row_count - rows.labelled;
    if (rows.labelled == 0) {
      return invalid_input("`" + side.text + "` has no row with a label",
                           "the label is: " + options_.label);
    }
    const int64_t stride = std::max<int64_t>(1, (rows.labelled + rows_max - 1) / rows_max);
    std::string select = expression_text_sql(options_.label);
    for (const std::string& name : numbers_) {
      select += ", cast(" + quote_name(name) + " as double)";
    }
    for (const std::string& name : categories_)
      select += ", " + expression_text_sql(quote_name(name));
    if (is_training) {
      for (const std::string& group : options_.by) select += ", " + expression_text_sql(group);
      for (const std::string& name : options_.shown)
        select += ", " + expression_text_sql(quote_name(name));
    }
    rows.numbers.resize(numbers_.size());
    rows.categories.resize(categories_.size());
    rows.groups.resize(is_training ? options_.by.size() : 0);
    MILLGATE_ASSIGN(const auto reader, database_.stream("select " + select + " from " + side.name));
    int64_t number = 0;
    int64_t labelled = 0;
    while (true) {
      std::shared_ptr<arrow::RecordBatch> batch;
      MILLGATE_ARROW_TRY(reader->ReadNext(&batch), "the rows");
      if (batch == nullptr) return rows;
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        ++number;
        if (batch->column(0)->IsNull(row) || labelled++ % stride != 0) continue;
        rows.row_numbers.push_back(number);
        take_row(*batch, row, is_training, rows);
      }
    }
  }

  void take_row(const arrow::RecordBatch& batch, int64_t row, bool is_training,
                ReadRows& rows) const {
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
    for (std::vector<std::string>& group : rows.groups) {
      group.push_back(text_at(batch, next++, row));
    }
    if (!is_training) return;
    std::vector<std::string> shown;
    shown.reserve(options_.shown.size());
    for (size_t i = 0; i < options_.shown.size(); ++i) {
      shown.push_back(text_at(batch, next++, row));
    }
    rows.shown.push_back(std::move(shown));
  }

  /// Mean 0 and deviation 1 over the training rows; missing values and constants become 0.
  static void standardise(std::vector<double>& training, std::vector<double>& test) {
    double largest = 0;
    for (const double value : training) {
      if (!std::isnan(value)) largest = std::max(largest, std::abs(value));
    }
    // Scaled first, so that no square is too large for a double.
    const double scale = largest > 0 ? largest : 1;
    double count = 0;
    double mean = 0;
    double squares = 0;
    for (const double value : training) {
      if (std::isnan(value)) continue;
      const double from_mean = value / scale - mean;
      mean += from_mean / ++count;
      squares += from_mean * (value / scale - mean);
    }
    const double deviation = count > 0 ? std::sqrt(squares / count) : 0;
    // What test rows have beyond all training rows is far away, and needs to be no farther.
    constexpr double kFarthest = 1e100;
    for (std::vector<double>* side : {&training, &test}) {
      for (double& value : *side) {
        const double moved = (value / scale - mean) / deviation;
        value =
            std::isnan(value) || !(deviation > 0) ? 0 : std::clamp(moved, -kFarthest, kFarthest);
      }
    }
  }

  Status value(const ReadRows& training, const ReadRows& test) {
    LabelledRows sides[2];
    sides[0].numbers = training.numbers;
    sides[1].numbers = test.numbers;
    for (size_t c = 0; c < numbers_.size(); ++c) {
      standardise(sides[0].numbers[c], sides[1].numbers[c]);
    }
    std::vector<Codes> codes(categories_.size());
    Codes classes;
    for (size_t s = 0; s < 2; ++s) {
      const ReadRows& rows = s == 0 ? training : test;
      sides[s].categories.resize(codes.size());
      for (size_t c = 0; c < codes.size(); ++c) {
        sides[s].categories[c].reserve(rows.labels.size());
        for (const std::string& text : rows.categories[c]) {
          sides[s].categories[c].push_back(codes[c][text]);
        }
      }
      sides[s].labels.reserve(rows.labels.size());
      for (const std::string& label : rows.labels) sides[s].labels.push_back(classes[label]);
    }
    if (classes.size() < 2 || classes.size() > kClassesMax) {
      return invalid_input("label `" + options_.label + "` has " + std::to_string(classes.size()) +
                               (classes.size() < 2 ? " class" : " different values"),
                           "give a condition such as `delay > 15`, or a column of 2 to " +
                               std::to_string(kClassesMax) + " classes");
    }
    const std::vector<double> values = knn_shapley(sides[0], sides[1], options_.neighbours);
    found_.rows.reserve(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      found_.rows.push_back(
          {training.row_numbers[i], training.labels[i], values[i], training.shown[i]});
    }
    found_.test_row_count = static_cast<int64_t>(test.labels.size());
    found_.training_labelled = training.labelled;
    found_.test_labelled = test.labelled;
    found_.training_unlabelled = training.unlabelled;
    found_.test_unlabelled = test.unlabelled;
    return {};
  }

  void add_up(const ReadRows& training) {
    for (const ValuedRow& row : found_.rows) {
      found_.accuracy_share += row.value;
      found_.harmful_count += row.value < 0 ? 1 : 0;
    }
    for (size_t g = 0; g < options_.by.size(); ++g) {
      std::map<std::string, GroupValue> groups;
      for (size_t i = 0; i < found_.rows.size(); ++i) {
        GroupValue& group = groups[training.groups[g][i]];
        group.group = training.groups[g][i];
        ++group.row_count;
        group.sum += found_.rows[i].value;
        group.harmful_count += found_.rows[i].value < 0 ? 1 : 0;
      }
      std::vector<GroupValue> list;
      list.reserve(groups.size());
      for (auto& [name, group] : groups) list.push_back(std::move(group));
      std::stable_sort(list.begin(), list.end(), [](const GroupValue& a, const GroupValue& b) {
        return a.mean() < b.mean();
      });
      found_.groups.emplace_back(options_.by[g], std::move(list));
    }
  }

  Database& database_;
  const AskedRows& training_;
  const AskedRows& test_;
  const DataValueOptions& options_;
  std::vector<std::string> numbers_, categories_;
  DataValues found_;
};

}  // namespace

Result<DataValues> data_values(Database& database, const AskedRows& training, const AskedRows& test,
                               const DataValueOptions& options) {
  return Valuation(database, training, test, options).run();
}

Json to_json(const DataValues& values) {
  Json json = {{"accuracy_share", values.accuracy_share},
               {"training_row_count", values.rows.size()},
               {"training_labelled", values.training_labelled},
               {"training_unlabelled", values.training_unlabelled},
               {"test_row_count", values.test_row_count},
               {"test_labelled", values.test_labelled},
               {"test_unlabelled", values.test_unlabelled},
               {"harmful_count", values.harmful_count},
               {"columns", values.columns}};
  Json unused = Json::array();
  for (const auto& [name, why] : values.unused) unused.push_back({{"name", name}, {"why", why}});
  json["unused"] = std::move(unused);
  Json groups = Json::array();
  for (const auto& [by, list] : values.groups) {
    for (const GroupValue& one : list) {
      groups.push_back({{"by", by},
                        {"group", one.group},
                        {"row_count", one.row_count},
                        {"sum", one.sum},
                        {"mean", one.mean()},
                        {"harmful_count", one.harmful_count}});
    }
  }
  json["groups"] = std::move(groups);
  Json rows = Json::array();
  for (const ValuedRow& row : values.rows) {
    rows.push_back(
        {{"row", row.number}, {"value", row.value}, {"label", row.label}, {"shown", row.shown}});
  }
  json["rows"] = std::move(rows);
  return json;
}

}  // namespace millgate
