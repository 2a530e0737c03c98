#include "data/feature/view_join.h"

#include <arrow/api.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "data/table/arrow_result.h"

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
      if (views_[i].with_times) {
        const std::string row = alias(i) + ".";
        columns.push_back(row + kHappened + " as " + quote_name(happened_column(view)));
        columns.push_back(row + kKnown + " as " + quote_name(known_column(view)));
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

}  // namespace

std::string happened_column(const ResolvedView& view) {
  return "millgate happened in " + view.view->name;
}

std::string known_column(const ResolvedView& view) {
  return "millgate known in " + view.view->name;
}

// What JoinSql asks for, without the columns that only serve to find ties.
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
