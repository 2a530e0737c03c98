#include "system/pipeline/label_review.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "data/feature/join.h"
#include "data/query/sql_token.h"
#include "data/table/arrow_result.h"
#include "model/learn/out_of_fold.h"
#include "model/measure/quality.h"
#include "system/pipeline/feature_work.h"

namespace millgate {

namespace {

/// No column of a table has this name by chance.
constexpr const char* kProbabilityColumn = "millgate probability";

/// The rows of the task at one revision, ready to be trained on.
struct LabelledTable {
  TrainRequest request;
  std::vector<double> labels;  ///< NaN: unlabelled.
};

Status check_task(const Project& project) {
  if (!project.task || project.task->kind == TaskKind::binary) return {};
  return project.task->section.error_at(
      "kind",
      "labels are reviewed for binary tasks; this one is " +
          std::string(to_text(project.task->kind)),
      "for classes with probabilities of your own: `millgate labels \"select ...\" --label ... "
      "--probability CLASS=COLUMN`");
}

Result<LabelledTable> read_labelled(Repository& repository, const Project& project,
                                    const std::string& revision,
                                    const LabelReviewOptions& options) {
  MILLGATE_TRY(check_task(project));
  if (options.progress) options.progress("join", 0);
  MILLGATE_ASSIGN(const FeatureWork work, open_features(repository, project, revision));
  LabelledTable made;
  MILLGATE_ASSIGN(made.request.joined, join_as_of(*work.database, work.plan, work.columns()));
  made.request.task = work.plan.task;
  made.request.features = project.features;
  made.request.context = work.context;
  made.request.settings = project.train;
  made.request.progress = options.progress;
  MILLGATE_ASSIGN(const Block block,
                  block_from(*made.request.joined, {{kLabelColumn, ValueType::number}}));
  made.labels = block.columns[0].numbers;
  for (size_t row = 0; row < made.labels.size(); ++row) {
    if (!block.columns[0].valid[row]) made.labels[row] = std::numeric_limits<double>::quiet_NaN();
  }
  return made;
}

Result<std::shared_ptr<arrow::Table>> with_probability(const arrow::Table& joined,
                                                       const std::vector<double>& predictions) {
  arrow::DoubleBuilder builder;
  for (const double p : predictions) {
    MILLGATE_ARROW_TRY(std::isnan(p) ? builder.AppendNull() : builder.Append(p), "probabilities");
  }
  MILLGATE_ARROW(auto column, builder.Finish(), "probabilities");
  MILLGATE_ARROW(
      auto table,
      joined.AddColumn(joined.num_columns(), arrow::field(kProbabilityColumn, arrow::float64()),
                       std::make_shared<arrow::ChunkedArray>(std::move(column))),
      "probabilities");
  return table;
}

/// The column that holds the label itself: the only one that it reads, and equal to it (0 or 1,
/// false or true) in every row. Empty when there is none.
Result<std::string> label_column_of(Database& database, const AskedRows& rows, const Task& task,
                                    const arrow::Schema& joined) {
  std::set<std::string> read;
  for (const SqlToken& token : sql_tokens(task.label)) {
    if (token.is_name() && joined.GetFieldByName(token.name()) != nullptr)
      read.insert(token.name());
  }
  if (read.size() != 1) return std::string();
  MILLGATE_ASSIGN(
      const int64_t other,
      database.count("select count(*) from " + rows.name + " where " + quote_name(kLabelColumn) +
                     " is distinct from try_cast(" + quote_name(*read.begin()) + " as double)"));
  return other == 0 ? *read.begin() : std::string();
}

/// In parentheses; empty when there is no rule.
Result<std::string> rule_sql(Database& database, const AskedRows& rows, const Task& task,
                             const std::string& given) {
  MILLGATE_ASSIGN(const std::string declared, label_rule_of(task));
  const std::string& rule = given.empty() ? declared : given;
  if (rule.empty()) return std::string();
  std::string sql = "(" + with_quoted_columns(rule, rows) + "\n)";
  const auto columns = database.describe("select " + sql + " as rule from " + rows.name);
  std::string fault = columns.ok() ? "" : columns.error().what;
  if (columns.ok() && columns->front().second != "BOOLEAN") {
    fault = "it is " + columns->front().second + " and no condition";
  }
  if (fault.empty()) return sql;
  const std::string hint = "for example: label_rule = \"arr_delay > 15\"";
  if (!given.empty())
    return invalid_input("`" + given + "` is no rule of the label: " + fault, hint);
  return task.section.error_at("label_rule", "this is no rule of the label: " + fault, hint);
}

LabelFit fit_of(const std::vector<double>& labels, const std::vector<double>& predictions) {
  const Outcome outcome{.label = labels, .prediction = predictions};
  const Confusion counts = confusion(outcome, 0.5);
  return {.log_loss = log_loss(outcome).value_or(0),
          .auc = auc(outcome),
          .accuracy = static_cast<double>(counts.true_positive + counts.true_negative) /
                      static_cast<double>(labels.size())};
}

double loss_of(double label, double prediction) {
  constexpr double kLeast = 1e-15;
  const double p = std::clamp(label > 0.5 ? prediction : 1 - prediction, kLeast, 1.0);
  return -std::log(p);
}

/// The key columns, or all, of both tables must hold the same.
Status check_same_rows(const Project& project, const arrow::Table& before,
                       const arrow::Table& after) {
  const auto source =
      std::find_if(project.sources.begin(), project.sources.end(),
                   [&](const Source& one) { return one.name == project.task->table; });
  const bool has_key = source != project.sources.end() && !source->key.empty();
  bool same = before.num_rows() == after.num_rows();
  for (const std::string& name : has_key ? source->key : std::vector<std::string>()) {
    const auto ours = before.GetColumnByName(name);
    const auto theirs = after.GetColumnByName(name);
    same = same && ours != nullptr && theirs != nullptr && ours->Equals(theirs);
  }
  if (same) return {};
  return invalid_input("the two revisions have other rows of `" + project.task->table + "`, not " +
                           "only other labels",
                       "compare a branch with the commit that it was made from");
}

}  // namespace

Result<std::string> label_rule_of(const Task& task) {
  Section section = task.section;
  return section.text_or("label_rule", "");
}

Result<LabelReview> review_labels(Repository& repository, const Project& project,
                                  const LabelReviewOptions& options) {
  MILLGATE_ASSIGN(const LabelledTable labelled,
                  read_labelled(repository, project, options.revision, options));
  const std::vector<int> fold_of =
      deal_folds(labelled.labels, true, options.folds, project.train.seed);
  MILLGATE_ASSIGN(const auto predictions, out_of_fold_predictions(labelled.request, fold_of));
  MILLGATE_ASSIGN(auto table, with_probability(*labelled.request.joined, predictions));
  LabelReview review;
  const auto schema = table->schema();
  MILLGATE_ASSIGN(review.database, Database::open({.spill_folder = repository.folder("scratch")}));
  MILLGATE_ASSIGN(review.rows, rows_of_table(*review.database, std::move(table),
                                             project.task->table + "@" + options.revision));
  MILLGATE_ASSIGN(review.label_column,
                  label_column_of(*review.database, review.rows, labelled.request.task, *schema));
  const auto label_field = schema->GetFieldByName(review.label_column);
  const bool is_boolean = label_field != nullptr && label_field->type()->id() == arrow::Type::BOOL;
  for (const Source& source : project.sources) {
    if (source.name == project.task->table) review.key = source.key;
  }
  const std::string yes = is_boolean ? "true" : "1";
  const std::string no = is_boolean ? "false" : "0";
  MILLGATE_ASSIGN(const std::string rule,
                  rule_sql(*review.database, review.rows, *project.task, options.rule));
  const std::string label = quote_name(kLabelColumn);
  const std::string probability = quote_name(kProbabilityColumn);
  MILLGATE_ASSIGN(
      review.issues,
      label_issues(*review.database, review.rows,
                   {.label = "case when " + label + " is not null then if(" + label + " > 0.5, '" +
                             yes + "', '" + no + "') end",
                    .probabilities = {{no, "1 - " + probability}, {yes, probability}},
                    .rule = rule.empty() ? ""
                                         : "case when " + rule + " then '" + yes + "' when not " +
                                               rule + " then '" + no + "' end",
                    .by = options.by,
                    .shown = review.key}));
  return review;
}

Result<RelabellingEffect> relabelling_effect(Repository& repository, const Project& project,
                                             const std::string& before, const std::string& after,
                                             const LabelReviewOptions& options) {
  MILLGATE_ASSIGN(const LabelledTable old, read_labelled(repository, project, before, options));
  MILLGATE_ASSIGN(const LabelledTable now, read_labelled(repository, project, after, options));
  MILLGATE_TRY(check_same_rows(project, *old.request.joined, *now.request.joined));
  const std::vector<int> fold_of = deal_folds(old.labels, true, options.folds, project.train.seed);
  MILLGATE_ASSIGN(const auto by_old, out_of_fold_predictions(old.request, fold_of));
  MILLGATE_ASSIGN(const auto by_now, out_of_fold_predictions(now.request, fold_of));
  RelabellingEffect effect;
  std::vector<double> labels;
  std::vector<double> predicted_before;
  std::vector<double> predicted_after;
  double sum = 0;
  double squares = 0;
  for (size_t row = 0; row < old.labels.size(); ++row) {
    if (std::isnan(old.labels[row]) || std::isnan(now.labels[row])) continue;
    if (old.labels[row] != now.labels[row]) {
      ++effect.changed;
      continue;
    }
    labels.push_back(old.labels[row]);
    predicted_before.push_back(by_old[row]);
    predicted_after.push_back(by_now[row]);
    const double difference =
        loss_of(labels.back(), by_now[row]) - loss_of(labels.back(), by_old[row]);
    sum += difference;
    squares += difference * difference;
  }
  if (effect.changed == 0) {
    return invalid_input(
        "no label differs between `" + before + "` and `" + after + "`",
        "commit the reviewed file first: `millgate commit --changes FILE --table " +
            project.task->table + "`");
  }
  const auto count = static_cast<double>(labels.size());
  effect.row_count = static_cast<int64_t>(labels.size());
  if (labels.size() < 2) {
    return invalid_input("fewer than two rows have the same label at both revisions");
  }
  effect.before = fit_of(labels, predicted_before);
  effect.after = fit_of(labels, predicted_after);
  effect.difference = sum / count;
  const double variance = std::max(0.0, (squares - sum * sum / count) / (count - 1));
  const double half = 1.959963984540054 * std::sqrt(variance / count);
  effect.difference_low = effect.difference - half;
  effect.difference_high = effect.difference + half;
  return effect;
}

}  // namespace millgate
