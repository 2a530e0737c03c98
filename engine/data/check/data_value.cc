#include "data/check/data_value.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "data/check/predictors.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr int64_t kTextsMax = 100;

class Valuation {
 public:
  Valuation(Database& database, const AskedRows& training, const AskedRows& test,
            const DataValueOptions& options)
      : database_(database), training_(training), test_(test), options_(options) {}

  Result<DataValues> run() {
    MILLGATE_TRY(database_.describe("select " + expression_text_sql(options_.label) + " from " +
                                    test_.name));
    MILLGATE_TRY(choose_columns());
    MILLGATE_ASSIGN(const PredictorRows training,
                    read_predictor_rows(database_, training_,
                                        {.label = options_.label,
                                         .predictors = predictors_,
                                         .by = options_.by,
                                         .shown = options_.shown,
                                         .rows_max = options_.training_rows_max}));
    MILLGATE_ASSIGN(const PredictorRows test,
                    read_predictor_rows(database_, test_,
                                        {.label = options_.label,
                                         .predictors = predictors_,
                                         .rows_max = options_.test_rows_max}));
    MILLGATE_TRY(value(training, test));
    add_up(training);
    std::stable_sort(found_.rows.begin(), found_.rows.end(),
                     [](const ValuedRow& a, const ValuedRow& b) { return a.value < b.value; });
    found_.columns = std::move(predictors_.columns);
    found_.unused = std::move(predictors_.unused);
    return std::move(found_);
  }

 private:
  /// Those that both sides have. Left out by the way is what only the training rows have.
  Status choose_columns() {
    if (!options_.columns.empty()) {
      MILLGATE_ASSIGN(predictors_, choose_predictors(database_, training_,
                                                     {.label = {}, .columns = options_.columns}));
      MILLGATE_ASSIGN(
          const Predictors there,
          choose_predictors(database_, test_, {.label = {}, .columns = options_.columns}));
      if (there.numbers == predictors_.numbers) return {};
      return invalid_input("a column is a number on one side and a category on the other",
                           "compare the types of both sides with `millgate profile`");
    }
    MILLGATE_ASSIGN(
        const Predictors all,
        choose_predictors(database_, training_, {.label = options_.label, .texts_max = kTextsMax}));
    std::vector<std::string> shared;
    std::vector<std::pair<std::string, std::string>> unused = all.unused;
    for (const std::string& name : all.columns) {
      const AskedColumn* there = test_.find(name);
      if (there != nullptr && there->kind == training_.find(name)->kind) {
        shared.push_back(name);
      } else {
        unused.emplace_back(name, there == nullptr
                                      ? "the test rows do not have it"
                                      : "of type " + there->type + " in the test rows");
      }
    }
    if (shared.empty()) {
      return invalid_input("no column tells how near two rows are", "name some by `--columns`");
    }
    MILLGATE_ASSIGN(predictors_,
                    choose_predictors(database_, training_, {.label = {}, .columns = shared}));
    predictors_.unused = std::move(unused);
    return {};
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

  Status value(const PredictorRows& training, const PredictorRows& test) {
    LabelledRows sides[2];
    sides[0].numbers = training.numbers;
    sides[1].numbers = test.numbers;
    for (size_t c = 0; c < training.numbers.size(); ++c) {
      standardise(sides[0].numbers[c], sides[1].numbers[c]);
    }
    std::vector<TextCodes> codes(training.categories.size());
    TextCodes classes;
    for (size_t s = 0; s < 2; ++s) {
      const PredictorRows& rows = s == 0 ? training : test;
      sides[s].categories.resize(codes.size());
      for (size_t c = 0; c < codes.size(); ++c) {
        sides[s].categories[c].reserve(rows.labels.size());
        for (const std::string& text : rows.categories[c]) {
          sides[s].categories[c].push_back(static_cast<double>(codes[c][text]));
        }
      }
      sides[s].labels.reserve(rows.labels.size());
      for (const std::string& label : rows.labels) {
        sides[s].labels.push_back(static_cast<double>(classes[label]));
      }
    }
    MILLGATE_TRY(check_label_classes(options_.label, classes.size()));
    std::vector<double> values;
    if (options_.valuer) {
      MILLGATE_ASSIGN(values, options_.valuer(sides[0], sides[1], classes.size()));
    } else {
      values = knn_shapley(sides[0], sides[1], options_.neighbours);
    }
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

  void add_up(const PredictorRows& training) {
    for (const ValuedRow& row : found_.rows) {
      found_.accuracy_share += row.value;
      found_.harmful_count += row.value < 0 ? 1 : 0;
    }
    for (size_t g = 0; g < options_.by.size(); ++g) {
      std::map<std::string, GroupValue> groups;
      for (size_t i = 0; i < found_.rows.size(); ++i) {
        GroupValue& group = groups[training.by[g][i]];
        group.group = training.by[g][i];
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
  Predictors predictors_;
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
