#include "data/check/rule_sql.h"

#include <arrow/api.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <utility>

#include "data/query/sql_token.h"
#include "ground/clock.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

/// `text` in brackets; on lines of its own where it could end in a comment.
std::string bracketed(const std::string& text) {
  const bool safe = text.find("--") == std::string::npos && text.find('\n') == std::string::npos;
  return safe ? "(" + text + ")" : "(\n" + text + "\n)";
}

std::string joined(const std::vector<std::string>& parts, const std::string& between) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) text += (i == 0 ? "" : between) + parts[i];
  return text;
}

std::vector<std::string> sql_names(const std::vector<NameInRule>& names) {
  std::vector<std::string> out;
  out.reserve(names.size());
  for (const NameInRule& name : names) out.push_back(sql_name(name.name));
  return out;
}

/// "a", or "(a, b)" for several.
std::string tuple_of(const std::vector<std::string>& names) {
  return names.size() == 1 ? names.front() : "(" + joined(names, ", ") + ")";
}

std::string none_null(const std::vector<std::string>& names) {
  return joined(names, " is not null and ") + " is not null";
}

/// What the aggregates of a rule came to, as SQL for a text: "avg(fee) = 3.5, count(*) = 12".
std::string measured_sql(const std::vector<std::string>& aggregates) {
  std::string text;
  for (const std::string& call : aggregates) {
    text += (text.empty() ? "" : " || ', ' || ") + quote_text(call + " = ") + " || coalesce(cast(" +
            bracketed(call) + " as varchar), 'null')";
  }
  return text;
}

/// RuleSql::whole of a rule about the rows of `from`.
std::string whole_table_sql(const Rule& rule, const RuleForm& form,
                            const std::vector<std::string>& columns, const std::string& from) {
  if (form.kind == RuleKind::aggregate) {
    return "select " + measured_sql(form.aggregates) + ", coalesce(" + bracketed(rule.rule) +
           ", false) from " + from;
  }
  if (form.kind == RuleKind::row_count) {
    return "select cast(count(*) as varchar), count(*) between " +
           std::to_string(form.row_count_min) + " and " + std::to_string(form.row_count_max) +
           " from " + from;
  }
  const std::string newest = "max(cast(" + columns.front() + " as timestamp))";
  return "select coalesce(cast(" + newest + " as varchar), 'no time'), coalesce(" + newest +
         " >= $now - cast(" + quote_text(form.within) + " as interval), false) from " + from;
}

/// `judged` and `broken` of a rule whose names are as SQL wants them.
RuleSql conditions_of(const Rule& rule, const RuleForm& form, const std::string& revision) {
  RuleSql sql;
  sql.kind = form.kind;
  sql.table = rule.table;
  const bool sliced = !sql_tokens(rule.where).empty();
  const std::string slice = sliced ? bracketed(rule.where) : "";
  const std::string and_slice = sliced ? slice + " and " : "";
  if (form.kind == RuleKind::condition) {
    sql.judged = sliced ? slice : "true";
    sql.broken = and_slice + "not " + bracketed(rule.rule);
    return sql;
  }
  const std::vector<std::string> columns = sql_names(form.columns);
  if (judges_table(form.kind)) {
    sql.whole =
        whole_table_sql(rule, form, columns,
                        rule_table_text(rule.table, revision) + (sliced ? " where " + slice : ""));
    return sql;
  }
  sql.judged = and_slice + none_null(columns);
  // A null alone is in no list; within a row of several it would be compared as a value.
  const std::string guard = and_slice + (columns.size() > 1 ? none_null(columns) + " and " : "");
  if (form.kind == RuleKind::unique) {
    sql.broken = guard + tuple_of(columns) + " in (select " + joined(columns, ", ") + " from " +
                 rule_table_text(rule.table, revision) + (sliced ? " where " + slice : "") +
                 " group by all having count(*) > 1)";
    return sql;
  }
  const std::vector<std::string> others = sql_names(form.other_columns);
  if (form.kind == RuleKind::determined) {
    std::vector<std::string> all = columns;
    all.insert(all.end(), others.begin(), others.end());
    sql.judged = and_slice + none_null(all);
    sql.broken = sql.judged + " and " + tuple_of(columns) + " in (select " + joined(columns, ", ") +
                 " from " + rule_table_text(rule.table, revision) + " where " + sql.judged +
                 " group by all having count(distinct " + tuple_of(others) + ") > 1)";
    return sql;
  }
  sql.broken = guard + tuple_of(columns) + " not in (select " + joined(others, ", ") + " from " +
               rule_table_text(form.other_table.name, revision) + " where " + none_null(others) +
               ")";
  return sql;
}

/// "column in ('a', 'b')" of a column of texts, as a call that gives the same rows: DuckDB asks a
/// call once for each text of a packed column's dictionary, but compares every row with every text
/// of a list. Nothing for other rules.
std::optional<std::string> membership_call(const std::string& rule, const arrow::Schema& schema) {
  const std::vector<SqlToken> tokens = sql_tokens(rule);
  if (tokens.size() < 5 || !tokens[1].is_word("in")) return std::nullopt;
  if (!tokens[2].is_symbol('(') || !tokens.back().is_symbol(')')) return std::nullopt;
  const auto column = column_name(tokens[0]);
  if (!column) return std::nullopt;
  std::string texts;
  for (size_t i = 3; i + 1 < tokens.size(); ++i) {
    const bool right = i % 2 == 1
                           ? tokens[i].kind == SqlTokenKind::text && tokens[i].text[0] == '\''
                           : tokens[i].is_symbol(',');
    if (!right) return std::nullopt;
    texts += tokens[i].text;
  }
  if (tokens.size() % 2 == 0) return std::nullopt;  // It ends in a comma.
  for (const auto& field : schema.fields()) {
    if (field->type()->id() != arrow::Type::STRING) continue;
    if (sql_lower(field->name()) != sql_lower(*column)) continue;
    const std::string name = sql_name(field->name());
    return name + " is null or list_contains([" + texts + "], " + name + ")";
  }
  return std::nullopt;
}

/// Looks the names of one rule up in a commit and tries its SQL.
class Lookup {
 public:
  Lookup(const Rule& rule, const TableVersions& tables, Database& database,
         std::set<std::string>& empty_copies)
      : rule_(rule), tables_(tables), database_(database), empty_copies_(empty_copies) {}

  [[nodiscard]] Result<RuleSql> run() {
    MILLGATE_ASSIGN(RuleForm form, parse_rule(rule_));
    MILLGATE_ASSIGN(const std::string table, table_name("table", rule_.table, std::nullopt));
    MILLGATE_TRY(resolve_columns(form.columns, table));
    if (form.kind == RuleKind::determined) MILLGATE_TRY(resolve_columns(form.other_columns, table));
    if (form.kind == RuleKind::reference) {
      MILLGATE_ASSIGN(form.other_table.name,
                      table_name("rule", form.other_table.name, form.other_table.offset));
      MILLGATE_TRY(resolve_columns(form.other_columns, form.other_table.name));
    }
    MILLGATE_TRY(make_empty_copy(table));
    Rule named = rule_;
    named.table = table;
    if (form.kind == RuleKind::condition) {
      const auto call = membership_call(rule_.rule, *tables_.at(table).schema);
      if (call) named.rule = *call;
    }
    RuleSql sql = conditions_of(named, form, {});
    sql.slice_columns = mentioned(rule_.where, table);
    sql.ordered_by = tables_.at(table).key;
    if (form.kind == RuleKind::condition || form.kind == RuleKind::aggregate) {
      sql.columns = mentioned(rule_.rule, table);
      MILLGATE_TRY(try_condition("rule", rule_.rule, table, form.kind));
    }
    for (const NameInRule& column : form.columns) sql.columns.push_back(column.name);
    if (form.kind == RuleKind::determined) {
      for (const NameInRule& column : form.other_columns) sql.columns.push_back(column.name);
    }
    if (form.kind == RuleKind::unique || form.kind == RuleKind::determined) {
      sql.ordered_by.insert(sql.ordered_by.begin(), sql.columns.begin(), sql.columns.end());
    }
    if (!sql_tokens(rule_.where).empty()) {
      MILLGATE_TRY(try_condition("where", rule_.where, table, RuleKind::condition));
    }
    if (form.kind != RuleKind::condition) MILLGATE_TRY(try_whole(sql));
    find_reads(form, sql);
    return sql;
  }

 private:
  /// The table that SQL means by `name`, as the commit spells it.
  Result<std::string> table_name(const std::string& key, const std::string& name,
                                 std::optional<uint32_t> offset) const {
    std::vector<std::string> names;
    for (const auto& table : tables_) {
      if (sql_lower(table.first) == sql_lower(name)) return table.first;
      names.push_back(table.first);
    }
    return rule_.section.error_at(key, "there is no table `" + name + "` in this commit",
                                  name_hint(name, names), offset);
  }

  Status resolve_columns(std::vector<NameInRule>& columns, const std::string& table) const {
    const std::vector<std::string> names = tables_.at(table).schema->field_names();
    for (NameInRule& column : columns) {
      const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
        return sql_lower(name) == sql_lower(column.name);
      });
      if (found == names.end()) {
        return rule_.section.error_at("rule",
                                      "table `" + table + "` has no column `" + column.name + "`",
                                      name_hint(column.name, names), column.offset);
      }
      column.name = *found;
    }
    return {};
  }

  /// Columns of `table` whose names stand in `text`, each once.
  std::vector<std::string> mentioned(const std::string& text, const std::string& table) const {
    std::vector<std::string> columns;
    const std::vector<SqlToken> tokens = sql_tokens(text);
    for (size_t i = 0; i < tokens.size(); ++i) {
      const bool call = i + 1 < tokens.size() && tokens[i + 1].is_symbol('(');
      if (!tokens[i].is_name() || call) continue;
      const std::string lower = sql_lower(tokens[i].name());
      for (const std::string& name : tables_.at(table).schema->field_names()) {
        const bool known = std::find(columns.begin(), columns.end(), name) != columns.end();
        if (sql_lower(name) == lower && !known) columns.push_back(name);
      }
    }
    return columns;
  }

  /// Rules are tried on it: to bind a view over Parquet opens its files each time.
  Status make_empty_copy(const std::string& table) {
    if (!empty_copies_.insert(table).second) return {};
    return database_.execute("create table " + empty_copy_name(table) + " as from " +
                             sql_name(table) + " limit 0");
  }

  static std::string empty_copy_name(const std::string& table) {
    return quote_name("millgate empty copy of " + table);
  }

  static std::string from_empty_copy(const std::string& table) {
    return " from " + empty_copy_name(table) + " as " + sql_name(table);
  }

  /// One condition by itself, so that a fault has its place in the user's own words. Tried at once,
  /// because what a rule costs beside the counting is that it is tried.
  Status try_condition(const std::string& key, const std::string& text, const std::string& table,
                       RuleKind kind) {
    const std::string select = "select (\n";
    // Once more as a filter, in which windows are refused and a table's aggregates make no sense.
    const std::string filter = "\n)" + from_empty_copy(table) + " where (\n";
    const bool filters = kind != RuleKind::aggregate;
    const auto columns =
        database_.describe(filters ? select + text + filter + text + "\n)"
                                   : select + text + "\n)" + from_empty_copy(table));
    if (!columns.ok()) {
      const size_t second = select.size() + text.size() + filter.size();
      return at_fault(key, columns.error(), {select.size(), second}, text.size());
    }
    if (columns->size() != 1 || columns->front().second != "BOOLEAN") {
      return rule_.section.error_at(
          key, "`" + key + "` is no condition: it gives " + columns->front().second,
          "compare it with something, for example: distance > 0", 0);
    }
    return {};
  }

  /// The SQL around the user's words: types that cannot be compared.
  Status try_whole(const RuleSql& sql) {
    const auto tried = database_.describe(
        judges_table(sql.kind) ? at_time(sql.whole, Time{})
                               : "select 1" + from_empty_copy(sql.table) + " where (" + sql.judged +
                                     ") and " + sql.broken);
    if (tried.ok()) return {};
    return at_fault("rule", tried.error(), {}, 0);
  }

  /// `starts` are where the user's words, `length` bytes, stand in the SQL.
  Error at_fault(const std::string& key, const Error& error, std::initializer_list<size_t> starts,
                 size_t length) const {
    std::string what = error.what;
    if (what.starts_with("SQL: ")) what = what.substr(5);
    std::string hint = error.hint;
    if (what.starts_with("WHERE clause cannot contain")) {
      what = "a rule judges one row at a time, without windows, or the table, by aggregates";
    }
    if (what.find("must appear in the GROUP BY clause") != std::string::npos) {
      what = "a rule with aggregates judges the table, and a column beside them has no one value";
      hint = "put it into an aggregate, or choose rows by `where`";
    }
    std::optional<uint32_t> offset;
    const auto found = database_.error_offset();
    for (const size_t start : starts) {
      if (found && *found >= start && *found < start + length) {
        offset = static_cast<uint32_t>(*found - start);
      }
    }
    Error placed = rule_.section.error_at(key, std::move(what), std::move(hint), offset);
    placed.code = error.code;
    return placed;
  }

  void find_reads(const RuleForm& form, RuleSql& sql) const {
    sql.reads = {sql.table};
    std::vector<std::string> names = {form.other_table.name};
    for (const std::string& text : {rule_.rule, rule_.where}) {
      for (const SqlToken& token : sql_tokens(text)) {
        if (token.is_name()) names.push_back(token.name());
      }
    }
    for (const auto& table : tables_) {
      const bool named = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return sql_lower(name) == sql_lower(table.first);
      });
      if (named && table.first != sql.table) sql.reads.push_back(table.first);
    }
  }

  const Rule& rule_;
  const TableVersions& tables_;
  Database& database_;
  std::set<std::string>& empty_copies_;
};

}  // namespace

Result<RuleSql> make_rule_sql(const Rule& rule, const TableVersions& tables, Database& database,
                              std::set<std::string>& empty_copies) {
  return Lookup(rule, tables, database, empty_copies).run();
}

Result<RuleSql> make_rule_sql(const Rule& rule, const std::string& revision) {
  MILLGATE_ASSIGN(const RuleForm form, parse_rule(rule));
  return conditions_of(rule, form, revision);
}

std::string at_time(std::string whole, Time now) {
  const size_t place = whole.find("$now");
  if (place == std::string::npos) return whole;
  return whole.replace(place, 4, "make_timestamp(" + std::to_string(now.micros) + ")");
}

std::string rule_table_text(const std::string& table, const std::string& revision) {
  std::string name = sql_name(table);
  if (revision.empty()) return name;
  const bool plain = name == table;
  return (plain ? table + "@" + revision : quote_name(table + "@" + revision)) + " as " + name;
}

Error rule_failure(const Rule& rule, Database& database, const Error& failure) {
  const std::string before = "select count(*) from " + sql_name(rule.table) + " where (\n";
  std::optional<uint32_t> offset;
  std::string key = "rule";
  for (const auto& [name, text] : {std::pair{"rule", rule.rule}, std::pair{"where", rule.where}}) {
    if (text.empty() || database.count(before + text + "\n)").ok()) continue;
    const auto found = database.error_offset();
    if (!found || *found < before.size() || *found >= before.size() + text.size()) continue;
    key = name;
    offset = static_cast<uint32_t>(*found - before.size());
    break;
  }
  std::string what = failure.what;
  if (what.starts_with("SQL: ")) what = what.substr(5);
  Error error = rule.section.error_at(key, std::move(what), failure.hint, offset);
  error.code = failure.code;
  return error;
}

}  // namespace millgate
