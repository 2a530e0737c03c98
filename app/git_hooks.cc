#include <algorithm>
#include <climits>
#include <iostream>
#include <sstream>

#include "app/git_commands.h"
#include "app/text_table.h"
#include "data/git/git_program.h"
#include "data/git/staged_files.h"
#include "ground/file_store.h"

namespace millgate {

namespace {

constexpr const char* kTrailer = "Millgate-Data";

Result<int> guard(const Session& session) {
  MILLGATE_ASSIGN(const std::string top, git_top_folder(session.folder));
  MILLGATE_ASSIGN(const LargeFileRule rule, large_file_rule(top));
  MILLGATE_ASSIGN(const auto large, large_staged_files(top, rule.size_bytes_max));
  if (session.json) {
    Json files = Json::array();
    for (const StagedFile& file : large) {
      files.push_back({{"path", file.path}, {"size_bytes", file.size_bytes}});
    }
    print_json(
        {{"size_bytes_max", rule.size_bytes_max}, {"refuses", rule.refuses}, {"files", files}});
  } else if (!large.empty()) {
    for (const StagedFile& file : large) {
      std::cerr << (rule.refuses ? "error: " : "warning: ") << file.path << " has "
                << byte_size(file.size_bytes) << "; the limit for files in git is "
                << byte_size(rule.size_bytes_max) << '\n';
    }
    std::cerr << "hint: `git rm --cached FILE`, name it in .gitignore, and keep its rows with "
                 "`millgate commit`\n"
                 "hint: another limit: `git config millgate.sizeMax 50m`; this once: `git commit "
                 "--no-verify`\n";
  }
  return large.empty() || !rule.refuses ? kDone : kAnswerIsNo;
}

/// Whether a message says something beside comments: git gives a commit up otherwise.
bool says_something(const std::string& message) {
  std::istringstream lines(message);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with("# ------------------------ >8")) return false;
    if (!line.empty() && line[0] != '#' && line.find_first_not_of(" \t\r") != std::string::npos) {
      return true;
    }
  }
  return false;
}

Result<int> trailer(const Session& session, const std::string& path) {
  MILLGATE_ASSIGN(const std::string message, read_file(path));
  if (!says_something(message)) return kDone;
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  const auto tip = repository->resolve(kCurrentBranch);
  if (!tip.ok()) return kDone;  // There is no data yet.
  MILLGATE_TRY(ask_git(".", {"interpret-trailers", "--in-place", "--if-exists", "replace",
                             "--trailer", std::string(kTrailer) + ": " + tip->id.hex(), path}));
  return kDone;
}

/// What is known about the data of a commit of git.
struct DataOfCommit {
  std::string git_commit;
  std::string named;             ///< The data commit in its message; empty: none.
  std::vector<Commit> recorded;  ///< Commits of data that were made with it, the newest first.
};

Result<DataOfCommit> find_data(const Session& session, const Repository& repository,
                               const std::string& revision) {
  DataOfCommit found;
  MILLGATE_ASSIGN(const GitAnswer id, run_git(session.folder, {"rev-parse", "--verify", "--quiet",
                                                               revision + "^{commit}"}));
  if (id.exit_code != 0) {
    return not_found("git knows no commit `" + revision + "`", "`git log` lists commits");
  }
  found.git_commit = without_line_end(id.output);
  MILLGATE_ASSIGN(
      const std::string named,
      ask_git(session.folder,
              {"log", "-1", "--format=%(trailers:key=Millgate-Data,valueonly)", found.git_commit}));
  found.named = without_line_end(named);
  if (!repository.resolve(kCurrentBranch).ok()) return found;
  MILLGATE_ASSIGN(const auto log, repository.log(kCurrentBranch, INT_MAX));
  for (const Commit& commit : log) {
    if (commit.git_commit.starts_with(found.git_commit)) found.recorded.push_back(commit);
  }
  return found;
}

Result<int> data(const Session& session, const std::string& revision) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const DataOfCommit found, find_data(session, *repository, revision));
  const bool any = !found.named.empty() || !found.recorded.empty();
  if (session.json) {
    Json recorded = Json::array();
    for (const Commit& commit : found.recorded) {
      recorded.push_back({{"commit", commit.id.hex()},
                          {"message", commit.message},
                          {"unclean", commit.git_commit.ends_with('+')}});
    }
    print_json({{"git_commit", found.git_commit},
                {"named", found.named.empty() ? Json(nullptr) : Json(found.named)},
                {"recorded", recorded}});
    return any ? kDone : kAnswerIsNo;
  }
  if (!found.named.empty()) {
    const auto commit = repository->resolve(found.named);
    std::cout << "made beside data " << found.named.substr(0, 12)
              << (commit.ok() ? ": " + commit->message : ", which is not in this store") << '\n';
  }
  for (const Commit& commit : found.recorded) {
    std::cout << "data " << commit.id.brief() << " was made with it"
              << (commit.git_commit.ends_with('+') ? " and changes that are not in git" : "")
              << ": " << commit.message << '\n';
  }
  if (!any) {
    std::cout << "no data is known of git commit " << found.git_commit.substr(0, 12) << '\n';
  }
  return any ? kDone : kAnswerIsNo;
}

}  // namespace

void add_git_hooks(const Command& git, Session& session) {
  const Command guard_command = git.add_command(
      "guard", "tell large files that the next commit of git would bring in", "millgate git guard");
  guard_command.does([&session] { return guard(session); });

  const Command trailer_command =
      git.add_command("trailer", "(for git) name the commit of the data in a commit's message",
                      "millgate git trailer .git/COMMIT_EDITMSG");
  auto path = std::make_shared<std::string>();
  trailer_command.add_option("file", *path, "the file with the message").required();
  trailer_command.does([&session, path] { return trailer(session, *path); });

  const Command data_command = git.add_command(
      "data", "show which commits of data belong to a commit of git", "millgate git data HEAD~1");
  auto revision = std::make_shared<std::string>("HEAD");
  data_command.add_option("revision", *revision, "the commit of git").shows_default();
  data_command.does([&session, revision] { return data(session, *revision); });
}

}  // namespace millgate
