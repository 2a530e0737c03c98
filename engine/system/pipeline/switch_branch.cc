#include "system/pipeline/switch_branch.h"

#include <map>
#include <optional>
#include <type_traits>

#include "ground/json.h"
#include "system/pipeline/file_standing.h"
#include "system/pipeline/source_status.h"

namespace millgate {

namespace {

Error would_be_mixed(const SourceStatus& source, const BranchSwitch& between) {
  const std::string kind = source.folder ? "folder" : "table";
  return Error{.code = ErrorCode::conflict,
               .what = "files of " + kind + " `" + source.name +
                       "` are in no commit, and branch `" + between.to +
                       "` has another version of it",
               .hint = "commit them on `" + between.from + "` first; or on `" + between.to +
                       "`, where they take its place: `millgate commit -b " + between.to +
                       "`. `millgate status` shows them"};
}

/// The status of one source alone; nothing when it has no files, so that none can be lost.
template <typename OneSource>
Result<std::optional<SourceStatus>> status_of(const Repository& repository, const Project& project,
                                              const OneSource& source, const BranchState& branch) {
  Project alone = project;
  alone.sources.clear();
  alone.folders.clear();
  if constexpr (std::is_same_v<OneSource, Source>) {
    alone.sources.push_back(source);
  } else {
    alone.folders.push_back(source);
  }
  auto status = project_status(repository, alone, branch);
  if (status.ok() && status->sources.empty()) return std::optional<SourceStatus>();
  if (status.ok()) return std::make_optional(std::move(status->sources.front()));
  if (status.error().code == ErrorCode::not_found) return std::optional<SourceStatus>();
  return std::move(status).error();
}

/// The two branches, and what becomes of the files between them.
class Switch {
 public:
  Switch(const Repository& repository, const Project& project, BranchSwitch& done)
      : repository_(repository), project_(project), done_(done) {}

  Status look(const BranchState& from, BranchState& to) {
    for (const Source& source : project_.sources) MILLGATE_TRY(look_at(source, from, to));
    for (const FolderSource& source : project_.folders) MILLGATE_TRY(look_at(source, from, to));
    return {};
  }

  Status keep() const {
    return change_workspace(repository_.project_folder(), [&](Workspace& workspace) -> Status {
      if (workspace.branch != done_.from) {
        return Error{.code = ErrorCode::conflict,
                     .what = "another process switched to branch `" + workspace.branch +
                             "` at the same moment",
                     .hint = "try again"};
      }
      workspace.branch = done_.to;
      for (const auto& [source, note] : notes_) workspace.carried_files[source] = note;
      return {};
    });
  }

 private:
  template <typename OneSource>
  Status look_at(const OneSource& source, const BranchState& from, BranchState& to) {
    MILLGATE_ASSIGN(const auto here, status_of(repository_, project_, source, from));
    if (!here) return {};
    if (here->state != SourceState::fresh) {
      // The branch that is left may be the only one that tells what the files are.
      notes_[here->name] = here->note.text();
      to.notes[here->name] = here->note;
    }
    MILLGATE_ASSIGN(const auto there, status_of(repository_, project_, source, to));
    // Files that the other branch knows nothing of are safe there.
    if (!there || there->state == SourceState::fresh) return {};
    if (there->carried || there->behind) {
      (here->folder ? done_.carried_folders : done_.carried_tables).push_back(here->name);
    }
    if (there->state == SourceState::unchanged) return {};
    const auto theirs = version_at(to.commit, here->name);
    if (theirs == version_at(from.commit, here->name) || theirs == here->base) return {};
    return would_be_mixed(*here, done_);
  }

  const Repository& repository_;
  const Project& project_;
  BranchSwitch& done_;
  std::map<std::string, std::string> notes_;
};

Result<BranchState> target_of(const Repository& repository, const SwitchRequest& request) {
  if (request.made_at.empty()) {
    MILLGATE_ASSIGN(const std::string name, repository.branch_name(request.branch));
    MILLGATE_ASSIGN(BranchState named, read_branch_state(repository, name));
    named.files_as_they_are = false;
    return named;
  }
  MILLGATE_ASSIGN(const Commit tip, repository.resolve(request.made_at));
  return branch_state_at(request.branch, tip);
}

}  // namespace

Result<BranchSwitch> switch_branch(Repository& repository, const Project& project,
                                   const SwitchRequest& request) {
  BranchSwitch done;
  MILLGATE_ASSIGN(BranchState to, target_of(repository, request));
  done.to = to.branch;
  // A current branch that is gone has no commit, so that every file counts as new.
  MILLGATE_ASSIGN(const Workspace before, read_workspace(repository.project_folder()));
  done.from = before.branch;
  MILLGATE_ASSIGN(BranchState from, branch_state_at(done.from, std::nullopt));
  for (const auto& [source, note] : before.carried_files) {
    to.notes.emplace(source, FileNote::parse(note));
  }
  if (auto known = read_branch_state(repository, kCurrentBranch); known.ok()) {
    from = *std::move(known);
  } else if (known.error().code != ErrorCode::not_found) {
    return std::move(known).error();
  }
  if (done.from == done.to && request.made_at.empty()) return done;
  Switch work(repository, project, done);
  MILLGATE_TRY(work.look(from, to));
  if (!request.made_at.empty()) {
    MILLGATE_TRY(repository.make_branch(request.branch, request.made_at, request.author));
  }
  MILLGATE_TRY(work.keep());
  return done;
}

}  // namespace millgate
