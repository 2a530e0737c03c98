#include "system/pipeline/checkout_table.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "data/store/table_diff.h"
#include "data/store/table_version.h"
#include "data/table/reader.h"
#include "data/table/writer.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "system/pipeline/file_note.h"
#include "system/pipeline/file_standing.h"
#include "system/pipeline/source_files.h"
#include "system/pipeline/source_origin.h"
#include "system/pipeline/table_import.h"

namespace millgate {

namespace {

Result<const Source*> find_source(const Project& project, const std::string& table) {
  std::vector<std::string> names;
  for (const Source& source : project.sources) {
    if (source.name == table) return &source;
    names.push_back(source.name);
  }
  for (const FolderSource& source : project.folders) names.push_back(source.name);
  return not_found("there is no source `" + table + "` in the project", name_hint(table, names));
}

Status check_one_file(const Source& source) {
  const std::string by_hand = "`millgate export " + source.name + " FILE` writes its rows";
  if (source.path.empty()) {
    return invalid_input("table `" + source.name + "` has no files, its rows come by commands",
                         by_hand);
  }
  if (source.path.find_first_of("*?[") != std::string::npos) {
    return invalid_input("table `" + source.name + "` is made from several files: " + source.path,
                         by_hand + "; put that file in their place");
  }
  return {};
}

/// Edits that no commit has would be lost.
Status check_not_edited(const Repository& repository, const Project& project, const Source& source,
                        HashCache& cache) {
  const auto files = find_source_files(project.folder, source, cache);
  if (!files.ok()) {
    return files.error().code == ErrorCode::not_found ? Status() : Status(files.error());
  }
  MILLGATE_ASSIGN(const BranchState here, read_branch_state(repository, kCurrentBranch));
  const bool known = here.commit && here.commit->tables.contains(source.name);
  bool edited = !known;
  if (known) {
    MILLGATE_ASSIGN(const FileStanding standing,
                    table_standing(repository, here, source.name, origin_of(source, *files)));
    edited = standing.edited;
  }
  if (!edited) return {};
  return Error{.code = ErrorCode::conflict,
               .what = "`" + source.path + "` has edits that are in no commit",
               .hint = "commit them, or write over them with --force"};
}

/// Errors: `invalid_input` when the file at `path` would be read as other rows than `version`.
Status check_reads_back(Repository& repository, const Source& source, const std::string& path,
                        const TableVersion& version) {
  TableImport import{.table = source.name,
                     .key = version.key,
                     .open = [&](const std::shared_ptr<arrow::Schema>& kept, TypesBy) {
                       ReadOptions reading;
                       reading.null_texts = source.null_texts;
                       reading.kept_schema = kept;
                       return read_table_files({path}, reading);
                     }};
  const auto again = import_rows(repository, import, version);
  bool same = again.ok() && again->id == version.id;
  if (again.ok() && !same) {
    MILLGATE_ASSIGN(const TableDiff diff, diff_versions(repository.objects(), version, *again));
    same = !diff.any();
  }
  if (same) return {};
  return invalid_input("`" + source.path + "` cannot hold the rows of table `" + source.name +
                           "` so that they are read back as they are",
                       "a .parquet file can; or write them elsewhere with `millgate export`");
}

}  // namespace

Result<TableCheckout> checkout_table(Repository& repository, const Project& project,
                                     const TableCheckoutRequest& request) {
  MILLGATE_ASSIGN(const Source* source, find_source(project, request.table));
  MILLGATE_TRY(check_one_file(*source));
  MILLGATE_ASSIGN(const Commit commit, repository.resolve(request.revision));
  const auto found = commit.tables.find(request.table);
  if (found == commit.tables.end()) {
    return not_found("table `" + request.table + "` is not in commit " + commit.id.brief(),
                     "`millgate log` lists the versions");
  }
  HashCache cache(repository.folder("cache") + "/files.json");
  if (!request.force) MILLGATE_TRY(check_not_edited(repository, project, *source, cache));
  MILLGATE_ASSIGN(const TableVersion version,
                  read_table_version(repository.objects(), found->second));
  const std::string path = full_path(project.folder, source->path);
  const std::string trial = repository.folder("scratch") + "/checkout-" + commit.id.brief() + "-" +
                            std::filesystem::path(path).filename().string();
  TableCheckout done{.path = source->path};
  const auto write = [&](const std::string& to) -> Status {
    MILLGATE_ASSIGN(const auto rows, read_rows(repository.objects(), version));
    MILLGATE_ASSIGN(done.row_count, write_table_file(*rows, to));
    return {};
  };
  Status tried = write(trial);
  if (tried.ok()) tried = check_reads_back(repository, *source, trial, version);
  std::error_code gone;
  std::filesystem::remove(trial, gone);
  MILLGATE_TRY(tried);
  MILLGATE_TRY(write(path));
  MILLGATE_ASSIGN(const auto files, find_source_files(project.folder, *source, cache));
  (void)cache.save();  // Forgetting hashes costs only time.
  MILLGATE_ASSIGN(const BranchState here, read_branch_state(repository, kCurrentBranch));
  // Rows of another version were put there on purpose: news beside the one at hand.
  const bool is_here = version_at(here.commit, request.table) == found->second;
  FileNote note(commit.id, is_here ? origin_of(*source, files) : Json(Json::object()));
  if (!is_here && here.commit) note.commit = here.commit->id;
  note.files->erase("about");
  if (const auto was = here.notes.find(request.table);
      was != here.notes.end() && was->second.files->contains("about")) {
    (*note.files)["about"] = was->second.files->at("about");
  }
  MILLGATE_TRY(change_workspace(repository.project_folder(), [&](Workspace& workspace) -> Status {
    workspace.carried_files[request.table] = note.text();
    return {};
  }));
  return done;
}

}  // namespace millgate
