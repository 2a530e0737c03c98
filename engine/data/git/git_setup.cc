#include "data/git/git_setup.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

#include "data/git/file_versions.h"
#include "data/git/git_program.h"
#include "ground/durable_file.h"
#include "ground/file_store.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBegin = "# >>> millgate: compared and merged by row and cell\n";
constexpr std::string_view kEnd = "# <<< millgate\n";
constexpr std::string_view kHookMark = "# Written by `millgate git install`";
constexpr std::array<const char*, 2> kSections = {"diff.millgate", "merge.millgate"};
constexpr std::array<const char*, 2> kHooks = {"pre-commit", "commit-msg"};

/// The text of a file, empty when there is none.
Result<std::string> text_or_nothing(const std::string& path) {
  auto text = read_file(path);
  if (!text.ok() && text.error().code == ErrorCode::not_found) return std::string();
  return text;
}

std::string without_block(const std::string& text) {
  const size_t begin = text.find(kBegin);
  if (begin == std::string::npos) return text;
  const size_t end = text.find(kEnd, begin);
  if (end == std::string::npos) return text;
  return text.substr(0, begin) + text.substr(end + kEnd.size());
}

std::string attributes_block() {
  std::string block(kBegin);
  for (const std::string& ending : file_format_endings()) {
    block += "*" + ending + " diff=millgate merge=millgate\n";
  }
  return block + std::string(kEnd);
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Configuration, attributes and hooks of one repository, or of the user.
class GitSetup {
 public:
  static Result<GitSetup> open(const std::string& folder, bool global) {
    GitSetup setup;
    setup.folder_ = folder;
    setup.scope_ = global ? "--global" : "--local";
    if (global) {
      MILLGATE_ASSIGN(setup.attributes_, global_attributes(folder));
      return setup;
    }
    MILLGATE_ASSIGN(setup.folder_, git_top_folder(folder));
    setup.attributes_ = setup.folder_ + "/.gitattributes";
    MILLGATE_ASSIGN(
        const std::string hooks,
        ask_git(setup.folder_, {"rev-parse", "--path-format=absolute", "--git-path", "hooks"}));
    setup.hooks_ = without_line_end(hooks);
    return setup;
  }

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] const GitSetupReport& report() const { return report_; }

  Status set(const std::string& name, const std::string& value) const {
    MILLGATE_TRY(ask_git(folder_, {"config", scope_, name, value}));
    return {};
  }
  Status set_number(const std::string& name, const std::string& value) const {
    MILLGATE_ASSIGN(const GitAnswer answer,
                    run_git(folder_, {"config", scope_, "--type=int", name, value}));
    if (answer.exit_code == 0) return {};
    return invalid_input("`" + value + "` is no size", "write it as git does: 500k, 10m, 1g");
  }
  /// Nothing is wrong when it is not there.
  Status remove_section(const std::string& name) const {
    MILLGATE_TRY(run_git(folder_, {"config", scope_, "--remove-section", name}));
    return {};
  }

  Status put_attributes(bool wanted) {
    MILLGATE_ASSIGN(const std::string text, text_or_nothing(attributes_));
    std::string next = without_block(text);
    if (wanted) {
      if (!next.empty() && next.back() != '\n') next += '\n';
      // Lines that follow take precedence: what the user wrote stays so.
      next = attributes_block() + next;
    }
    if (next == text) return {};
    report_.files.push_back(attributes_);
    if (!next.empty()) return write_file(attributes_, next);
    if (::unlink(attributes_.c_str()) != 0) return system_failure("remove", attributes_, errno);
    return {};
  }

  Status put_hook(const std::string& name, const std::string& command) {
    const std::string path = hooks_ + "/" + name;
    const std::string old = path + ".before-millgate";
    MILLGATE_ASSIGN(const std::string text, text_or_nothing(path));
    if (!text.empty() && text.find(kHookMark) == std::string::npos) {
      if (exists(old)) {
        return Error{.code = ErrorCode::conflict,
                     .what = "there are two hooks to keep: `" + path + "` and `" + old + "`",
                     .hint = "make one of them, then install again"};
      }
      std::error_code failed;
      fs::rename(path, old, failed);
      if (failed) return system_failure("rename", path, failed.value());
    }
    if (exists(old)) report_.kept_hooks.push_back(old);
    std::string script = "#!/bin/sh\n" + std::string(kHookMark) +
                         "; `millgate git uninstall` takes it out.\n"
                         "# The hook that was here before runs first.\n"
                         "before=\"$0.before-millgate\"\n"
                         "if [ -x \"$before\" ]; then \"$before\" \"$@\" || exit $?; fi\n" +
                         command;
    MILLGATE_TRY(make_folders(hooks_));
    MILLGATE_TRY(write_file(path, script));
    std::error_code failed;
    fs::permissions(path,
                    fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                        fs::perms::others_read | fs::perms::others_exec,
                    failed);
    if (failed) return system_failure("make executable", path, failed.value());
    report_.files.push_back(path);
    return {};
  }

  Status remove_hook(const std::string& name) {
    const std::string path = hooks_ + "/" + name;
    const std::string old = path + ".before-millgate";
    MILLGATE_ASSIGN(const std::string text, text_or_nothing(path));
    if (text.find(kHookMark) == std::string::npos) return {};
    if (::unlink(path.c_str()) != 0) return system_failure("remove", path, errno);
    report_.files.push_back(path);
    if (!exists(old)) return {};
    std::error_code failed;
    fs::rename(old, path, failed);
    if (failed) return system_failure("rename", old, failed.value());
    report_.kept_hooks.push_back(path);
    return {};
  }

 private:
  static Result<std::string> global_attributes(const std::string& folder) {
    MILLGATE_ASSIGN(const GitAnswer set,
                    run_git(folder, {"config", "--global", "--type=path", "core.attributesFile"}));
    if (set.exit_code == 0 && set.output.size() > 1) return without_line_end(set.output);
    const char* config = std::getenv("XDG_CONFIG_HOME");
    if (config != nullptr && *config != '\0') return std::string(config) + "/git/attributes";
    const char* home = std::getenv("HOME");
    if (home == nullptr || *home == '\0') {
      return outside_failure("the home folder is not known: the variable HOME is not set");
    }
    return std::string(home) + "/.config/git/attributes";
  }

  std::string folder_;
  std::string scope_;
  std::string attributes_;
  std::string hooks_;
  GitSetupReport report_;
};

/// Whether millgate is where it was; a commit must be possible without it.
std::string call_of(const std::string& program, const std::string& words) {
  return "program=" + shell_word(program) +
         "\n"
         "if [ ! -x \"$program\" ]; then\n"
         "  echo \"millgate is not at $program any more: its hook did nothing\" >&2\n"
         "  exit 0\n"
         "fi\n"
         "exec \"$program\" " +
         words + "\n";
}

}  // namespace

std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

Result<GitSetupReport> install_in_git(const std::string& folder, const GitSetupOptions& options) {
  if (options.global && (options.guard || options.trailer)) {
    return invalid_input("hooks belong to one repository",
                         "install them there, without --global; global drivers stay");
  }
  MILLGATE_ASSIGN(GitSetup setup, GitSetup::open(folder, options.global));
  const std::string program = shell_word(options.program);
  MILLGATE_TRY(setup.set("diff.millgate.command", program + " git diff"));
  MILLGATE_TRY(setup.set("diff.millgate.textconv", program + " git text"));
  MILLGATE_TRY(setup.set("merge.millgate.name", "rows and cells of data files"));
  MILLGATE_TRY(setup.set("merge.millgate.driver", program + " git merge %O %A %B %P %L"));
  MILLGATE_TRY(setup.put_attributes(true));
  if (!options.size_max.empty()) {
    MILLGATE_TRY(setup.set_number("millgate.sizeMax", options.size_max));
  }
  if (!options.large_action.empty()) {
    MILLGATE_TRY(setup.set("millgate.large", options.large_action));
  }
  if (options.guard) {
    MILLGATE_TRY(setup.put_hook("pre-commit", call_of(options.program, "git guard")));
  }
  if (options.trailer) {
    std::error_code failed;
    const fs::path full = fs::weakly_canonical(options.project, failed);
    const std::string project = fs::proximate(full, setup.folder(), failed).string();
    if (failed) return system_failure("find", options.project, failed.value());
    MILLGATE_TRY(setup.put_hook("commit-msg", call_of(options.program, "-C " + shell_word(project) +
                                                                           " git trailer \"$1\"")));
  }
  return setup.report();
}

Result<GitSetupReport> uninstall_from_git(const std::string& folder, bool global) {
  MILLGATE_ASSIGN(GitSetup setup, GitSetup::open(folder, global));
  for (const char* section : kSections) MILLGATE_TRY(setup.remove_section(section));
  MILLGATE_TRY(setup.put_attributes(false));
  if (global) return setup.report();
  MILLGATE_TRY(setup.remove_section("millgate"));
  for (const char* hook : kHooks) MILLGATE_TRY(setup.remove_hook(hook));
  return setup.report();
}

}  // namespace millgate
