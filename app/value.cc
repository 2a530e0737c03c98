#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>

#include "app/asked_key.h"
#include "app/commands.h"
#include "app/personal_exit.h"
#include "app/text_table.h"
#include "data/check/data_value.h"
#include "data/table/arrow_result.h"
#include "data/table/writer.h"
#include "model/study/influence_valuer.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

constexpr const char* kShapley = "knn-shapley";

struct Options {
  std::string training;
  std::string test;
  std::string revision = kCurrentBranch;
  std::string out;
  int64_t shown_max = 10;
  std::string method = kShapley;
  std::shared_ptr<InfluenceNotes> notes = std::make_shared<InfluenceNotes>();
  DataValueOptions value;

  [[nodiscard]] bool is_influence() const { return method != kShapley; }
};

std::string value_text(double value) { return with_sign(value * 1000, 3); }

void print_groups(const DataValues& values) {
  for (const auto& [by, groups] : values.groups) {
    TextTable table({by, "rows", "mean, thousandths", "sum", "harmful rows"});
    for (const GroupValue& group : groups) {
      table.add({group.group, grouped(group.row_count), value_text(group.mean()),
                 with_sign(group.sum),
                 percent(static_cast<double>(group.harmful_count) /
                         static_cast<double>(group.row_count))});
    }
    table.print(std::cout);
    std::cout << '\n';
  }
}

void print_rows(const DataValues& values, const Options& options) {
  std::vector<std::string> header = {"row"};
  header.insert(header.end(), options.value.shown.begin(), options.value.shown.end());
  header.insert(header.end(), {"label", "value"});
  TextTable table(header);
  const auto count = std::min(values.rows.size(), static_cast<size_t>(options.shown_max));
  for (size_t i = 0; i < count; ++i) {
    const ValuedRow& row = values.rows[i];
    std::vector<std::string> cells = {std::to_string(row.number)};
    cells.insert(cells.end(), row.shown.begin(), row.shown.end());
    cells.insert(cells.end(), {row.label, value_text(row.value)});
    table.add(std::move(cells));
  }
  table.print(std::cout);
}

void print_sum(const DataValues& values, const Options& options) {
  if (!options.is_influence()) {
    std::cout << "neighbours with the right class: " << percent(values.accuracy_share)
              << ", the sum of all values; harmful rows: " << grouped(values.harmful_count)
              << "\n\n";
    return;
  }
  std::cout << "log loss of the test rows " << rounded(options.notes->log_loss)
            << "; the value of a row is how much it rises without it; harmful rows: "
            << grouped(values.harmful_count) << '\n';
  if (options.notes->checked > 0) {
    std::cout << "one step of Newton's method; " << options.notes->checked
              << " rows of largest value trained to the end, from which it was "
              << percent(options.notes->retrained_error) << " of the largest away\n";
  } else {
    std::cout << "by BoostIn, of first order: it orders rows, as an amount it is rough\n";
  }
  std::cout << '\n';
}

void print_values(const DataValues& values, const Options& options) {
  std::cout << grouped(static_cast<int64_t>(values.rows.size())) << " training rows";
  if (static_cast<int64_t>(values.rows.size()) < values.training_labelled) {
    std::cout << " of " << grouped(values.training_labelled);
  }
  std::cout << " valued by " << grouped(values.test_row_count) << " test rows";
  if (values.test_row_count < values.test_labelled) {
    std::cout << " of " << grouped(values.test_labelled);
  }
  if (options.is_influence()) {
    std::cout << ", by leaving each out of "
              << (options.method == "linear" ? "a logistic regression\n" : "boosted trees\n");
  } else {
    std::cout << ", " << options.value.neighbours << " neighbours\n";
  }
  if (values.training_unlabelled + values.test_unlabelled > 0) {
    std::cout << "left out without a label: " << grouped(values.training_unlabelled)
              << " training rows, " << grouped(values.test_unlabelled) << " test rows\n";
  }
  std::cout << (options.is_influence() ? "told by:" : "near by:");
  for (const std::string& column : values.columns) std::cout << ' ' << column;
  std::cout << '\n';
  for (const auto& [name, why] : values.unused) {
    std::cout << "not used: " << name << " (" << why << ")\n";
  }
  print_sum(values, options);
  print_groups(values);
  std::cout << "least valuable rows (values in thousandths)\n";
  print_rows(values, options);
  if (options.is_influence()) {
    std::cout
        << "\nA row below zero makes the model worse for the test rows: by a wrong label, or by "
           "chance where\nlabels are noisy. Look at it before you drop it; several that are "
           "alike stand in for each other.\n";
    return;
  }
  std::cout
      << "\nA low value says that a row disagrees with those near it: by a wrong label, or by "
         "chance where\nlabels are noisy or its class is rare. Look at it before you drop "
         "it.\n";
}

/// All rows with their values, the least first.
Status write_values(const DataValues& values, const Options& options) {
  arrow::FieldVector fields = {arrow::field("row", arrow::int64())};
  for (const std::string& name : options.value.shown) {
    fields.push_back(arrow::field(name, arrow::utf8()));
  }
  fields.push_back(arrow::field("label", arrow::utf8()));
  fields.push_back(arrow::field("value", arrow::float64()));
  arrow::Int64Builder numbers;
  arrow::DoubleBuilder doubles;
  std::vector<arrow::StringBuilder> texts(options.value.shown.size() + 1);
  for (const ValuedRow& row : values.rows) {
    MILLGATE_ARROW_TRY(numbers.Append(row.number), options.out);
    MILLGATE_ARROW_TRY(doubles.Append(row.value), options.out);
    for (size_t i = 0; i < row.shown.size(); ++i) {
      MILLGATE_ARROW_TRY(texts[i].Append(row.shown[i]), options.out);
    }
    MILLGATE_ARROW_TRY(texts.back().Append(row.label), options.out);
  }
  arrow::ArrayVector columns;
  columns.reserve(fields.size());
  const auto finish = [&](arrow::ArrayBuilder& builder) -> Status {
    MILLGATE_ARROW(auto column, builder.Finish(), options.out);
    columns.push_back(std::move(column));
    return {};
  };
  MILLGATE_TRY(finish(numbers));
  for (arrow::StringBuilder& builder : texts) MILLGATE_TRY(finish(builder));
  MILLGATE_TRY(finish(doubles));
  const auto table = arrow::Table::Make(arrow::schema(fields), columns);
  arrow::TableBatchReader reader(*table);
  MILLGATE_TRY(write_table_file(reader, options.out));
  std::cerr << count_of(table->num_rows(), "row") << " written to " << options.out << '\n';
  return {};
}

/// What is shown of single rows, as the policy for personal data asks.
void show_guarded(const GuardedCells& cells, const Options& options, DataValues& values) {
  if (cells.empty()) return;
  for (ValuedRow& row : values.rows) {
    cells.show_row(options.value.shown, row.shown);
    row.label = cells.shown(options.value.label, row.label);
  }
  for (auto& [by, groups] : values.groups) {
    for (size_t i = 0; i < groups.size(); ++i) {
      groups[i].group = cells.shown_apart(by, groups[i].group, i + 1);
    }
  }
}

Result<int> value(const Session& session, Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(
      const auto database,
      Database::open({.spill_folder = place.repository->folder("scratch"), .user_sql = true}));
  MILLGATE_ASSIGN(
      const std::vector<AskedRows> sides,
      open_rows(*database, *place.repository, {options.training, options.test}, options.revision));
  if (options.value.label.empty()) {
    if (!place.project.task || !has_classes(place.project.task->kind)) {
      return invalid_input("a value needs to know what is predicted",
                           "give a condition or a column of classes by --label");
    }
    options.value.label = place.project.task->label;
  }
  MILLGATE_ASSIGN(options.value.label,
                  expression_over(*database, sides[0], options.value.label, "--label"));
  options.value.shown = key_of(place.project, sides[0]);
  if (options.is_influence()) {
    options.value.valuer = influence_valuer(
        options.method == "linear" ? InfluenceModel::linear : InfluenceModel::trees, 1,
        options.notes);
  }
  MILLGATE_ASSIGN(DataValues values, data_values(*database, sides[0], sides[1], options.value));
  MILLGATE_ASSIGN(const GuardedCells cells,
                  open_cells(*place.repository, options.training, options.revision));
  show_guarded(cells, options, values);
  if (!options.out.empty()) MILLGATE_TRY(write_values(values, options));
  if (!session.json) {
    print_values(values, options);
    return kDone;
  }
  Json json = {{"training", options.training},           {"test", options.test},
               {"label", options.value.label},           {"method", options.method},
               {"neighbours", options.value.neighbours}, {"shown_columns", options.value.shown}};
  json.update(to_json(values));
  if (options.is_influence()) {
    json.erase("accuracy_share");
    json.erase("neighbours");
    json["log_loss"] = options.notes->log_loss;
    json["checked"] = options.notes->checked;
    json["retrained_error"] = options.notes->retrained_error;
  }
  print_json(json);
  return kDone;
}

}  // namespace

void add_value(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "value", "what each training row is worth, by row, by source and by slice",
      "millgate value \"from flights where month < 6\" \"from flights where month = 6\" --by "
      "origin\n"
      "  millgate value train@main test --label churned --method trees --out values.csv");
  command
      .add_option("training", options->training, "rows to value: a table, table@revision, a select")
      .required();
  command.add_option("test", options->test, "rows that they should help to predict").required();
  command.add_option("--rev", options->revision, "revision of tables without one").shows_default();
  command.add_option("--label", options->value.label,
                     "condition or column of classes; default: the label of the task");
  command
      .add_option("--columns", options->value.columns,
                  "columns that tell how near rows are; default: all that can")
      .one_at_a_time();
  command
      .add_option("--by", options->value.by,
                  "column or condition: also add up values by it (several times)")
      .one_at_a_time();
  command
      .add_option("--method", options->method,
                  "knn-shapley; or the loss when a row is left out of a model: linear (logistic "
                  "regression, by Newton's step), trees (boosted trees, by BoostIn)")
      .one_of({kShapley, "linear", "trees"})
      .shows_default();
  command.add_option("--neighbours", options->value.neighbours, "that vote for a class")
      .between(1, 1000)
      .shows_default();
  command
      .add_option("--training-rows", options->value.training_rows_max,
                  "of more training rows, every n-th is taken")
      .positive()
      .shows_default();
  command
      .add_option("--test-rows", options->value.test_rows_max,
                  "of more test rows, every n-th is taken")
      .positive()
      .shows_default();
  command.add_option("--rows", options->shown_max, "rows to print").not_negative().shows_default();
  command.add_option("--out", options->out, "write every row with its value (.csv, .parquet ...)");
  command.does([&session, options] { return value(session, *options); });
}

}  // namespace millgate
