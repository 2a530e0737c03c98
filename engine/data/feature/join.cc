#include "data/feature/join.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "data/feature/expression_text.h"
#include "data/feature/label_expression.h"
#include "data/feature/view_times.h"
#include "data/feature/window_join.h"
#include "data/query/sql_error.h"
#include "data/table/arrow_result.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

// Names of helper columns; a column of a person cannot hold this byte sequence by accident.
constexpr const char* kHappened = "\"millgate happened\"";
constexpr const char* kKnown = "\"millgate known\"";
constexpr const char* kNewest = "\"millgate newest\"";
constexpr const char* kNextKnown = "\"millgate next known\"";
constexpr const char* kMatched = "millgate matched";  // Not quoted.
constexpr const char* kRow = "\"millgate row\"";
constexpr const char* kRowTime = "\"millgate row time\"";
constexpr const char* kLabelTime = "\"millgate label time\"";
constexpr const char* kTask = "\"millgate task\"";  // Named so that no source is hidden by it.

std::string task_column(const std::string& quoted_name) {
  return std::string(kTask) + "." + quoted_name;
}

std::string list(const std::vector<std::string>& parts) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) text += (i == 0 ? "" : ", ") + parts[i];
  return text;
}

std::vector<std::string> quoted(const std::vector<std::string>& names,
                                const std::string& prefix = {}, const std::string& suffix = {}) {
  std::vector<std::string> result;
  result.reserve(names.size());
  for (const std::string& name : names) result.push_back(prefix + quote_name(name) + suffix);
  return result;
}

bool is_added_column(const std::string& name) {
  return name == kRowTimeColumn || name == kLabelColumn || name == kLabelKnownColumn;
}

/// A view and the columns of it that are wanted.
struct JoinedView {
  ResolvedView resolved;
  std::vector<std::string> columns;
  std::vector<const Window*> windows;
  /// Its rows of one entity became known in the order in which they happened, and none that is
  /// asked for with another one: the last that was known is the newest.
  bool in_order = false;

  /// Whether a row of it is joined, not only windows.
  [[nodiscard]] bool is_joined() const { return !columns.empty(); }
};

/// The rows of a timed view that have both times.
std::string timed_rows_sql(const ResolvedView& view) {
  if (view.known_micros == view.happened_micros) {  // Which is not computed twice.
    return std::string("select *, ") + kKnown + " as " + kHappened + " from (select *, " +
           view.known_micros + " as " + kKnown + " from (" + view.sql + "\n)) where " + kKnown +
           " is not null";
  }
  return "select * from (select *, " + view.happened_micros + " as " + kHappened + ", " +
         view.known_micros + " as " + kKnown + " from (" + view.sql + "\n)) where " + kHappened +
         " is not null and " + kKnown + " is not null";
}

/// A number that rows of one entity which became known at once have in common, and hardly others.
std::string row_name_sql(const ResolvedView& view, const std::string& prefix) {
  return "(hash(" + list(quoted(view.view->entity, prefix)) + ", " + prefix + kKnown +
         ") >> 1)::bigint";
}

/// The rows of a timed view that were the newest when they became known, one for each entity
/// and time of knowing. Of rows known at once the one that happened last is taken; of equal
/// ones, the greatest in the order of its columns, so that the result is always the same.
std::string newest_rows_sql(const ResolvedView& view) {
  const std::string ties = list(quoted(view.columns, "", " asc nulls first"));
  return std::string("select * from (select *, lead(") + kKnown + ") over knowing as " +
         kNextKnown + ", max(" + kHappened + ") over knowing as " + kNewest + " from (" +
         timed_rows_sql(view) + ") window knowing as (partition by " +
         list(quoted(view.view->entity)) + " order by " + kKnown + ", " + kHappened + ", " + ties +
         " rows between unbounded preceding and current row)) where " + kHappened +
         " >= " + kNewest + " and " + kNextKnown + " is distinct from " + kKnown;
}

std::string equal_entities(const std::string& alias, const std::vector<std::string>& entity) {
  std::string condition;
  for (const std::string& column : entity) {
    condition += (condition.empty() ? "" : " and ") + task_column(quote_name(column)) + " = " +
                 alias + "." + quote_name(column);
  }
  return condition;
}

bool is_joined_in_order(const JoinedView& view) { return view.in_order && view.is_joined(); }

/// The column of the query's answer with the `row_name_sql` of the row of view `i`; null for none.
std::string matched_column(size_t i) { return std::string(kMatched) + " " + std::to_string(i); }

/// Builds the one query of a join. Its answer: the task's columns, those of the views, the times of
/// row and label, and the `matched_column` of each view that is joined in order.
class JoinSql {
 public:
  JoinSql(const ResolvedTask& task, const std::vector<JoinedView>& views)
      : task_(task), views_(views) {}

  std::string text(const std::string& where) const {
    std::string sql = "with " + std::string(kTask) + " as materialized (" + task_rows(where) + ")";
    for (size_t i = 0; i < views_.size(); ++i) {
      if (!views_[i].is_joined()) continue;
      sql += ", " + alias(i) + " as (" + rows_of(views_[i]) + ")";
    }
    sql += " select " + list(output()) + " from " + kTask;
    for (size_t i = 0; i < views_.size(); ++i) {
      if (views_[i].is_joined()) sql += joined(i);
    }
    return sql + " order by " + order();
  }

 private:
  static std::string alias(size_t i) { return "\"millgate view " + std::to_string(i) + "\""; }

  static std::string rows_of(const JoinedView& view) {
    if (!view.resolved.has_time) return "select * from (" + view.resolved.sql + "\n)";
    return view.in_order ? timed_rows_sql(view.resolved) : newest_rows_sql(view.resolved);
  }

  std::string task_rows(const std::string& where) const {
    const std::string condition = where.empty() ? "" : " where (" + where + "\n)";
    return "select *, " + task_.row_time_micros + " as " + kRowTime + ", " +
           task_.label_known_micros + " as " + kLabelTime + ", row_number() over () as " + kRow +
           " from " + quote_name(task_.source->name) + condition;
  }

  std::vector<std::string> output() const {
    std::vector<std::string> columns = quoted(task_.columns, task_column(""));
    for (size_t i = 0; i < views_.size(); ++i) {
      const ResolvedView& view = views_[i].resolved;
      for (const std::string& column : views_[i].columns) {
        std::string value = alias(i) + "." + quote_name(column);
        if (view.has_time) value = "case when " + is_valid_then(i) + " then " + value + " end";
        columns.push_back(value + " as " + quote_name(view.view->name + "." + column));
      }
    }
    columns.push_back(task_column(kRowTime));
    columns.push_back(task_column(kLabelTime));
    for (size_t i = 0; i < views_.size(); ++i) {
      if (!is_joined_in_order(views_[i])) continue;
      const std::string row = alias(i) + ".";
      columns.push_back("case when " + row + kKnown + " is not null then " +
                        row_name_sql(views_[i].resolved, row) + " end as " +
                        quote_name(matched_column(i)));
    }
    return columns;
  }

  /// Whether the row that view `i` joined may be used. Time and entity are asked for because
  /// DuckDB's ASOF join finds rows for nulls in them.
  std::string is_valid_then(size_t i) const {
    std::string condition = task_column(kRowTime) + " is not null";
    for (const std::string& column : views_[i].resolved.view->entity) {
      condition += " and " + task_column(quote_name(column)) + " is not null";
    }
    const std::optional<int64_t>& max_age = views_[i].resolved.view->max_age_micros;
    if (!max_age) return condition;
    return condition + " and " + task_column(kRowTime) + " - " + alias(i) + "." + kHappened +
           " <= " + std::to_string(*max_age);
  }

  std::string joined(size_t i) const {
    const ResolvedView& view = views_[i].resolved;
    const std::string equal = equal_entities(alias(i), view.view->entity);
    if (!view.has_time) return " left join " + alias(i) + " on " + equal;
    return " asof left join " + alias(i) + " on " + equal + " and " + task_column(kRowTime) +
           " >= " + alias(i) + "." + kKnown;
  }

  std::string order() const {
    std::vector<std::string> keys = quoted(task_.source->key, task_column(""), " asc nulls first");
    keys.push_back(task_column(kRow));
    return list(keys);
  }

  const ResolvedTask& task_;
  const std::vector<JoinedView>& views_;
};

/// Whether the delay between happening and being known is the same for all rows.
Result<bool> is_known_in_order(Database& database, const ResolvedView& view) {
  if (!view.has_time) return false;
  if (view.known_micros == view.happened_micros) return true;
  // Huge, because a time may be infinite.
  const std::string delay = std::string(kKnown) + "::hugeint - " + kHappened;
  MILLGATE_ASSIGN(const int64_t same,
                  database.count("select (min(" + delay + ") is not distinct from max(" + delay +
                                 "))::bigint from (" + timed_rows_sql(view) + ")"));
  return same != 0;
}

/// Whether one of the rows named by `matched` (`row_name_sql`, null for none) is not the only row
/// of the view with its name. Two rows with one hash cost a needless look at all rows, no more.
Result<bool> is_tied(Database& database, const ResolvedView& view,
                     const std::shared_ptr<arrow::ChunkedArray>& matched) {
  const auto schema = arrow::schema({arrow::field("name", matched->type())});
  MILLGATE_TRY(database.add_arrow(kMatched, arrow::Table::Make(schema, {matched})));
  const std::string names = quote_name(kMatched);
  const auto more =
      database.count("select (select count(*) from (select " + row_name_sql(view, "") +
                     " as name from (" + timed_rows_sql(view) + ")) semi join " + names +
                     " using (name)) - (select count(distinct " + "name) from " + names + ")");
  MILLGATE_TRY(database.execute("drop table " + names));
  if (!more.ok()) return more.error();
  return *more > 0;
}

/// Views that were joined in order, but not unambiguously, are not in order. Whether there are any.
/// Looking after the join costs much less than ranking all rows before it.
Result<bool> find_ties(Database& database, const arrow::Table& answer,
                       std::vector<JoinedView>& views) {
  bool any = false;
  for (size_t i = 0; i < views.size(); ++i) {
    if (!is_joined_in_order(views[i])) continue;
    MILLGATE_ASSIGN(const bool tied, is_tied(database, views[i].resolved,
                                             answer.GetColumnByName(matched_column(i))));
    if (tied) views[i].in_order = false;
    any |= tied;
  }
  return any;
}

/// What JoinSql asks for, without the columns that only serve to find ties.
Result<std::shared_ptr<arrow::Table>> joined_rows(Database& database, const ResolvedTask& task,
                                                  std::vector<JoinedView> views,
                                                  const std::string& where) {
  for (JoinedView& view : views) {
    if (!view.is_joined()) continue;
    MILLGATE_ASSIGN(view.in_order, is_known_in_order(database, view.resolved));
  }
  MILLGATE_ASSIGN(auto answer, database.query(JoinSql(task, views).text(where)));
  MILLGATE_ASSIGN(const bool tied, find_ties(database, *answer, views));
  if (tied) {
    MILLGATE_ASSIGN(answer, database.query(JoinSql(task, views).text(where)));
  }
  const auto matched_count = std::count_if(views.begin(), views.end(), is_joined_in_order);
  for (auto i = matched_count; i > 0; --i) {
    MILLGATE_ARROW(answer, answer->RemoveColumn(answer->num_columns() - 1), "joined rows");
  }
  return answer;
}

/// Facts without time must be one for each entity, or rows of the task would multiply.
Status check_one_row_each(Database& database, const ResolvedView& view) {
  if (view.has_time) return {};
  const std::vector<std::string> entity = quoted(view.view->entity);
  std::string present;
  for (const std::string& column : entity) {
    present += (present.empty() ? "" : " and ") + column + " is not null";
  }
  std::string shown = "concat_ws(', '";
  for (size_t i = 0; i < entity.size(); ++i) {
    shown += ", " + quote_text(view.view->entity[i] + " = ") + " || " + entity[i] + "::varchar";
  }
  MILLGATE_ASSIGN(const auto twice,
                  database.query("select " + shown + ") as who, count(*)::bigint as times from (" +
                                 view.sql + "\n) where " + present + " group by " + list(entity) +
                                 " having count(*) > 1 order by who limit 1"));
  if (twice->num_rows() == 0) return {};
  MILLGATE_ARROW(const auto who, twice->column(0)->GetScalar(0), view.view->name);
  MILLGATE_ARROW(const auto times, twice->column(1)->GetScalar(0), view.view->name);
  return view.view->section.error_at(
      "entity",
      "view `" + view.view->name + "` has " + times->ToString() + " rows for " + who->ToString(),
      "group them in its SQL, add a column to `entity`, or give it a `happened`");
}

/// 64-bit microseconds as timestamp[us, UTC].
Result<std::shared_ptr<arrow::ChunkedArray>> as_times(const arrow::ChunkedArray& micros) {
  MILLGATE_ARROW(auto times, micros.View(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                 "times of rows");
  return times;
}

/// The label of every row as a number. A NaN is no label.
Result<std::shared_ptr<arrow::ChunkedArray>> label_column(const Task& task,
                                                          const arrow::Table& table) {
  const ExpressionText source({}, task.label);
  const Result<Vector> labels = evaluate_label(source, table);
  if (!labels.ok()) {
    if (labels.error().code != ErrorCode::invalid_input) return labels.error();
    return task.section.error_at("label", labels.error().what, labels.error().hint,
                                 static_cast<uint32_t>(source.fault_span().begin));
  }
  arrow::DoubleBuilder builder;
  MILLGATE_ARROW_TRY(builder.Reserve(static_cast<int64_t>(labels->size())), "labels");
  for (size_t row = 0; row < labels->size(); ++row) {
    const double value = labels->type == ValueType::number
                             ? labels->numbers[row]
                             : static_cast<double>(labels->integers[row]);
    if (labels->valid[row] == 0 || std::isnan(value)) {
      builder.UnsafeAppendNull();
      continue;
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
