#include "data/git/git_program.h"

#include <utility>

#include "ground/program.h"

namespace millgate {

Result<GitAnswer> run_git(const std::string& folder, const std::vector<std::string>& arguments,
                          const std::string& input) {
  ProgramCall call{.words = {"git", "--no-optional-locks", "-C", folder}, .input = input};
  call.words.insert(call.words.end(), arguments.begin(), arguments.end());
  return run_program(std::move(call));
}

Result<std::string> ask_git(const std::string& folder, const std::vector<std::string>& arguments,
                            const std::string& input) {
  MILLGATE_ASSIGN(GitAnswer answer, run_git(folder, arguments, input));
  if (answer.exit_code == 0) return std::move(answer.output);
  std::string call = "git -C " + folder;
  for (const std::string& argument : arguments) call += " " + argument;
  return Error{.code = ErrorCode::outside,
               .what = "git refused with exit code " + std::to_string(answer.exit_code),
               .hint = "see why: `" + call + "`"};
}

Result<std::string> git_top_folder(const std::string& folder) {
  MILLGATE_ASSIGN(GitAnswer answer, run_git(folder, {"rev-parse", "--show-toplevel"}));
  if (answer.exit_code == 0 && answer.output.size() > 1) return without_line_end(answer.output);
  return not_found("`" + folder + "` is in no work tree of git",
                   "make one with `git init`, or install for all repositories with --global");
}

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace millgate
