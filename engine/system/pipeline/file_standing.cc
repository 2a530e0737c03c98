#include "system/pipeline/file_standing.h"

#include <map>

#include "data/tree/tree.h"
#include "ground/json.h"

namespace millgate {

namespace {

/// What was noted of the files, or where nothing was, what the history tells.
Result<FileNote> note_of_table(const Repository& repository, const BranchState& before,
                               const std::string& source, const Json& now) {
  const Json& committed = before.origin->value(source, Json::object());
  if (before.files_as_they_are) return FileNote(before.commit->id, committed);
  const auto noted = before.notes.find(source);
  const bool is_noted = noted != before.notes.end() && noted->second.files->contains("files");
  if (is_noted && is_same_origin(*noted->second.files, now)) return noted->second;
  if (is_same_origin(committed, now)) {
    MILLGATE_ASSIGN(const auto commit, commit_of_files(repository, *before.commit, source, now));
    return FileNote(commit, now);
  }
  // Whoever noted a commit without files wants them to be news against it.
  if (is_noted || (noted != before.notes.end() && noted->second.commit)) return noted->second;
  MILLGATE_ASSIGN(const auto older, find_commit_of_files(repository, *before.commit, source, now));
  if (older) return FileNote(older, now);
  if (!committed.contains("files")) return FileNote(before.commit->id, committed);
  MILLGATE_ASSIGN(const auto newest,
                  commit_of_files(repository, *before.commit, source, committed));
  return FileNote(newest, committed);
}

Result<std::optional<Id>> noted_version(const Repository& repository, const FileNote& note,
                                        const std::string& source) {
  if (!note.commit) return std::optional<Id>();
  const auto commit = repository.read_commit(*note.commit);
  // A branch that is gone may have taken it along.
  if (!commit.ok() && commit.error().code == ErrorCode::not_found) return std::optional<Id>();
  if (!commit.ok()) return commit.error();
  return version_at(*commit, source);
}

const std::string* member_at(const std::map<std::vector<std::string>, std::string>& members,
                             const std::vector<std::string>& path) {
  const auto found = members.find(path);
  return found == members.end() ? nullptr : &found->second;
}

std::map<std::vector<std::string>, std::string> members_of(const Json& about) {
  std::map<std::vector<std::string>, std::string> members;
  for (const AboutChange& one : about_changes(Json::object(), about))
    members[one.path] = *one.after;
  return members;
}

/// What the project file said when it last agreed; nothing: nobody noted it.
Result<Json> noted_about(const Repository& repository, const BranchState& before,
                         const std::string& source, const Json& committed, const Json& about) {
  const auto noted = before.notes.find(source);
  if (noted != before.notes.end() && noted->second.files->contains("about")) {
    return noted->second.files->at("about");
  }
  if (about_changes(committed, about).empty()) return about;
  MILLGATE_ASSIGN(const bool older, was_said_of(repository, *before.commit, source, about));
  return older ? about : committed;
}

}  // namespace

std::optional<Id> version_at(const std::optional<Commit>& commit, const std::string& source) {
  if (!commit) return std::nullopt;
  if (const auto table = commit->tables.find(source); table != commit->tables.end()) {
    return table->second;
  }
  const auto folder = commit->trees.find(source);
  return folder == commit->trees.end() ? std::nullopt : std::make_optional(folder->second);
}

Result<FileStanding> table_standing(const Repository& repository, const BranchState& before,
                                    const std::string& source, const Json& origin) {
  FileStanding standing;
  MILLGATE_ASSIGN(standing.note, note_of_table(repository, before, source, origin));
  MILLGATE_ASSIGN(standing.base, noted_version(repository, standing.note, source));
  standing.edited = !is_same_origin(*standing.note.files, origin);
  standing.behind = standing.base != version_at(before.commit, source);
  return standing;
}

Result<FileStanding> folder_standing(const Repository& repository, const BranchState& before,
                                     const std::string& source) {
  const Id tree = before.commit->trees.at(source);
  FileStanding standing;
  standing.note = FileNote(before.commit->id, Json{{"tree", tree.hex()}});
  const auto noted = before.notes.find(source);
  if (!before.files_as_they_are && noted != before.notes.end() && noted->second.tree() &&
      repository.objects().has(*noted->second.tree())) {
    standing.note = noted->second;
  }
  standing.base = standing.note.tree();
  MILLGATE_ASSIGN(const bool same, are_same_files(repository, *standing.base, tree));
  standing.behind = !same;
  return standing;
}

Result<bool> are_same_files(const Repository& repository, const Id& one, const Id& other) {
  if (one == other) return true;
  MILLGATE_ASSIGN(const Tree first, read_tree(repository.objects(), one));
  MILLGATE_ASSIGN(const Tree second, read_tree(repository.objects(), other));
  return first.logical_hash == second.logical_hash;
}

Result<AboutStanding> about_standing(const Repository& repository, const BranchState& before,
                                     const std::string& source, const Json& about) {
  AboutStanding standing;
  if (!version_at(before.commit, source)) return standing;
  MILLGATE_ASSIGN(const Json committed, about_in(*before.commit, source));
  std::vector<AboutChange> differing = about_changes(committed, about);
  if (before.files_as_they_are) {
    standing.news = std::move(differing);
    return standing;
  }
  MILLGATE_ASSIGN(const Json noted, noted_about(repository, before, source, committed, about));
  const auto members = members_of(noted);
  for (AboutChange& one : differing) {
    const std::string* was = member_at(members, one.path);
    const auto is_as_noted = [&](const std::optional<std::string>& text) {
      return was == nullptr ? !text.has_value() : text == *was;
    };
    if (is_as_noted(one.after)) {
      standing.behind.push_back({.path = one.path, .before = one.after, .after = one.before});
      continue;
    }
    if (!is_as_noted(one.before)) standing.overtaken.push_back(one);
    standing.news.push_back(std::move(one));
  }
  return standing;
}

Result<Json> about_to_commit(const Repository& repository, const BranchState& before,
                             const std::string& source, const Json& about) {
  if (!version_at(before.commit, source)) return about;
  MILLGATE_ASSIGN(const AboutStanding standing, about_standing(repository, before, source, about));
  if (!standing.overtaken.empty()) {
    const AboutChange& one = standing.overtaken.front();
    const auto said = [](const std::optional<std::string>& text) {
      return text ? "`" + *text + "`" : std::string("nothing");
    };
    return Error{.code = ErrorCode::conflict,
                 .what = "`about` of `" + source + "`: the project file says " + said(one.after) +
                         " for " + one.name() + " where branch `" + before.branch + "` has said " +
                         said(one.before) + " since",
                 .hint = "write what shall be into the commit by `millgate commit -b " +
                         before.branch + "`, which takes files and project file as they are"};
  }
  MILLGATE_ASSIGN(Json said, about_in(*before.commit, source));
  for (const AboutChange& one : standing.news) apply_about_change(said, one);
  return said;
}

void note_about(const Repository& repository, const BranchState& before, const std::string& source,
                const Json& about) {
  (void)change_workspace(repository.project_folder(), [&](Workspace& workspace) -> Status {
    if (workspace.branch != before.branch) return {};
    FileNote note;
    if (const auto noted = workspace.carried_files.find(source);
        noted != workspace.carried_files.end()) {
      note = FileNote::parse(noted->second);
    }
    (*note.files)["about"] = about;
    workspace.carried_files[source] = note.text();
    return {};
  });
}

}  // namespace millgate
