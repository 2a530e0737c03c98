#include "system/pipeline/commit_sources.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "data/store/table_version.h"
#include "data/table/reader.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "system/pipeline/column_mention.h"
#include "system/pipeline/file_standing.h"
#include "system/pipeline/folder_state.h"
#include "system/pipeline/git_commit.h"
#include "system/pipeline/personal_use.h"
#include "system/pipeline/quarantine_settings.h"
#include "system/pipeline/source_files.h"
#include "system/pipeline/source_origin.h"
#include "system/pipeline/table_import.h"
#include "system/pipeline/undone_edits.h"

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
                         [&](const std::shared_ptr<arrow::Schema>& kept, TypesBy types_by) {
                           ReadOptions reading;
                           reading.null_texts = source.null_texts;
                           reading.kept_schema = kept;
                           reading.types_by = types_by;
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
  std::optional<FileNote> note;  ///< Of files that are not of the new commit.
};

/// What the branch says of the source from now on, and whether that is news.
struct SaidAbout {
  Json about;
  bool changed = false;
};

Result<SaidAbout> said_about(const Repository& repository, const BranchState& before,
                             const std::string& source, const Json& about) {
  SaidAbout said;
  MILLGATE_ASSIGN(said.about, about_to_commit(repository, before, source, about));
  if (!version_at(before.commit, source)) return said;
  MILLGATE_ASSIGN(const Json committed, about_in(*before.commit, source));
  said.changed = !about_changes(committed, said.about).empty();
  return said;
}

Result<Imported> import_source(Repository& repository, const Project& project, const Source& source,
                               const BranchState& before, HashCache& cache,
                               const CommitOptions& options) {
  MILLGATE_ASSIGN(const auto files, find_source_files(project.folder, source, cache));
  Imported imported;
  imported.origin = origin_of(source, files);
  imported.table.name = source.name;
  imported.table.file_count = static_cast<int64_t>(files.size());
  MILLGATE_ASSIGN(const SaidAbout said,
                  said_about(repository, before, source.name, imported.origin.at("about")));
  std::optional<TableVersion> version_before;
  FileStanding standing;
  if (before.commit && before.commit->tables.contains(source.name)) {
    MILLGATE_ASSIGN(version_before, read_table_version(repository.objects(),
                                                       before.commit->tables.at(source.name)));
    imported.table.row_count_before = version_before->row_count;
    MILLGATE_ASSIGN(standing, table_standing(repository, before, source.name, imported.origin));
  }
  if (version_before && !options.renames.contains(source.name) && !standing.edited) {
    imported.table.row_count = version_before->row_count;
    imported.table.about_changed = said.changed;
    imported.note = standing.note;
    // The rows of the commit may not have come from these files, and an unchanged table keeps what
    // else its origin says.
    imported.origin = before.origin->value(source.name, Json());
    return imported;
  }
  MILLGATE_ASSIGN(const TableVersion version,
                  make_version(repository, project, source, files, version_before, options));
  if (version_before) {
    MILLGATE_TRY(
        check_undone_rows(repository, before, source.name, standing, *version_before, version));
  }
  imported.origin["about"] = said.about;
  imported.table.about_changed = said.changed;
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

/// What the files are notes of from now on; see CommitReport.
struct NewNotes {
  std::map<std::string, FileNote> known;  ///< Of files that agreed with an older commit.
  std::map<std::string, Json> committed;  ///< Files that the new commit was made from.
  std::map<std::string, Json> abouts;     ///< What the project file says of each source.
};

/// Keeps them where `commit` is of the branch that the files lie beside.
void note_files(const Repository& repository, const BranchState& before, const Commit& commit,
                const NewNotes& notes) {
  const auto noted = [&](const std::string& source) {
    if (const auto made = notes.committed.find(source); made != notes.committed.end()) {
      return FileNote(commit.id, made->second);
    }
    // Whoever names a branch asks about the files as they are, not where they came from.
    const auto known = notes.known.find(source);
    if (known != notes.known.end() && !before.files_as_they_are) return known->second;
    const auto was = before.notes.find(source);
    return was == before.notes.end() ? FileNote() : was->second;
  };
  // Without it the next command finds out by the history, so a full disk must not stop the commit.
  (void)change_workspace(repository.project_folder(), [&](Workspace& workspace) -> Status {
    if (workspace.branch != before.branch) return {};
    for (const auto& [source, about] : notes.abouts) {
      FileNote note = noted(source);
      (*note.files)["about"] = about;
      workspace.carried_files[source] = note.text();
    }
    return {};
  });
}

/// Says which files a commit is about to be made from: who is killed between the commit and its
/// note finds them to be that commit's, and no edits of an older one's.
Status note_files_to_commit(const Repository& repository, const BranchState& before,
                            const NewNotes& notes) {
  if (notes.committed.empty()) return {};
  return change_workspace(repository.project_folder(), [&](Workspace& workspace) -> Status {
    if (workspace.branch != before.branch) return {};
    for (const auto& [source, files] : notes.committed) {
      const auto was = before.notes.find(source);
      std::string& kept = workspace.carried_files[source];
      FileNote note = was != before.notes.end() ? was->second
                      : kept.empty()            ? FileNote()
                                                : FileNote::parse(kept);
      Json committing = files;
      committing["about"] = notes.abouts.at(source);
      note.committing = dump_json(committing);
      kept = note.text();
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
Status add_abouts_without_files(const Repository& repository, const Project& project,
                                const BranchState& before, NewCommit& change, CommitReport& report,
                                NewNotes& notes) {
  for (const Source& source : project.sources) {
    if (!source.path.empty() || !version_at(before.commit, source.name)) continue;
    const Json about = to_json(source.about);
    MILLGATE_ASSIGN(const SaidAbout said, said_about(repository, before, source.name, about));
    notes.abouts[source.name] = about;
    if (!said.changed) continue;
    change.abouts[source.name] = dump_json(said.about);
    report.tables.push_back({.name = source.name, .about_changed = true});
    report.changed = true;
  }
  return {};
}

/// A folder whose files were stored: whether they are news, and what its origin says then.
Status judge_folder(const Repository& repository, const Project& project,
                    const FolderSource& source, const BranchState& before, CommittedFolder& folder,
                    NewCommit& change, Json& origin, NewNotes& notes) {
  const Json about = to_json(source.about);
  const Json files = {{"tree", folder.stored.tree.hex()}};
  MILLGATE_ASSIGN(const SaidAbout said, said_about(repository, before, source.name, about));
  notes.abouts[source.name] = about;
  folder.about_changed = said.changed;
  const bool is_known = before.commit && before.commit->trees.contains(source.name);
  if (is_known) {
    MILLGATE_ASSIGN(const FileStanding standing, folder_standing(repository, before, source.name));
    MILLGATE_ASSIGN(const bool same,
                    are_same_files(repository, *standing.base, folder.stored.tree));
    if (same) {
      notes.known.emplace(source.name, standing.note);
      folder.stored.changed = false;
    } else if (folder.stored.changed && standing.behind) {
      MILLGATE_ASSIGN(const FolderChanges changes,
                      compare_folder(repository.objects(), place_of(project.folder, source),
                                     folder_index_path(repository, source.name),
                                     before.commit->trees.at(source.name)));
      MILLGATE_TRY(check_undone_files(repository, before, source.name, standing, changes));
    }
    if (!same) notes.committed.emplace(source.name, files);
  } else {
    notes.committed.emplace(source.name, files);
  }
  if (folder.stored.changed) {
    change.trees[source.name] = folder.stored.tree;
    origin[source.name] = origin_of(source);
    origin[source.name]["about"] = said.about;
  } else if (said.changed) {
    change.abouts[source.name] = dump_json(said.about);
  }
  return {};
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
  MILLGATE_TRY(check_author(project, before.branch, options.author));
  HashCache cache(repository.folder("cache") + "/files.json");
  CommitReport report;
  NewCommit change;
  // What another process commits while the files are read is not overwritten.
  change.based_on = before.commit ? before.commit->id : Id{};
  Json origin = Json::object();
  NewNotes notes;
  const auto total = static_cast<double>(sources.size() + project.folders.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    const Source& source = sources[i];
    if (options.progress) options.progress(source.name, static_cast<double>(i) / total);
    MILLGATE_ASSIGN(Imported imported,
                    import_source(repository, project, source, before, cache, options));
    notes.abouts[source.name] = to_json(source.about);
    if (imported.note) notes.known.emplace(source.name, *imported.note);
    report.changed |= imported.table.changed || imported.table.about_changed;
    if (imported.version) {
      change.tables[source.name] = *imported.version;
      notes.committed[source.name] = imported.origin;
    }
    if (imported.table.about_changed) {
      MILLGATE_ASSIGN(const Json about,
                      about_to_commit(repository, before, source.name, to_json(source.about)));
      change.abouts[source.name] = dump_json(about);
    }
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
    MILLGATE_TRY(judge_folder(repository, project, source, before, folder, change, origin, notes));
    report.changed |= folder.stored.changed || folder.about_changed;
    report.folders.push_back(std::move(folder));
  }
  MILLGATE_TRY(add_abouts_without_files(repository, project, before, change, report, notes));
  // Forgetting hashes costs only time, so a full disk here must not stop the commit.
  (void)cache.save();
  if (!report.changed && before.commit) {
    note_files(repository, before, *before.commit, notes);
    report.commit = *before.commit;
    return report;
  }
  auto tables = before.commit ? before.commit->tables : std::map<std::string, Id>();
  for (const auto& [name, version] : change.tables) tables.insert_or_assign(name, version);
  MILLGATE_TRY(check_personal_use(repository, project, tables));
  change.author = options.author;
  change.message = options.message.empty() ? message_for(report) : options.message;
  change.git_commit = git_commit_of(project.folder);
  change.origin_json = dump_json(origin);
  MILLGATE_TRY(note_files_to_commit(repository, before, notes));
  MILLGATE_ASSIGN(report.commit, repository.commit(before.branch, change));
  note_files(repository, before, report.commit, notes);
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
