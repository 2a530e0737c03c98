#include "data/query/revision_sql.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "data/query/sql_error.h"
#include "data/query/sql_token.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

/// A log of the project: a folder of Parquet files, and its columns while there are none.
struct Log {
  std::string name;
  std::vector<std::pair<std::string, std::string>> columns;
};

std::vector<Log> make_project_logs() {
  const std::pair<std::string, std::string> prediction_id = {"prediction_id", "VARCHAR"};
  const std::pair<std::string, std::string> received_at = {"received_at",
                                                           "TIMESTAMP WITH TIME ZONE"};
  // What challengers would have answered is logged as what was answered.
  const std::vector<std::pair<std::string, std::string>> answers = {
      prediction_id,
      {"answered_at", "TIMESTAMP WITH TIME ZONE"},
      {"model", "VARCHAR"},
      {"request_id", "VARCHAR"},
      {"row_time", "TIMESTAMP WITH TIME ZONE"},
      {"probability", "DOUBLE"},
      {"decision", "BOOLEAN"}};
  return {{"predictions", answers},
          {"shadow", answers},
          {"feedback", {prediction_id, {"label", "DOUBLE"}, received_at}},
          {"outcomes", {prediction_id, {"earned", "DOUBLE"}, received_at}}};
}

const std::vector<Log>& project_logs() {
  static const std::vector<Log> logs = make_project_logs();
  return logs;
}

/// A name of a table in the SQL.
struct TableName {
  std::string name;      ///< Without the revision.
  std::string revision;  ///< Empty: none was written.
  std::string view;      ///< Under which the SQL reads it.
  size_t offset = 0;     ///< In the SQL as it was given.
  size_t length = 0;
  /// Quoted: `"a@b"` may as well be a column, so a revision that does not exist is told only
  /// where the SQL reads a table of that name.
  bool quoted = false;
};

/// SQL whose revisions are part of quoted names.
struct RewrittenSql {
  std::string sql;
  std::vector<TableName> names;  ///< Every name in it, tables or not.
};

bool is_revision_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_.~/:-").find(c) != std::string_view::npos;
}

/// One past the revision that starts at byte `start` of `sql`; `start` itself when there is
/// none; nothing when a brace is never closed.
std::optional<size_t> revision_end(std::string_view sql, size_t start) {
  size_t end = start;
  while (end < sql.size()) {
    const std::string_view rest = sql.substr(end);
    if (rest.starts_with("--") || rest.starts_with("/*")) break;
    if (rest.front() == '{' || rest.starts_with("@{")) {
      const size_t closing = sql.find('}', end);
      if (closing == std::string_view::npos) return std::nullopt;
      end = closing + 1;
    } else if (is_revision_character(rest.front())) {
      ++end;
    } else {
      break;
    }
  }
  return end;
}

/// The revision as `Repository::resolve` reads it: `{...}` alone is a time on main.
std::string revision_text(std::string_view written) {
  return (written.starts_with('{') ? "@" : "") + std::string(written);
}

/// Splits a quoted name such as "flights@main~1"; a name of its own stays whole.
TableName split_quoted(const std::string& name, const Commit* commit) {
  const size_t at = name.find('@');
  const bool whole = at == std::string::npos || at == 0 || at + 1 == name.size() ||
                     (commit != nullptr && commit->tables.contains(name));
  if (whole) return {name, {}, name};
  return {name.substr(0, at), revision_text(std::string_view(name).substr(at + 1)), name};
}

Result<RewrittenSql> rewrite(const std::string& sql, const Commit* commit) {
  RewrittenSql rewritten;
  SqlScanner scanner(sql);
  size_t copied = 0;
  while (const auto token = scanner.next()) {
    if (!token->is_name()) continue;
    TableName name = token->kind == SqlTokenKind::quoted_name
                         ? split_quoted(token->name(), commit)
                         : TableName{token->name(), {}, token->name()};
    size_t end = token->end();
    if (sql.substr(end, 1) == "@") {
      const auto revision = revision_end(sql, end + 1);
      if (!revision) {
        return at_sql_place(invalid_input("SQL: the `{` of the revision is never closed",
                                          "for example: flights@{2013-05-01 10:00}"),
                            sql, token->offset, token->text.size() + 2);
      }
      if (*revision > end + 1) {
        const std::string written = sql.substr(end + 1, *revision - end - 1);
        name = {token->name(), revision_text(written), token->name() + "@" + written};
        end = *revision;
        rewritten.sql += sql.substr(copied, token->offset - copied) + quote_name(name.view);
        copied = end;
        scanner.seek(end);
      }
    }
    name.offset = token->offset;
    name.length = end - token->offset;
    name.quoted = end == token->end() && token->kind == SqlTokenKind::quoted_name;
    rewritten.names.push_back(std::move(name));
  }
  rewritten.sql += sql.substr(copied);
  return rewritten;
}

/// The table of `commit` that SQL means by `name`.
std::map<std::string, Id>::const_iterator find_table(const Commit& commit,
                                                     const std::string& name) {
  const auto exact = commit.tables.find(name);
  if (exact != commit.tables.end()) return exact;
  return std::find_if(commit.tables.begin(), commit.tables.end(),
                      [&](const auto& table) { return sql_lower(table.first) == sql_lower(name); });
}

std::vector<std::string> table_names(const Commit& commit) {
  std::vector<std::string> names;
  names.reserve(commit.tables.size());
  for (const auto& table : commit.tables) names.push_back(table.first);
  return names;
}

/// A version of `table` under another name.
struct NamedVersion {
  std::string name;
  std::string table;
  Id version;
};

Status add_version(Database& database, const Repository& repository, const NamedVersion& named,
                   const RowChanges& changes) {
  MILLGATE_ASSIGN(const TableVersion version,
                  read_table_version(repository.objects(), named.version));
  std::shared_ptr<const RowChange> change;
  if (changes) {
    MILLGATE_ASSIGN(change, changes(named.table, version));
  }
  return database.add_table(named.name, repository.objects(), version, std::move(change));
}

Status add_log(Database& database, const Repository& repository, const Log& log,
               const std::vector<std::string>& left_out) {
  std::vector<std::string> paths;
  std::error_code fault;
  const std::string folder = repository.folder(log.name);
  for (std::filesystem::recursive_directory_iterator file(folder, fault), end;
       !fault && file != end; file.increment(fault)) {
    const auto& path = file->path();
    const bool hidden = path.filename().string().starts_with('.');
    std::error_code ignored;  // A file may be gone by now; then it is no regular file.
    if (!hidden && path.extension() == ".parquet" && file->is_regular_file(ignored)) {
      paths.push_back(path.string());
    }
  }
  if (fault) return outside_failure("cannot list `" + folder + "`: " + fault.message());
  std::sort(paths.begin(), paths.end());
  return database.add_parquet(log.name, paths, log.columns, left_out);
}

/// Adds the tables of one SQL text to a database.
class Preparation {
 public:
  Preparation(Database& database, const Repository& repository, const std::string& sql,
              const SqlGuard& guard)
      : database_(database), repository_(repository), sql_(sql), guard_(guard) {}

  [[nodiscard]] Result<std::string> run(const std::string& default_revision,
                                        std::vector<ReadTable>* read) {
    // Logs can be read before the first commit, so a missing one is told only when it is needed.
    auto resolved = repository_.resolve(default_revision);
    if (resolved.ok()) default_ = std::move(*resolved);
    MILLGATE_ASSIGN(const RewrittenSql rewritten, rewrite(sql_, default_ ? &*default_ : nullptr));
    for (const TableName& name : rewritten.names) {
      Status added = name.revision.empty() ? add_plain(name) : add_revision(name);
      if (added.ok()) continue;
      if (!name.quoted) return std::move(added).error();
      doubtful_.emplace(name.view, std::move(added).error());
    }
    MILLGATE_TRY(check_known(rewritten, resolved.ok() ? nullptr : &resolved.error()));
    if (read != nullptr) {
      for (const auto& [view, table] : added_) {
        if (!reads_ || reads_->contains(view)) read->push_back(table);
      }
    }
    return rewritten.sql;
  }

 private:
  Status add_plain(const TableName& name) {
    if (default_) {
      const auto table = find_table(*default_, name.name);
      if (table != default_->tables.end()) {
        added_.emplace_back(name.view, ReadTable{table->first, default_->id});
        return add_version(database_, repository_, {table->first, table->first, table->second},
                           guard_.changes);
      }
    }
    for (const Log& log : project_logs()) {
      if (log.name != sql_lower(name.name)) continue;
      added_.emplace_back(name.view, ReadTable{log.name, std::nullopt});
      return add_log(database_, repository_, log, guard_.left_out);
    }
    return {};
  }

  Status add_revision(const TableName& name) {
    const auto commit = repository_.resolve(name.revision);
    if (!commit.ok()) return at_sql_place(commit.error(), sql_, name.offset, name.length);
    const auto table = find_table(*commit, name.name);
    if (table != commit->tables.end()) {
      added_.emplace_back(name.view, ReadTable{table->first, commit->id});
      return add_version(database_, repository_, {name.view, table->first, table->second},
                         guard_.changes);
    }
    Error error = not_found("table `" + name.name + "` is not in commit " + commit->id.brief(),
                            name_hint(name.name, table_names(*commit)));
    for (const Log& log : project_logs()) {
      if (log.name != sql_lower(name.name)) continue;
      error = invalid_input("`" + log.name + "` is a log and has no revisions",
                            "name it without `@`, and choose rows by their time");
    }
    return at_sql_place(std::move(error), sql_, name.offset, name.length);
  }

  /// Errors: `not_found` for the first table that nobody knows; the fault of wrong SQL.
  Status check_known(const RewrittenSql& rewritten, const Error* no_commit) {
    const auto tables = database_.tables_of(rewritten.sql);
    if (!tables.ok()) {
      // Without a parse tree (EXPLAIN, PIVOT) DuckDB itself will name a missing table.
      return tables.error().excerpt.empty() ? Status() : Status(tables.error());
    }
    reads_.emplace(tables->begin(), tables->end());
    for (const std::string& table : *tables) {
      MILLGATE_ASSIGN(const bool known, database_.has_table(table));
      if (known) continue;
      if (const auto doubt = doubtful_.find(table); doubt != doubtful_.end()) return doubt->second;
      std::vector<std::string> valid =
          default_ ? table_names(*default_) : std::vector<std::string>();
      for (const Log& log : project_logs()) valid.push_back(log.name);
      Error error =
          default_ ? not_found("table `" + table + "` is not in commit " + default_->id.brief(),
                               name_hint(table, valid))
                   : *no_commit;
      const auto name = std::find_if(rewritten.names.begin(), rewritten.names.end(),
                                     [&](const TableName& one) { return one.view == table; });
      if (name == rewritten.names.end()) return error;
      return at_sql_place(std::move(error), sql_, name->offset, name->length);
    }
    return {};
  }

  Database& database_;
  const Repository& repository_;
  const std::string& sql_;
  const SqlGuard& guard_;
  std::optional<Commit> default_;
  std::vector<std::pair<std::string, ReadTable>> added_;  ///< With the view of each.
  std::optional<std::set<std::string>> reads_;            ///< Views that the SQL reads, if known.
  std::map<std::string, Error> doubtful_;                 ///< Quoted names that could not be added.
};

}  // namespace

Status add_commit(Database& database, const Repository& repository, const Commit& commit) {
  for (const auto& [name, version] : commit.tables) {
    MILLGATE_TRY(add_version(database, repository, {name, name, version}, nullptr));
  }
  return {};
}

Result<std::string> prepare_revision_sql(Database& database, const Repository& repository,
                                         const std::string& sql,
                                         const std::string& default_revision,
                                         std::vector<ReadTable>* read, const SqlGuard& guard) {
  return Preparation(database, repository, sql, guard).run(default_revision, read);
}

}  // namespace millgate
