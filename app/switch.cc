#include "system/pipeline/switch_branch.h"

#include <iostream>

#include "app/commands.h"
#include "data/keep/remote.h"

namespace millgate {

namespace {

struct Options {
  std::string branch;
  std::string from = kCurrentBranch;
  bool create = false;
};

/// A branch named after a remote says what is known of that remote: nobody commits to it.
Status check_not_remote(const Repository& repository, const std::string& branch) {
  MILLGATE_ASSIGN(const auto remotes, read_remotes(repository));
  for (const auto& [remote, url] : remotes) {
    if (!branch.starts_with(remote + "/")) continue;
    const std::string name = branch.substr(remote.size() + 1);
    return invalid_input("branch `" + branch + "` is what is known of remote `" + remote + "`",
                         "make one of your own: `millgate switch -c " + name + " " + branch + "`");
  }
  return {};
}

void print_switch(const BranchSwitch& done) {
  if (done.from == done.to) {
    std::cout << "branch `" << done.to << "` is the current one already\n";
    return;
  }
  std::cout << "branch `" << done.to << "` is the current one now\n";
  for (const std::string& table : done.carried_tables) {
    std::cout << "  the files of table " << table << " stay as on `" << done.from
              << "`; a commit takes them when they change\n";
  }
  for (const std::string& folder : done.carried_folders) {
    std::cout << "  the files of folder " << folder << " stay as on `" << done.from
              << "`; `millgate checkout " << folder << "` brings those of this branch\n";
  }
}

Result<int> switch_to(const Session& session, const Options& options) {
  if (options.branch.empty()) {
    MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
    MILLGATE_ASSIGN(const std::string current, repository->branch_name(kCurrentBranch));
    if (session.json) {
      print_json({{"branch", current}});
    } else {
      std::cout << current << '\n';
    }
    return kDone;
  }
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  Repository& repository = *place.repository;
  MILLGATE_TRY(check_not_remote(repository, options.branch));
  SwitchRequest request;
  request.branch = options.branch;
  request.author = author_name();
  if (options.create) request.made_at = options.from;
  MILLGATE_ASSIGN(const BranchSwitch done, switch_branch(repository, place.project, request));
  if (session.json) {
    print_json({{"branch", done.to},
                {"branch_before", done.from},
                {"carried_tables", done.carried_tables},
                {"carried_folders", done.carried_folders}});
  } else {
    print_switch(done);
  }
  return kDone;
}

}  // namespace

void add_switch(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("switch", "make another branch the current one, or tell which it is",
                          "millgate switch -c relabelled");
  command.add_option("branch", options->branch, "the branch; without it, the current one is told");
  command.add_option("from", options->from, "with --create: the revision where it begins")
      .shows_default();
  command.add_flag("-c,--create", options->create, "make the branch");
  command.does([&session, options] { return switch_to(session, *options); });
}

}  // namespace millgate
