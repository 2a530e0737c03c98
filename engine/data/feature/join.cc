#include "data/feature/join.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "data/feature/class_label.h"
#include "data/feature/expression_text.h"
#include "data/feature/label_expression.h"
#include "data/feature/query_column.h"
#include "data/feature/view_join.h"
#include "data/feature/view_times.h"
#include "data/feature/window_join.h"
#include "data/query/sql_error.h"
#include "data/table/arrow_result.h"
#include "ground/nearest_name.h"
#include "ground/shortest_text.h"

namespace millgate {
namespace {

/// 64-bit microseconds as timestamp[us, UTC].
Result<std::shared_ptr<arrow::ChunkedArray>> as_times(const arrow::ChunkedArray& micros) {
  MILLGATE_ARROW(auto times, micros.View(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                 "times of rows");
  return times;
}

/// The label of every row as a number, of a class its number. A NaN is no label.
Result<std::shared_ptr<arrow::ChunkedArray>> label_column(const Task& task,
                                                          const arrow::Table& table) {
  const ExpressionText source({}, task.label);
  const Result<Vector> labels = evaluate_label(source, table, task.kind);
  if (!labels.ok()) {
    if (labels.error().code != ErrorCode::invalid_input) return labels.error();
    return task.section.error_at("label", labels.error().what, labels.error().hint,
                                 static_cast<uint32_t>(source.fault_span().begin));
  }
  std::vector<double> classes;
  if (task.kind == TaskKind::multiclass) {
    MILLGATE_ASSIGN(classes, class_numbers(task, *labels));
  }
  arrow::DoubleBuilder builder;
  MILLGATE_ARROW_TRY(builder.Reserve(static_cast<int64_t>(labels->size())), "labels");
  for (size_t row = 0; row < labels->size(); ++row) {
    const double value = task.kind == TaskKind::multiclass ? classes[row]
                         : labels->type == ValueType::number
                             ? labels->numbers[row]
                             : static_cast<double>(labels->integers[row]);
    if (labels->valid[row] == 0 || std::isnan(value)) {
      builder.UnsafeAppendNull();
      continue;
    }
    constexpr double kRelevanceMax = 30;
    const bool is_relevance = value >= 0 && value <= kRelevanceMax && value == std::floor(value);
    if (task.kind == TaskKind::ranking && !is_relevance) {
      return task.section.error_at(
          "label", "the label of a ranking task is " + shortest_text(value) + " in a row",
          "it says how relevant the row is: a whole number from 0 to 30");
    }
    if (task.kind == TaskKind::binary && value != 0.0 && value != 1.0) {
      return task.section.error_at(
          "label", "the label of a binary task is " + std::to_string(value) + " in a row",
          "write a condition, such as `arr_delay > 15`, or kind = \"regression\"");
    }
    builder.UnsafeAppend(value);
  }
  MILLGATE_ARROW(const auto array, builder.Finish(), "labels");
  return std::make_shared<arrow::ChunkedArray>(array);
}

/// The columns of the query's answer, with the times typed and the label computed.
Result<std::shared_ptr<arrow::Table>> finished(Database& database, const JoinPlan& plan,
                                               const ResolvedTask& task,
                                               const std::vector<JoinedView>& views,
                                               const arrow::Table& answer) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::ChunkedArray>> columns;
  std::vector<std::shared_ptr<arrow::Field>> task_fields;
  std::vector<std::shared_ptr<arrow::ChunkedArray>> task_columns;
  const int time_at = answer.num_columns() - 2;
  for (int i = 0; i < time_at; ++i) {
    const auto& field = answer.schema()->field(i);
    const bool is_of_task = static_cast<size_t>(i) < task.columns.size();
    if (is_of_task) {
      task_fields.push_back(field);
      task_columns.push_back(answer.column(i));
    }
    if (is_of_task && is_added_column(field->name())) continue;
    fields.push_back(field);
    columns.push_back(answer.column(i));
  }
  for (const JoinedView& view : views) {
    if (view.windows.empty()) continue;
    MILLGATE_ASSIGN(const auto values, window_columns(database, view.resolved, view.windows, answer,
                                                      answer.schema()->field(time_at)->name()));
    for (size_t i = 0; i < values.size(); ++i) {
      fields.push_back(
          arrow::field(view.resolved.view->name + "." + view.windows[i]->name, values[i]->type()));
      columns.push_back(values[i]);
    }
  }
  const auto task_table =
      arrow::Table::Make(arrow::schema(task_fields), task_columns, answer.num_rows());
  MILLGATE_ASSIGN(auto label, label_column(plan.task, *task_table));
  MILLGATE_ASSIGN(auto row_time, as_times(*answer.column(time_at)));
  MILLGATE_ASSIGN(auto label_known, as_times(*answer.column(time_at + 1)));
  if (plan.task.kind == TaskKind::ranking) {
    MILLGATE_ASSIGN(auto query, query_column(plan.task, *task_table));
    fields.push_back(arrow::field(kQueryColumn, query->type()));
    columns.push_back(std::move(query));
  }
  fields.push_back(arrow::field(kRowTimeColumn, row_time->type()));
  fields.push_back(arrow::field(kLabelColumn, label->type()));
  fields.push_back(arrow::field(kLabelKnownColumn, label_known->type()));
  columns.insert(columns.end(), {row_time, label, label_known});
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns),
                            answer.num_rows());
}

Status check_view_names(const JoinPlan& plan) {
  std::set<std::string> names;
  for (const View& view : plan.views) {
    if (names.insert(view.name).second) continue;
    return view.section.error_at("name", "two views are named `" + view.name + "`",
                                 "rename one of them");
  }
  return {};
}

/// The views of which `wanted` names a column, with these columns in the view's order.
Result<std::vector<JoinedView>> wanted_views(Database& database, const JoinPlan& plan,
                                             const ResolvedTask& task,
                                             const std::vector<std::string>& wanted) {
  std::set<std::string> left(wanted.begin(), wanted.end());
  std::vector<std::string> valid = task.columns;
  for (const std::string& column : task.columns) left.erase(column);
  std::vector<JoinedView> views;
  for (const View& view : plan.views) {
    const std::string prefix = view.name + ".";
    const bool is_wanted = std::any_of(left.begin(), left.end(), [&](const std::string& name) {
      return name.starts_with(prefix);
    });
    if (!is_wanted) continue;
    MILLGATE_ASSIGN(ResolvedView resolved, resolve_view(database, plan, task, view));
    JoinedView joined{.resolved = std::move(resolved), .columns = {}, .windows = {}};
    for (const std::string& column : joined.resolved.columns) {
      valid.push_back(prefix + column);
      if (left.erase(prefix + column) > 0) joined.columns.push_back(column);
    }
    for (const Window& window : view.windows) {
      valid.push_back(prefix + window.name);
      if (left.erase(prefix + window.name) > 0) joined.windows.push_back(&window);
    }
    MILLGATE_TRY(check_one_row_each(database, joined.resolved));
    views.push_back(std::move(joined));
  }
  if (left.empty()) return views;
  return invalid_input("unknown column `" + *left.begin() + "`", name_hint(*left.begin(), valid));
}

/// `where` by itself, so that a fault has its place in the words of the caller.
Status check_where(Database& database, const ResolvedTask& task, const std::string& where) {
  if (where.empty()) return {};
  const std::string before = "select 1 from " + quote_name(task.source->name) + " where (";
  auto bound = database.describe(before + where + "\n)");
  if (bound.ok()) return {};
  const auto found = database.error_offset();
  const size_t offset = found && *found > before.size() ? *found - before.size() : 0;
  return at_sql_place(std::move(bound).error(), where, std::min(offset, where.size()), 1);
}

}  // namespace

bool is_added_column(const std::string& name) {
  return name == kRowTimeColumn || name == kLabelColumn || name == kLabelKnownColumn ||
         name == kQueryColumn;
}

Result<std::vector<Field>> joinable_fields(Database& database, const JoinPlan& plan) {
  MILLGATE_TRY(check_view_names(plan));
  MILLGATE_ASSIGN(const ResolvedTask task, resolve_task(database, plan));
  std::vector<Field> fields = task.fields;
  for (const View& view : plan.views) {
    MILLGATE_ASSIGN(const ResolvedView resolved, resolve_view(database, plan, task, view));
    for (const Field& field : resolved.fields) {
      fields.push_back({view.name + "." + field.name, field.type});
    }
  }
  return fields;
}

Result<std::shared_ptr<arrow::Table>> join_as_of(Database& database, const JoinPlan& plan,
                                                 const std::vector<std::string>& columns,
                                                 const std::string& where) {
  MILLGATE_TRY(check_view_names(plan));
  MILLGATE_ASSIGN(const ResolvedTask task, resolve_task(database, plan));
  MILLGATE_TRY(check_where(database, task, where));
  MILLGATE_ASSIGN(const std::vector<JoinedView> views, wanted_views(database, plan, task, columns));
  MILLGATE_ASSIGN(const auto answer, joined_rows(database, task, views, where));
  return finished(database, plan, task, views, *answer);
}

}  // namespace millgate
