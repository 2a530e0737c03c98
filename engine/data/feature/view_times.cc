#include "data/feature/view_times.h"

#include <arrow/api.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "data/feature/label_expression.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

/// `error` of DuckDB, shown at `key` of the project file; its own message becomes the cause.
Error sql_error_at(const Database& database, const Section& section, const std::string& key,
                   const std::string& what, Error cause, size_t prefix_bytes) {
  if (cause.code != ErrorCode::invalid_input) return cause;
  std::optional<uint32_t> offset;
  if (const auto found = database.error_offset(); found && *found >= prefix_bytes) {
    offset = static_cast<uint32_t>(*found - prefix_bytes);
  }
  Error error = section.error_at(key, what, cause.hint, offset);
  error.because.push_back(std::move(cause.what));
  return error;
}

const Source* find_source(const JoinPlan& plan, const std::string& table) {
  const auto found = std::find_if(plan.sources.begin(), plan.sources.end(),
                                  [&](const Source& source) { return source.name == table; });
  return found == plan.sources.end() ? nullptr : &*found;
}

std::vector<std::string> source_names(const JoinPlan& plan) {
  std::vector<std::string> names;
  names.reserve(plan.sources.size());
  for (const Source& source : plan.sources) names.push_back(source.name);
  return names;
}

constexpr std::string_view kSelect = "select ";
constexpr std::string_view kMicros = "epoch_us((";

/// `expression` over `from` as microseconds, bound without running it. Works for times with and
/// without a zone and for dates; refuses what is no time. What is no SQL may still be the name of a
/// column that SQL wants in quotes, such as `at`.
Result<std::string> bound_micros(Database& database, const std::string& from,
                                 const std::string& expression) {
  const auto bind = [&](const std::string& sql) -> Result<std::string> {
    std::string micros = std::string(kMicros) + sql + "\n))";
    const auto bound = database.describe(std::string(kSelect) + micros + " from " + from);
    if (!bound.ok()) return bound.error();
    return micros;
  };
  auto plain = bind(expression);
  if (plain.ok()) return plain;
  auto quoted = bind(quote_name(expression));
  return quoted.ok() ? quoted : plain;
}

std::string without_end(std::string sql) {
  const size_t last = sql.find_last_not_of("; \t\r\n");
  sql.resize(last == std::string::npos ? 0 : last + 1);
  return sql;
}

/// A newline after SQL of a person: it may end in a comment.
std::string rows_of(const std::string& sql) { return "(" + sql + "\n)"; }

/// The same with the error of a setting.
Result<std::string> bind_time(Database& database, const std::string& from,
                              const std::string& expression, const Section& section,
                              const std::string& key, const std::string& what) {
  auto bound = bound_micros(database, from, expression);
  if (bound.ok()) return bound;
  return sql_error_at(database, section, key, what, std::move(bound).error(),
                      kSelect.size() + kMicros.size());
}

Result<std::shared_ptr<arrow::Schema>> schema_of(Database& database, const std::string& from) {
  MILLGATE_ASSIGN(const auto none, database.query("select * from " + from + " limit 0"));
  return none->schema();
}

}  // namespace

std::string timed_rows_sql(const ResolvedView& view) {
  if (view.known_micros == view.happened_micros) {  // Which is not computed twice.
    return std::string("select *, ") + kKnownMicros + " as " + kHappenedMicros +
           " from (select *, " + view.known_micros + " as " + kKnownMicros + " from (" + view.sql +
           "\n)) where " + kKnownMicros + " is not null";
  }
  return "select * from (select *, " + view.happened_micros + " as " + kHappenedMicros + ", " +
         view.known_micros + " as " + kKnownMicros + " from (" + view.sql + "\n)) where " +
         kHappenedMicros + " is not null and " + kKnownMicros + " is not null";
}

Result<ResolvedTask> resolve_task(Database& database, const JoinPlan& plan) {
  const Task& task = plan.task;
  ResolvedTask resolved;
  resolved.source = find_source(plan, task.table);
  if (resolved.source == nullptr) {
    return task.section.error_at("table", "there is no source `" + task.table + "`",
                                 name_hint(task.table, source_names(plan)));
  }
  const std::string from = quote_name(task.table);
  MILLGATE_ASSIGN(const auto schema, schema_of(database, from));
  resolved.columns = schema->field_names();
  for (Field& field : fields_of(*schema)) {
    if (!is_added_column(field.name)) resolved.fields.push_back(std::move(field));
  }
  const Source& source = *resolved.source;
  resolved.row_time_micros = "null::bigint";
  if (!source.happened.empty()) {
    MILLGATE_ASSIGN(
        resolved.row_time_micros,
        bind_time(database, from, source.happened, source.section, "happened",
                  "`happened` of source `" + source.name + "` is not a time of its rows"));
  }
  resolved.label_known_micros = resolved.row_time_micros;
  if (!task.label_known.empty()) {
    MILLGATE_ASSIGN(resolved.label_known_micros,
                    bind_time(database, from, task.label_known, task.section, "label_known",
                              "`label_known` is not a time of the rows of `" + task.table + "`"));
  }
  return resolved;
}

namespace {

/// Finds what one view says and what its source says for it.
class ViewResolver {
 public:
  ViewResolver(Database& database, const JoinPlan& plan, const ResolvedTask& task, const View& view)
      : database_(database), plan_(plan), task_(task), view_(view) {}

  Result<ResolvedView> resolve() {
    resolved_.view = &view_;
    resolved_.sql = without_end(view_.sql);
    MILLGATE_TRY(find_sources());
    MILLGATE_TRY(find_columns());
    MILLGATE_TRY(check_entity());
    MILLGATE_TRY(find_times());
    MILLGATE_TRY(check_windows());
    return std::move(resolved_);
  }

 private:
  std::string named() const { return "view `" + view_.name + "`"; }
  Error error_at(const std::string& key, std::string what, std::string hint = {}) const {
    return view_.section.error_at(key, std::move(what), std::move(hint));
  }

  Status find_sources() {
    auto tables = database_.tables_of(resolved_.sql);
    if (!tables.ok()) {
      return sql_error_at(database_, view_.section, "sql", "the SQL of " + named() + " is wrong",
                          std::move(tables).error(), 0);
    }
    for (const std::string& table : *tables) {
      const Source* source = find_source(plan_, table);
      if (source == nullptr) {
        return error_at("sql", named() + " reads `" + table + "`, which is no source",
                        name_hint(table, source_names(plan_)));
      }
      sources_.push_back(source);
    }
    return {};
  }

  Status find_columns() {
    const std::string before = "select * from (";
    auto rows = database_.query(before + resolved_.sql + "\n) limit 0");
    if (!rows.ok()) {
      return sql_error_at(database_, view_.section, "sql", "the SQL of " + named() + " is wrong",
                          std::move(rows).error(), before.size());
    }
    const arrow::Schema& schema = *(*rows)->schema();
    resolved_.columns = schema.field_names();
    resolved_.fields = fields_of(schema);
    // Around a subquery DuckDB would rename the second of two equal names.
    MILLGATE_ASSIGN(const auto described, database_.describe(resolved_.sql));
    std::vector<std::string> sorted;
    sorted.reserve(described.size());
    for (const auto& [name, type] : described) sorted.push_back(name);
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice == sorted.end()) return {};
    return error_at("sql", named() + " gives column `" + *twice + "` twice",
                    "rename one with `as`");
  }

  Status check_entity() const {
    for (const std::string& column : view_.entity) {
      const Field* ours = find_field(resolved_.fields, column);
      const Field* theirs = find_field(task_.fields, column);
      if (ours == nullptr) {
        return error_at("entity", "the SQL of " + named() + " gives no column `" + column + "`",
                        name_hint(column, resolved_.columns));
      }
      if (theirs == nullptr) {
        return error_at("entity", "table `" + plan_.task.table + "` has no column `" + column + "`",
                        "rename the view's column with `as`; " + name_hint(column, task_.columns));
      }
      if (ours->type != theirs->type && !(is_numeric(*ours) && is_numeric(*theirs))) {
        return error_at("entity",
                        "column `" + column + "` is " + std::string(to_string(ours->type)) +
                            " in " + named() + " and " + std::string(to_string(theirs->type)) +
                            " in table `" + plan_.task.table + "`",
                        "cast one of them in the view's SQL");
      }
    }
    return {};
  }

  static const Field* find_field(const std::vector<Field>& fields, const std::string& name) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& field) { return field.name == name; });
    return found == fields.end() ? nullptr : &*found;
  }
  static bool is_numeric(const Field& field) {
    return field.type == ValueType::integer || field.type == ValueType::number;
  }

  /// Adds the windows to the fields.
  Status check_windows() {
    for (const std::string& column : view_.key) {
      if (find_field(resolved_.fields, column) != nullptr) continue;
      return error_at("key", "the SQL of " + named() + " gives no column `" + column + "`",
                      name_hint(column, resolved_.columns));
    }
    if (!view_.windows.empty() && !resolved_.has_time) {
      return view_.window_section.error_at(
          view_.windows.front().name, named() + " has no times, so it has no windows",
          "give the view, or the source that it reads, a `happened`");
    }
    for (const Window& window : view_.windows) {
      MILLGATE_TRY(check_window(window));
      resolved_.fields.push_back({window.name, window.type()});
    }
    return {};
  }

  Status check_window(const Window& window) {
    const Section& section = view_.window_section;
    if (find_field(resolved_.fields, window.name) != nullptr) {
      return section.error_at(window.name, named() + " has a column `" + window.name + "` already",
                              "give the window another name");
    }
    if (window.argument.empty()) return {};
    const bool any_type = window.kind == WindowKind::count || window.kind == WindowKind::distinct;
    const std::string before = any_type ? "select (" : "select 0.0::double + (";
    auto bound =
        database_.describe(before + window.argument + "\n) from " + rows_of(resolved_.sql));
    if (bound.ok()) return {};
    return sql_error_at(database_, section, window.name,
                        "`" + window.argument + "` is not " + (any_type ? "a value" : "a number") +
                            " of the rows of " + named(),
                        std::move(bound).error(), SIZE_MAX);
  }

  bool is_timed(const Source& source) const { return !source.happened.empty(); }

  Status find_times() {
    const bool reads_time = std::any_of(sources_.begin(), sources_.end(),
                                        [&](const Source* source) { return is_timed(*source); });
    const bool says_time = !view_.happened.empty() || !view_.known.empty();
    resolved_.has_time = reads_time || says_time;
    if (!resolved_.has_time) return check_max_age_has_meaning();
    if (task_.source->happened.empty()) {
      return error_at("name",
                      named() + " has times, but the rows of `" + plan_.task.table + "` have none",
                      "give source `" + plan_.task.table + "` a `happened`");
    }
    MILLGATE_TRY(check_known_can_be_told(reads_time));
    MILLGATE_TRY(find_happened());
    return find_known();
  }

  Status check_max_age_has_meaning() const {
    if (!view_.max_age_micros) return {};
    return error_at("max_age", named() + " has no times, so its rows have no age",
                    "give the view, or the source that it reads, a `happened`");
  }

  /// What the source says holds for rows as they were stored; for anything else, `known` must be
  /// said, because a wrong guess would let the future in.
  Status check_known_can_be_told(bool reads_time) const {
    if (!view_.known.empty() || !reads_time) return {};
    if (sources_.size() > 1) {
      return error_at("sql",
                      named() +
                          " reads several sources, so it must say when a row could "
                          "be known",
                      "give the view a `known`, for example the latest of theirs: "
                      "known = \"greatest(a_known, b_known)\"");
    }
    if (sources_.front()->name == plan_.task.table && plan_.task.label_known.empty()) {
      return error_at("sql",
                      named() +
                          " reads the task's own table, whose labels are known at "
                          "once, so a row would see its own label",
                      "give the view a `known`, or the task a `label_known`");
    }
    return {};
  }

  Status find_happened() {
    const bool is_own = !view_.happened.empty();
    std::string expression = view_.happened;
    if (!is_own && sources_.size() == 1) expression = sources_.front()->happened;
    if (expression.empty()) expression = view_.known;
    MILLGATE_ASSIGN(resolved_.happened_micros,
                    bind(expression, is_own ? "happened" : "sql", "happened"));
    return {};
  }

  Status find_known() {
    if (!view_.known.empty()) {
      MILLGATE_ASSIGN(resolved_.known_micros, bind(view_.known, "known", "known"));
      return {};
    }
    const Source* source = sources_.size() == 1 ? sources_.front() : nullptr;
    if (source != nullptr && !source->known.empty()) {
      MILLGATE_ASSIGN(resolved_.known_micros, bind(source->known, "sql", "known"));
    } else if (source != nullptr && !source->happened.empty()) {
      MILLGATE_ASSIGN(resolved_.known_micros, bind(source->happened, "sql", "known"));
    } else {
      resolved_.known_micros = resolved_.happened_micros;
    }
    if (source == nullptr || source->name != plan_.task.table) return {};
    // Rows of the task's own table carry their labels: they are known when both are.
    MILLGATE_ASSIGN(const std::string label, bind(plan_.task.label_known, "sql", "known"));
    resolved_.known_micros = "(case when " + resolved_.known_micros + " is null or " + label +
                             " is null then null else greatest(" + resolved_.known_micros + ", " +
                             label + ") end)";
    return {};
  }

  /// In microseconds. Errors: at `key`; `sql` means that a source's expression does not fit the
  /// view's columns.
  Result<std::string> bind(const std::string& expression, const std::string& key,
                           const std::string& which) {
    const bool is_own = key != "sql";
    const std::string what = is_own ? "`" + key + "` of " + named() + " is not a time of its rows"
                                    : named() + " does not give the columns of `" + expression +
                                          "`, which says when its source's rows " +
                                          (which == "known" ? "could be known" : "happened");
    const std::string from = rows_of(resolved_.sql);
    if (is_own) return bind_time(database_, from, expression, view_.section, key, what);
    auto bound = bound_micros(database_, from, expression);
    if (bound.ok()) return bound;
    Error cause = std::move(bound).error();
    if (cause.code != ErrorCode::invalid_input) return cause;
    Error error = error_at(
        "sql", what, "select these columns too, or give the view a `" + which + "` of its own");
    error.because.push_back(std::move(cause.what));
    return error;
  }

  Database& database_;
  const JoinPlan& plan_;
  const ResolvedTask& task_;
  const View& view_;
  std::vector<const Source*> sources_;
  ResolvedView resolved_;
};

}  // namespace

Result<ResolvedView> resolve_view(Database& database, const JoinPlan& plan,
                                  const ResolvedTask& task, const View& view) {
  return ViewResolver(database, plan, task, view).resolve();
}

}  // namespace millgate
