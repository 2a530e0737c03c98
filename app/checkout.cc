#include "data/tree/checkout.h"

#include <algorithm>
#include <iostream>

#include "app/commands.h"
#include "app/folder_path.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "ground/nearest_name.h"
#include "system/monitor/wording.h"
#include "system/pipeline/checkout_table.h"
#include "system/pipeline/file_standing.h"
#include "system/pipeline/folder_state.h"

namespace millgate {

namespace {

struct Options {
  std::string path;
  std::string revision = kCurrentBranch;
  std::string to;
  bool force = false;
  bool hard_links = false;
};

/// Trees of the folder whose files may be overwritten: those of all branches.
Result<std::vector<Id>> safe_trees(const Repository& repository, const std::string& folder) {
  MILLGATE_ASSIGN(const auto branches, repository.branches());
  std::vector<Id> trees;
  for (const auto& [branch, tip] : branches) {
    MILLGATE_ASSIGN(const Commit commit, repository.read_commit(tip));
    MILLGATE_ASSIGN(const auto recent, recent_trees(repository, commit, folder));
    trees.insert(trees.end(), recent.begin(), recent.end());
  }
  return trees;
}

/// What lies in the folder now was put there on purpose: what differs from the branch is news.
Status note_files(const Repository& repository, const std::string& folder) {
  MILLGATE_ASSIGN(const BranchState here, read_branch_state(repository, kCurrentBranch));
  FileNote note;
  if (const auto was = here.notes.find(folder); was != here.notes.end()) note = was->second;
  note.files->erase("tree");
  if (const auto tree = version_at(here.commit, folder)) {
    note.commit = here.commit->id;
    (*note.files)["tree"] = tree->hex();
  }
  return change_workspace(repository.project_folder(), [&](Workspace& workspace) -> Status {
    workspace.carried_files[folder] = note.text();
    return {};
  });
}

Result<int> checkout_file(const Session& session, const Workplace& place, const Options& options) {
  if (!options.to.empty() || options.hard_links) {
    return invalid_input("`" + options.path + "` is a table; --to and --hard-links are for folders",
                         "`millgate export " + options.path + " FILE` writes its rows elsewhere");
  }
  MILLGATE_ASSIGN(const TableCheckout done, checkout_table(*place.repository, place.project,
                                                           {.table = options.path,
                                                            .revision = options.revision,
                                                            .force = options.force}));
  if (session.json) {
    print_json({{"table", options.path}, {"path", done.path}, {"row_count", done.row_count}});
  } else {
    std::cout << count_of(done.row_count, "row") << " of table " << options.path << " in "
              << done.path << '\n';
  }
  return kDone;
}

/// A name that is neither a folder's nor a table's may be near one of either.
Status check_named(const Project& project, const Commit& commit, const std::string& name) {
  std::vector<std::string> names;
  names.reserve(commit.trees.size() + project.folders.size() + project.sources.size());
  for (const auto& [folder, tree] : commit.trees) names.push_back(folder);
  for (const FolderSource& source : project.folders) names.push_back(source.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) return {};
  for (const Source& source : project.sources) names.push_back(source.name);
  return not_found("there is no folder and no table `" + name + "`", name_hint(name, names));
}

void print_report(const CheckoutReport& report, const std::string& where) {
  std::cout << grouped(report.file_count) << " files in " << where << ": "
            << grouped(report.unchanged) << " were there, " << grouped(report.copied)
            << " written (" << byte_size(report.copied_bytes) << ")";
  if (report.reflinked > 0) std::cout << ", " << grouped(report.reflinked) << " reflinked";
  if (report.hard_linked > 0) std::cout << ", " << grouped(report.hard_linked) << " hard-linked";
  if (report.removed > 0) std::cout << ", " << grouped(report.removed) << " others removed";
  std::cout << '\n';
}

Json to_json(const CheckoutReport& report) {
  return {{"file_count", report.file_count}, {"unchanged", report.unchanged},
          {"copied", report.copied},         {"copied_bytes", report.copied_bytes},
          {"reflinked", report.reflinked},   {"hard_linked", report.hard_linked},
          {"removed", report.removed}};
}

Result<int> checkout(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  const Repository& repository = *place.repository;
  const auto is_table = [&](const Source& source) { return source.name == options.path; };
  if (std::any_of(place.project.sources.begin(), place.project.sources.end(), is_table)) {
    return checkout_file(session, place, options);
  }
  const FolderPath asked = parse_folder_path(options.path);
  MILLGATE_ASSIGN(const Commit commit, repository.resolve(options.revision));
  MILLGATE_TRY(check_named(place.project, commit, asked.folder));
  MILLGATE_ASSIGN(const Id id, find_tree(commit, asked.folder));
  MILLGATE_ASSIGN(const Tree tree, read_tree(repository.objects(), id));
  CheckoutOptions how;
  how.part = asked.part;
  how.force = options.force;
  how.hard_links = options.hard_links;
  MILLGATE_ASSIGN(how.known_trees, safe_trees(repository, asked.folder));
  how.known_trees.insert(how.known_trees.begin(), id);
  const auto progress = progress_line();
  how.progress = [&](double share) {
    if (progress) progress("check out " + asked.folder, share);
  };
  for (const FolderSource& source : place.project.folders) {
    how.donors.push_back({.path = place_of(place.project.folder, source).path,
                          .index_path = folder_index_path(repository, source.name)});
  }
  FolderPlace target{.path = options.to, .ignore = {}};
  std::string index_path;
  if (options.to.empty()) {
    MILLGATE_ASSIGN(const FolderSource source, find_folder_source(place.project, asked.folder));
    target = place_of(place.project.folder, source);
    index_path = folder_index_path(repository, source.name);
  }
  MILLGATE_ASSIGN(const CheckoutReport report,
                  check_out(repository.objects(), tree, target, index_path, how));
  end_progress();
  if (options.to.empty() && asked.part.empty()) {
    MILLGATE_TRY(note_files(repository, asked.folder));
  }
  if (session.json) {
    print_json(to_json(report));
  } else {
    print_report(report, target.path);
  }
  return kDone;
}

}  // namespace

void add_checkout(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "checkout", "bring the files of a folder, or of a table, to what they were",
      "millgate checkout images/cats --rev main~1 --to /tmp/cats");
  command
      .add_option("path", options->path,
                  "a folder of the project file and what is in it, or a table that is one file")
      .required();
  command.add_option("--rev", options->revision, "revision to take").shows_default();
  command.add_option("--to", options->to, "another folder than the source's own");
  command.add_flag("--force", options->force, "overwrite and remove files that are in no version");
  command.add_flag("--hard-links", options->hard_links,
                   "where files cannot share blocks, let them be one file under two names");
  command.does([&session, options] { return checkout(session, *options); });
}

}  // namespace millgate
