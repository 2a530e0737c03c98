#include <filesystem>
#include <iostream>

#include "app/commands.h"
#include "app/git_commands.h"
#include "data/git/git_setup.h"
#include "system/pipeline/project.h"

namespace millgate {

namespace {

void print_report(const Session& session, const GitSetupReport& report, bool installed) {
  if (session.json) {
    print_json(
        {{"installed", installed}, {"files", report.files}, {"kept_hooks", report.kept_hooks}});
    return;
  }
  std::cout << (installed ? "git compares and merges CSV, JSON lines and Parquet by row and cell\n"
                          : "git compares and merges data files by lines again\n");
  for (const std::string& file : report.files) std::cout << "  changed " << file << '\n';
  for (const std::string& hook : report.kept_hooks) {
    std::cout << "  your hook goes on to work: " << hook << '\n';
  }
}

Result<int> install(const Session& session, GitSetupOptions options) {
  std::error_code failed;
  options.program = std::filesystem::read_symlink("/proc/self/exe", failed).string();
  if (failed) return outside_failure("the path of millgate itself cannot be found");
  if (options.trailer) {
    MILLGATE_ASSIGN(options.project, find_project_folder(session.folder));
  }
  MILLGATE_ASSIGN(const GitSetupReport report, install_in_git(session.folder, options));
  print_report(session, report, true);
  return kDone;
}

Result<int> uninstall(const Session& session, bool global) {
  MILLGATE_ASSIGN(const GitSetupReport report, uninstall_from_git(session.folder, global));
  print_report(session, report, false);
  return kDone;
}

}  // namespace

void add_git(const Command& program, Session& session) {
  const Command git =
      program.add_command("git", "data files in git: compared and merged by row and cell",
                          "millgate git install --guard");
  git.requires_command();

  const Command install_command =
      git.add_command("install", "let git compare and merge CSV, JSON lines and Parquet by cell",
                      "millgate git install --guard --size-max 5m --trailer");
  auto options = std::make_shared<GitSetupOptions>();
  install_command.add_flag("--global", options->global,
                           "for all your repositories instead of this one");
  const Parameter guard = install_command.add_flag(
      "--guard", options->guard, "a hook: a commit that brings in a large file is refused");
  install_command
      .add_option("--size-max", options->size_max,
                  "what `--guard` calls large: 500k, 10m (the default), 1g")
      .needs(guard);
  install_command
      .add_option("--large", options->large_action,
                  "what `--guard` does: refuse (the default), warn")
      .one_of({"refuse", "warn"})
      .needs(guard);
  install_command.add_flag("--trailer", options->trailer,
                           "a hook: each commit of git names the commit of the data beside it");
  install_command.does([&session, options] { return install(session, *options); });

  const Command uninstall_command = git.add_command(
      "uninstall", "take the drivers and hooks out of git again", "millgate git uninstall");
  auto global = std::make_shared<bool>(false);
  uninstall_command.add_flag("--global", *global, "what was installed with --global");
  uninstall_command.does([&session, global] { return uninstall(session, *global); });

  add_git_drivers(git);
  add_git_hooks(git, session);
}

}  // namespace millgate
