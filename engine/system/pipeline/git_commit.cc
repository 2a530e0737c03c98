#include "system/pipeline/git_commit.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <vector>

namespace millgate {

namespace {

/// What `git -C folder arguments...` writes to stdout; nothing when it cannot be started or
/// fails. No shell is involved, so no name can be taken for a command.
std::optional<std::string> ask_git(const std::string& folder, std::vector<std::string> arguments) {
  std::vector<std::string> words = {"git", "--no-optional-locks", "-C", folder};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, "git", &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string output;
  if (failed == 0) {
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t count = ::read(ends[0], buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      output.append(buffer.data(), static_cast<size_t>(count));
    }
  }
  ::close(ends[0]);
  if (failed != 0) return std::nullopt;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return output;
}

}  // namespace

std::string git_commit_of(const std::string& folder) {
  const auto head = ask_git(folder, {"rev-parse", "--verify", "--quiet", "HEAD"});
  if (!head) return {};
  std::string commit = *head;
  commit.erase(std::remove(commit.begin(), commit.end(), '\n'), commit.end());
  const auto changes = ask_git(folder, {"status", "--porcelain", "--untracked-files=no"});
  if (changes && !changes->empty()) commit += '+';
  return commit;
}

}  // namespace millgate
