#include "system/pipeline/commit_changes.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "data/store/change_set.h"
#include "data/store/changes.h"
#include "data/store/table_version.h"
#include "data/store/version_update.h"
#include "data/table/arrow_result.h"
#include "data/table/reader.h"
#include "data/table/sort.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "system/pipeline/git_commit.h"
#include "system/pipeline/quarantine_settings.h"

namespace millgate {

namespace {

const Source* find_source(const Project& project, const std::string& table) {
  const auto found = std::find_if(project.sources.begin(), project.sources.end(),
                                  [&](const Source& source) { return source.name == table; });
  return found == project.sources.end() ? nullptr : &*found;
}

Result<Id> find_version(const Commit& commit, const std::string& table) {
  const auto found = commit.tables.find(table);
  if (found != commit.tables.end()) return found->second;
  std::vector<std::string> names;
  names.reserve(commit.tables.size());
  for (const auto& [name, version] : commit.tables) names.push_back(name);
  return not_found("table `" + table + "` is not in commit " + commit.id.brief(),
                   name_hint(table, names));
}

/// The columns of the file, with the types of the table.
std::shared_ptr<arrow::Schema> schema_for(const arrow::Schema& file, const arrow::Schema& table) {
  arrow::FieldVector fields;
  for (const auto& field : file.fields()) {
    const auto known = table.GetFieldByName(field->name());
    if (field->name() == kChangeColumn && known == nullptr) {
      fields.push_back(arrow::field(kChangeColumn, arrow::utf8()));
    } else {
      fields.push_back(known == nullptr ? field : known);
    }
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::RecordBatch>> read_rows_of_file(const ChangeSet& changes,
                                                              const Source* source,
                                                              const TableVersion& version,
                                                              const std::string& scratch) {
  ReadOptions options;
  if (source != nullptr) options.null_texts = source->null_texts;
  MILLGATE_ASSIGN(auto rows, read_table_files({changes.path}, options));
  options.kept_schema = schema_for(*rows->schema(), *version.schema);
  MILLGATE_ASSIGN(rows, read_table_files({changes.path}, options));
  SortOptions sorting;
  sorting.spill_folder = scratch;
  MILLGATE_ASSIGN(rows, sort_by_key(std::move(rows), version.key, sorting));
  MILLGATE_ARROW(auto table, rows->ToTable(), "`" + changes.path + "`");
  for (int i = table->num_columns() - 1; i >= 0; --i) {
    if (!table->field(i)->name().starts_with(kNotePrefix)) continue;
    MILLGATE_ARROW(table, table->RemoveColumn(i), "`" + changes.path + "`");
  }
  MILLGATE_ARROW(auto batch, table->CombineChunksToBatch(), "`" + changes.path + "`");
  return batch;
}

/// The origin of the table as it was, and this file behind it.
Result<std::string> origin_with(const Commit& before, const ChangeSet& changes) {
  MILLGATE_ASSIGN(const Json origins, parse_json(before.origin_json, "origin of commit"));
  Json origin = origins.contains(changes.table) ? origins.at(changes.table) : Json::object();
  MILLGATE_ASSIGN(const std::string bytes, read_file(changes.path));
  origin["changes"].push_back(
      {{"path", changes.path}, {"sha256", hash_of(bytes).hex()}, {"size_bytes", bytes.size()}});
  return dump_json(Json{{changes.table, origin}});
}

}  // namespace

Result<CommitReport> commit_changes(Repository& repository, const Project& project,
                                    const ChangeSet& changes, const CommitOptions& options) {
  MILLGATE_ASSIGN(const std::string branch, repository.branch_name(options.branch));
  MILLGATE_TRY(check_author(project, branch, options.author));
  MILLGATE_ASSIGN(const Commit before, repository.resolve(branch));
  MILLGATE_ASSIGN(const Id version_id, find_version(before, changes.table));
  MILLGATE_ASSIGN(const TableVersion version, read_table_version(repository.objects(), version_id));
  const Source* source = find_source(project, changes.table);
  const std::string place = "cannot commit changes of table `" + changes.table + "`";
  auto rows = read_rows_of_file(changes, source, version, repository.folder("scratch"));
  if (!rows.ok()) return std::move(rows).error().inside(place);
  auto found = changes_from_rows(repository.objects(), version, **rows);
  if (!found.ok()) return std::move(found).error().inside(place);
  MILLGATE_ASSIGN(const TableVersion next, apply_changes(repository.objects(), version, *found));
  CommitReport report;
  report.tables.push_back(
      {.name = changes.table,
       .row_count = next.row_count,
       .row_count_before = version.row_count,
       .new_bytes = bytes_not_in(next, version),
       .changed = next.id != version.id,
       .file_count = 1,
       .change_set = ChangeSetRows{.inserted_count = found->count(ChangeKind::inserted),
                                   .updated_count = found->count(ChangeKind::updated),
                                   .removed_count = found->count(ChangeKind::removed)}});
  report.changed = next.id != version.id;
  report.commit = before;
  if (!report.changed) return report;
  NewCommit commit;
  commit.tables[changes.table] = next.id;
  commit.based_on = before.id;
  commit.author = options.author;
  commit.message = options.message.empty() ? "changes of " + changes.table : options.message;
  commit.git_commit = git_commit_of(project.folder);
  MILLGATE_ASSIGN(commit.origin_json, origin_with(before, changes));
  MILLGATE_ASSIGN(report.commit, repository.commit(branch, commit));
  return report;
}

}  // namespace millgate
