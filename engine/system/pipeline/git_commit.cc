#include "system/pipeline/git_commit.h"

#include "data/git/git_program.h"

namespace millgate {

std::string git_commit_of(const std::string& folder) {
  const auto head = ask_git(folder, {"rev-parse", "--verify", "--quiet", "HEAD"});
  if (!head.ok()) return {};
  std::string commit = without_line_end(*head);
  const auto changes = ask_git(folder, {"status", "--porcelain", "--untracked-files=no"});
  if (changes.ok() && !changes->empty()) commit += '+';
  return commit;
}

}  // namespace millgate
