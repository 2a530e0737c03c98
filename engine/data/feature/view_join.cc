#include "data/feature/view_join.h"

#include <arrow/api.h>

#include <utility>

#include "data/feature/asking_rows.h"
#include "data/feature/view_match.h"
#include "data/table/arrow_result.h"

namespace millgate {
namespace {

// Names of helper columns; a column of a person cannot hold this byte sequence by accident.
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

/// Builds the query of the task's rows and of `views`, which are without times. Its answer: the
/// task's columns, those of the views, and the times of row and label.
class JoinSql {
 public:
  JoinSql(const ResolvedTask& task, const std::vector<const JoinedView*>& views)
      : task_(task), views_(views) {}

  std::string text(const std::string& where) const {
    std::string sql = "with " + std::string(kTask) + " as materialized (" + task_rows(where) + ")";
    for (size_t i = 0; i < views_.size(); ++i) {
      sql += ", " + alias(i) + " as (select * from (" + views_[i]->resolved.sql + "\n))";
    }
    sql += " select " + list(output()) + " from " + kTask;
    for (size_t i = 0; i < views_.size(); ++i) {
      sql += " left join " + alias(i) + " on " +
             same_entity_sql(*views_[i]->resolved.view, kTask, alias(i));
    }
    return sql + " order by " + order();
  }

 private:
  static std::string alias(size_t i) { return "\"millgate view " + std::to_string(i) + "\""; }

  std::string task_rows(const std::string& where) const {
    const std::string condition = where.empty() ? "" : " where (" + where + "\n)";
    return "select *, " + task_.row_time_micros + " as " + kRowTime + ", " +
           task_.label_known_micros + " as " + kLabelTime + ", row_number() over () as " + kRow +
           " from " + quote_name(task_.source->name) + condition;
  }

  std::vector<std::string> output() const {
    std::vector<std::string> columns = quoted(task_.columns, task_column(""));
    for (size_t i = 0; i < views_.size(); ++i) {
      for (const std::string& column : views_[i]->columns) {
        columns.push_back(alias(i) + "." + quote_name(column) + " as " +
                          quote_name(views_[i]->joined_name(column)));
      }
    }
    columns.push_back(task_column(kRowTime));
    columns.push_back(task_column(kLabelTime));
    return columns;
  }

  std::string order() const {
    std::vector<std::string> keys = quoted(task_.source->key, task_column(""), " asc nulls first");
    keys.push_back(task_column(kRow));
    return list(keys);
  }

  const ResolvedTask& task_;
  const std::vector<const JoinedView*>& views_;
};

/// The columns of a join, one after the other.
class ColumnsInOrder {
 public:
  void add(const arrow::Table& from, const std::string& name) {
    fields_.push_back(from.schema()->GetFieldByName(name));
    columns_.push_back(from.GetColumnByName(name));
  }
  std::shared_ptr<arrow::Table> table(int64_t row_count) {
    return arrow::Table::Make(arrow::schema(std::move(fields_)), std::move(columns_), row_count);
  }

 private:
  std::vector<std::shared_ptr<arrow::Field>> fields_;
  std::vector<std::shared_ptr<arrow::ChunkedArray>> columns_;
};

}  // namespace

// Views with times are not joined by SQL: an ASOF JOIN sorts all their rows, and ranking those that
// became known late costs more still.
Result<std::shared_ptr<arrow::Table>> joined_rows(Database& database, const ResolvedTask& task,
                                                  const std::vector<JoinedView>& views,
                                                  const std::string& where) {
  std::vector<const JoinedView*> timeless;
  for (const JoinedView& view : views) {
    if (view.is_joined() && !view.resolved.has_time) timeless.push_back(&view);
  }
  MILLGATE_ASSIGN(const auto answer, database.query(JoinSql(task, timeless).text(where)));
  const int time_at = answer->num_columns() - 2;
  AskingRows asked(database, *answer, answer->schema()->field(time_at)->name());
  ColumnsInOrder all;
  for (const std::string& column : task.columns) all.add(*answer, column);
  for (const JoinedView& view : views) {
    if (!view.is_joined()) continue;
    std::shared_ptr<arrow::Table> rows = answer;
    if (view.resolved.has_time) {
      MILLGATE_ASSIGN(rows, matched_columns(database, view, asked));
    }
    for (const std::string& column : view.columns) all.add(*rows, view.joined_name(column));
    if (!view.with_times) continue;
    all.add(*rows, view.happened_name());
    all.add(*rows, view.known_name());
  }
  for (const int i : {time_at, time_at + 1}) all.add(*answer, answer->schema()->field(i)->name());
  return all.table(answer->num_rows());
}

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

}  // namespace millgate
