#include "app/session.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace millgate {

namespace {

/// First line that `command` prints; empty when it fails. Only for fixed commands.
std::string first_line_of(const char* command) {
  std::string line;
  if (FILE* pipe = ::popen(command, "r"); pipe != nullptr) {
    for (int c = std::fgetc(pipe); c != EOF && c != '\n'; c = std::fgetc(pipe)) {
      line += static_cast<char>(c);
    }
    ::pclose(pipe);
  }
  return line;
}

}  // namespace

Result<std::shared_ptr<Repository>> open_repository(const Session& session) {
  MILLGATE_ASSIGN(const std::string folder, find_project_folder(session.folder));
  return Repository::open(folder, system_clock());
}

Result<Workplace> open_workplace(const Session& session) {
  MILLGATE_ASSIGN(const std::string folder, find_project_folder(session.folder));
  MILLGATE_ASSIGN(Project project, read_project(folder, session.overrides));
  MILLGATE_ASSIGN(std::shared_ptr<Repository> repository, Repository::open(folder, system_clock()));
  return Workplace{std::move(project), std::move(repository)};
}

std::string author_name() {
  if (const char* given = std::getenv("MILLGATE_AUTHOR"); given != nullptr && *given != '\0') {
    return given;
  }
  if (std::string name = first_line_of("git config user.name 2>/dev/null"); !name.empty()) {
    return name;
  }
  if (const passwd* login = ::getpwuid(::getuid()); login != nullptr) return login->pw_name;
  return "unknown";
}

void print_json(const Json& json) { std::cout << dump_json_pretty(json) << '\n'; }

}  // namespace millgate
