#include "system/pipeline/commit_rows.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "data/query/revision_sql.h"
#include "data/table/arrow_result.h"
#include "data/table/column_cast.h"
#include "data/table/column_type.h"
#include "ground/json.h"
#include "ground/plain_name.h"
#include "system/pipeline/file_standing.h"
#include "system/pipeline/git_commit.h"
#include "system/pipeline/personal_use.h"
#include "system/pipeline/quarantine_settings.h"
#include "system/pipeline/source_origin.h"

namespace millgate {

namespace {

std::string text_of(const std::vector<std::string>& key) {
  std::string text;
  for (const std::string& column : key) text += (text.empty() ? "" : ", ") + column;
  return text.empty() ? "none" : text;
}

Result<const Source*> find_source(const Project& project, const NewRows& rows) {
  const auto found = std::find_if(project.sources.begin(), project.sources.end(),
                                  [&](const Source& source) { return source.name == rows.table; });
  if (found == project.sources.end()) return static_cast<const Source*>(nullptr);
  if (!found->path.empty()) {
    Error error = found->section.error_at(
        "path",
        "table `" + rows.table +
            "` is made from files, so rows from elsewhere would last "
            "until the next `millgate commit`",
        "take `path` out of its [[source]], give the rows another table, or put single rows in "
        "with `millgate commit --changes`");
    return error;
  }
  if (rows.key && *rows.key != found->key) {
    return found->section.error_at("key",
                                   "the key of table `" + rows.table + "` is " +
                                       text_of(found->key) + " in the project file, not " +
                                       text_of(*rows.key),
                                   "leave `--key` out, or change it here");
  }
  return &*found;
}

Status check_table_name(const Project& project, const std::string& table) {
  if (!is_plain_name(table)) {
    return invalid_input("`" + table + "` cannot be the name of a table",
                         "use letters, digits and `_`, beginning with a letter");
  }
  const bool folder = std::any_of(project.folders.begin(), project.folders.end(),
                                  [&](const auto& one) { return one.name == table; });
  if (folder) return invalid_input("`" + table + "` is a folder of the project, not a table");
  return {};
}

}  // namespace

Result<CommitReport> commit_rows(Repository& repository, const Project& project,
                                 const NewRows& rows, const CommitOptions& options) {
  MILLGATE_TRY(check_table_name(project, rows.table));
  MILLGATE_ASSIGN(const Source* source, find_source(project, rows));
  for (const auto& [table, renames] : options.renames) {
    if (table == rows.table) continue;
    return invalid_input("`--rename` is about table `" + table + "`, the rows are those of `" +
                         rows.table + "`");
  }
  MILLGATE_ASSIGN(const BranchState before, read_branch_state(repository, options.branch));
  MILLGATE_TRY(check_author(project, before.branch, options.author));
  std::optional<TableVersion> version_before;
  if (before.commit && before.commit->tables.contains(rows.table)) {
    MILLGATE_ASSIGN(version_before,
                    read_table_version(repository.objects(), before.commit->tables.at(rows.table)));
  }
  TableImport import{.table = rows.table,
                     .key = {},
                     .open = rows.open,
                     .sorts_first = rows.sorts_first,
                     .accept_schema = options.accept_schema};
  MILLGATE_ASSIGN(import.renames, renames_of(project, options, rows.table));
  if (rows.key) {
    import.key = *rows.key;
  } else if (source != nullptr) {
    import.key = source->key;
  } else if (version_before) {
    import.key = version_before->key;
    for (std::string& name : import.key) name = renamed_to(import.renames, name);
  } else {
    import.key = rows.own_key;
  }
  if (options.progress) options.progress(rows.table, 0);
  MILLGATE_ASSIGN(const TableVersion version, import_rows(repository, import, version_before));
  CommitReport report;
  report.changed = !version_before || version_before->id != version.id;
  report.tables.push_back(
      {.name = rows.table,
       .row_count = version.row_count,
       .row_count_before = version_before ? version_before->row_count : 0,
       .new_bytes = bytes_not_in(version, version_before.value_or(TableVersion())),
       .changed = report.changed});
  if (!report.changed) {
    report.commit = *before.commit;
    return report;
  }
  NewCommit change;
  change.based_on = before.commit ? before.commit->id : Id{};
  change.tables[rows.table] = version.id;
  auto tables = before.commit ? before.commit->tables : std::map<std::string, Id>();
  tables.insert_or_assign(rows.table, version.id);
  MILLGATE_TRY(check_personal_use(repository, project, tables));
  change.author = options.author;
  change.message = options.message.empty() ? "new rows of " + rows.table : options.message;
  change.git_commit = git_commit_of(project.folder);
  MILLGATE_ASSIGN(Json origin, parse_json(rows.origin_json, "origin of the rows"));
  origin["key"] = import.key;
  const Json about = source == nullptr ? Json(Json::object()) : to_json(source->about);
  origin["about"] = about;
  if (source != nullptr) {
    MILLGATE_ASSIGN(origin["about"], about_to_commit(repository, before, rows.table, about));
  }
  change.origin_json = dump_json(Json{{rows.table, std::move(origin)}});
  MILLGATE_ASSIGN(report.commit, repository.commit(before.branch, change));
  if (source != nullptr) note_about(repository, before, rows.table, about);
  if (options.progress) options.progress(rows.table, 1);
  return report;
}

Result<NewRows> rows_of_query(const Repository& repository, const Project& project,
                              const std::string& table, const std::string& sql,
                              const std::string& branch) {
  DatabaseOptions limits;
  limits.spill_folder = repository.folder("scratch");
  limits.user_sql = true;
  MILLGATE_ASSIGN(std::unique_ptr<Database> opened, Database::open(limits));
  const std::shared_ptr<Database> database = std::move(opened);
  std::vector<ReadTable> read;
  MILLGATE_ASSIGN(const std::string statement,
                  prepare_revision_sql(*database, repository, sql, branch, &read));
  if (const auto commit = repository.resolve(branch); commit.ok()) {
    MILLGATE_TRY(check_personal_copy(repository, project, {table, statement, *commit}));
  }
  Json reads = Json::array();
  for (const ReadTable& one : read) {
    Json entry = {{"table", one.table}};
    if (one.commit) entry["commit"] = one.commit->hex();
    if (std::find(reads.begin(), reads.end(), entry) == reads.end()) reads.push_back(entry);
  }
  NewRows rows;
  rows.table = table;
  rows.sorts_first = true;
  rows.origin_json = dump_json(Json{{"query", sql}, {"reads", std::move(reads)}});
  rows.open = [database, statement](const std::shared_ptr<arrow::Schema>& kept,
                                    TypesBy) -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
    const RowsPlace place{.object = "the query", .path = {}};
    MILLGATE_ASSIGN(auto stream, database->stream(statement));
    MILLGATE_ASSIGN(const auto own, table_schema_of(*stream->schema(), place));
    if (kept != nullptr) {
      MILLGATE_TRY(
          check_column_names(place.object, own->field_names(), kept->field_names(), "the table"));
    }
    return cast_rows(std::move(stream), kept == nullptr ? own : kept, place,
                     [](const arrow::Status& fault) { return arrow_error(fault, "the query"); });
  };
  return rows;
}

}  // namespace millgate
