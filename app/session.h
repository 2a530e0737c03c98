/// What every command gets: the options that all share, and doors to the project.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/json.h"
#include "system/pipeline/project.h"

namespace millgate {

/// One call of the program.
struct Session {
  bool json = false;                    ///< --json: one JSON document on stdout.
  std::string folder = ".";             ///< -C: where to look for the project.
  std::vector<std::string> overrides;   ///< --set a.b=value.
  std::function<Result<int>()> action;  ///< Set by the command that was typed.
};

/// The project that the call is about, read and opened.
struct Workplace {
  Project project;
  std::shared_ptr<Repository> repository;
};

/// Errors: `not_found` outside a project; `invalid_input` with the place in the project file.
[[nodiscard]] Result<Workplace> open_workplace(const Session& session);
/// The store alone, for commands that must work also when the project file is wrong.
[[nodiscard]] Result<std::shared_ptr<Repository>> open_repository(const Session& session);

/// Who acts: MILLGATE_AUTHOR, else git's user.name, else the name of the login.
[[nodiscard]] std::string author_name();

/// Prints one JSON document to stdout.
void print_json(const Json& json);

/// Exit codes, as documented in the help.
inline constexpr int kDone = 0;
inline constexpr int kAnswerIsNo = 1;

}  // namespace millgate
