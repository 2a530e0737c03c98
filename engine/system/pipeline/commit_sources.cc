#include "system/pipeline/commit_sources.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "data/store/table_version.h"
#include "data/table/reader.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "system/pipeline/column_mention.h"
#include "system/pipeline/folder_state.h"
#include "system/pipeline/git_commit.h"
#include "system/pipeline/source_files.h"
#include "system/pipeline/source_origin.h"
#include "system/pipeline/table_import.h"

namespace millgate {

namespace {

Result<TableVersion> make_version(Repository& repository, const Project& project,
                                  const Source& source, const std::vector<SourceFile>& files,
                                  const std::optional<TableVersion>& before,
                                  const CommitOptions& options) {
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (const SourceFile& file : files) paths.push_back(full_path(project.folder, file.path));
  TableImport import{.table = source.name,
                     .key = source.key,
                     .open =
                         [&](const std::shared_ptr<arrow::Schema>& kept) {
                           ReadOptions reading;
                           reading.null_texts = source.null_texts;
                           reading.kept_schema = kept;
                           return read_table_files(paths, reading);
                         },
                     .accept_schema = options.accept_schema};
  MILLGATE_ASSIGN(import.renames, renames_of(project, options, source.name));
  return import_rows(repository, import, before);
}

/// One source: its row of the report and, when its files differ, the new version.
struct Imported {
  CommittedTable table;
  std::optional<Id> version;
  Json origin;
  bool carried = false;  ///< Files or `about` are not of the branch, as SourceStatus::carried.
};

Result<Imported> import_source(Repository& repository, const Project& project, const Source& source,
                               const BranchState& before, HashCache& cache,
                               const CommitOptions& options) {
  MILLGATE_ASSIGN(const auto files, find_source_files(project.folder, source, cache));
  Imported imported;
  imported.origin = origin_of(source, files);
  imported.table.name = source.name;
  imported.table.file_count = static_cast<int64_t>(files.size());
  std::optional<TableVersion> version_before;
  if (before.commit) {
    if (const auto found = before.commit->tables.find(source.name);
        found != before.commit->tables.end()) {
      MILLGATE_ASSIGN(version_before, read_table_version(repository.objects(), found->second));
      imported.table.row_count_before = version_before->row_count;
    }
  }
  if (version_before && !options.renames.contains(source.name) &&
      before.table_is_unchanged(source.name, imported.origin)) {
    imported.table.row_count = version_before->row_count;
    imported.carried = before.carried_files.contains(source.name) &&
                       before.origin->value(source.name, Json()) != imported.origin;
    imported.table.about_changed =
        !before.about_news(source.name, imported.origin["about"]).empty();
    // The rows of the commit did not come from files that were carried here, and an unchanged table
    // keeps what else its origin says.
    imported.origin = before.origin->value(source.name, Json());
    return imported;
  }
  MILLGATE_ASSIGN(const TableVersion version,
                  make_version(repository, project, source, files, version_before, options));
  imported.table.row_count = version.row_count;
  imported.table.changed = !version_before || version_before->id != version.id;
  imported.table.new_bytes = bytes_not_in(version, version_before.value_or(TableVersion()));
  imported.version = version.id;
  return imported;
}

/// One folder: its row of the report and what it came from.
Result<CommittedFolder> store_source(Repository& repository, const Project& project,
                                     const FolderSource& source, const BranchState& before,
                                     const std::function<void(double)>& progress) {
  StoreFolderOptions how;
  how.index_path = folder_index_path(repository, source.name);
  how.progress = progress;
  if (before.commit) {
    MILLGATE_ASSIGN(how.before, recent_trees(repository, *before.commit, source.name));
  }
  auto stored = store_folder(repository.objects(), place_of(project.folder, source), how);
  if (!stored.ok()) {
    Error error = std::move(stored).error().inside("cannot commit folder `" + source.name + "`");
    if (error.code == ErrorCode::not_found && error.where.empty()) {
      error.where = source.section.error_at("path", "").where;
    }
    return error;
  }
  return CommittedFolder{.name = source.name, .stored = std::move(stored).value()};
}

/// Files that are of this branch now are carried no longer; what was committed of others besides
/// their files is known now.
void forget_carried(const Repository& repository, const BranchState& before,
                    const std::set<std::string>& carried,
                    const std::map<std::string, std::string>& abouts) {
  if (before.carried_files.size() == carried.size() && abouts.empty()) return;
  // What is left over matters only to who puts those very files back, so a full disk must not stop
  // the commit.
  (void)change_workspace(repository.project_folder(), [&](Workspace& workspace) -> Status {
    if (workspace.branch != before.branch) return {};
    std::erase_if(workspace.carried_files,
                  [&](const auto& source) { return !carried.contains(source.first); });
    for (auto& [source, files] : workspace.carried_files) {
      const auto about = abouts.find(source);
      auto json = parse_json(files, "carried files");
      if (about == abouts.end() || !json.ok() || !json->is_object()) continue;
      MILLGATE_ASSIGN((*json)["about"], parse_json(about->second, "about"));
      files = dump_json(*json);
    }
    return {};
  });
}

Status check_renamed_tables(const std::vector<Source>& sources, const CommitOptions& options) {
  std::vector<std::string> names;
  names.reserve(sources.size());
  for (const Source& source : sources) names.push_back(source.name);
  for (const auto& [table, renames] : options.renames) {
    if (std::find(names.begin(), names.end(), table) != names.end()) continue;
    return not_found("`--rename` names a table `" + table + "`, which no [[source]] has files of",
                     name_hint(table, names));
  }
  return {};
}

std::string message_for(const CommitReport& report) {
  std::string names;
  for (const CommittedTable& table : report.tables) {
    if (table.changed || table.about_changed) names += (names.empty() ? "" : ", ") + table.name;
  }
  for (const CommittedFolder& folder : report.folders) {
    if (folder.stored.changed || folder.about_changed)
      names += (names.empty() ? "" : ", ") + folder.name;
  }
  return names.empty() ? "nothing changed" : "news of " + names;
}

/// What the project file says otherwise of tables whose rows come by commands.
void add_abouts_without_files(const Project& project, const BranchState& before, NewCommit& change,
                              CommitReport& report, std::set<std::string>& carried) {
  for (const Source& source : project.sources) {
    if (!source.path.empty()) continue;
    const Json about = to_json(source.about);
    if (before.about_news(source.name, about).empty()) {
      if (before.carried_files.contains(source.name)) carried.insert(source.name);
      continue;
    }
    change.abouts[source.name] = dump_json(about);
    report.tables.push_back({.name = source.name, .about_changed = true});
    report.changed = true;
  }
}

}  // namespace

Result<CommitReport> commit_sources(Repository& repository, const Project& project,
                                    const CommitOptions& options) {
  const auto has_files = [](const Source& source) { return !source.path.empty(); };
  std::vector<Source> sources;
  std::copy_if(project.sources.begin(), project.sources.end(), std::back_inserter(sources),
               has_files);
  if (project.sources.empty() && project.folders.empty()) {
    return invalid_input("the project has no [[source]] with files to commit",
                         "name one in millgate.toml: name, path, key");
  }
  MILLGATE_TRY(check_renamed_tables(sources, options));
  MILLGATE_ASSIGN(const BranchState before, read_branch_state(repository, options.branch));
  HashCache cache(repository.folder("cache") + "/files.json");
  CommitReport report;
  NewCommit change;
  // What another process commits while the files are read is not overwritten.
  change.based_on = before.commit ? before.commit->id : Id{};
  Json origin = Json::object();
  std::set<std::string> carried;
  const auto total = static_cast<double>(sources.size() + project.folders.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    const Source& source = sources[i];
    if (options.progress) options.progress(source.name, static_cast<double>(i) / total);
    MILLGATE_ASSIGN(Imported imported,
                    import_source(repository, project, source, before, cache, options));
    if (imported.version) change.tables[source.name] = *imported.version;
    report.changed |= imported.table.changed || imported.table.about_changed;
    if (imported.table.about_changed) change.abouts[source.name] = dump_json(to_json(source.about));
    if (imported.carried) carried.insert(source.name);
    // Only what is new: the origin of another table may change meanwhile.
    if (before.origin->value(source.name, Json()) != imported.origin) {
      origin[source.name] = std::move(imported.origin);
    }
    report.tables.push_back(std::move(imported.table));
  }
  for (size_t i = 0; i < project.folders.size(); ++i) {
    const FolderSource& source = project.folders[i];
    const auto done = static_cast<double>(sources.size() + i);
    MILLGATE_ASSIGN(CommittedFolder folder,
                    store_source(repository, project, source, before, [&](double share) {
                      if (options.progress) options.progress(source.name, (done + share) / total);
                    }));
    if (folder.stored.changed && before.carried_tree(source.name) == folder.stored.tree) {
      folder.stored.changed = false;
      carried.insert(source.name);
    }
    if (folder.stored.changed) change.trees[source.name] = folder.stored.tree;
    if (folder.stored.changed) {
      origin[source.name] = origin_of(source);
    } else if (const Json about = to_json(source.about);
               !before.about_news(source.name, about).empty()) {
      folder.about_changed = true;
      change.abouts[source.name] = dump_json(about);
    } else if (before.carried_files.contains(source.name)) {
      carried.insert(source.name);
    }
    report.changed |= folder.stored.changed || folder.about_changed;
    report.folders.push_back(std::move(folder));
  }
  add_abouts_without_files(project, before, change, report, carried);
  // Forgetting hashes costs only time, so a full disk here must not stop the commit.
  (void)cache.save();
  if (!report.changed && before.commit) {
    forget_carried(repository, before, carried, change.abouts);
    report.commit = *before.commit;
    return report;
  }
  change.author = options.author;
  change.message = options.message.empty() ? message_for(report) : options.message;
  change.git_commit = git_commit_of(project.folder);
  change.origin_json = dump_json(origin);
  MILLGATE_ASSIGN(report.commit, repository.commit(before.branch, change));
  forget_carried(repository, before, carried, change.abouts);
  report.changed = true;
  if (options.progress) {
    const bool has_folders = !project.folders.empty();
    options.progress(has_folders ? project.folders.back().name : sources.back().name, 1.0);
  }
  return report;
}

Result<std::vector<ColumnRename>> renames_of(const Project& project, const CommitOptions& options,
                                             const std::string& table) {
  const auto found = options.renames.find(table);
  if (found == options.renames.end()) return std::vector<ColumnRename>();
  for (const ColumnRename& rename : found->second) {
    MILLGATE_TRY(check_column_unnamed(project, table, rename.before, rename.after));
  }
  return found->second;
}

int64_t bytes_not_in(const TableVersion& version, const TableVersion& before) {
  std::set<Id> known;
  for (const Id& id : objects_of(before)) known.insert(id);
  int64_t bytes = 0;
  const auto add = [&](const auto& object) {
    if (known.insert(object.object).second) bytes += object.size_bytes;
  };
  for (const Segment& segment : version.segments) {
    add(segment);
    for (const AddedColumns& added : segment.added) add(added);
  }
  for (const Delta& delta : version.deltas) add(delta);
  return bytes;
}

}  // namespace millgate
