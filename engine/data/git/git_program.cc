#include "data/git/git_program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "ground/descriptor.h"
#include "ground/durable_file.h"

namespace millgate {

namespace {

Error cannot_start(int error_number) {
  Error error = system_failure("start", "git", error_number);
  error.code = ErrorCode::outside;
  error.hint = "is git installed?";
  return error;
}

/// A file without a name that holds `input`, at its beginning.
Result<Descriptor> input_file(const std::string& input) {
  Descriptor file(::memfd_create("input", MFD_CLOEXEC));
  if (!file.is_open()) return cannot_start(errno);
  MILLGATE_TRY(write_all(file.number(), input, "input of git"));
  if (::lseek(file.number(), 0, SEEK_SET) != 0) return cannot_start(errno);
  return file;
}

std::string read_to_end(int descriptor) {
  std::string output;
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return output;
    output.append(buffer.data(), static_cast<size_t>(count));
  }
}

}  // namespace

Result<GitAnswer> run_git(const std::string& folder, const std::vector<std::string>& arguments,
                          const std::string& input) {
  std::vector<std::string> words = {"git", "--no-optional-locks", "-C", folder};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  MILLGATE_ASSIGN(const Descriptor in, input_file(input));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return cannot_start(errno);
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.number(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, write_end.number(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, "git", &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  write_end.close();
  if (failed != 0) return cannot_start(failed);
  GitAnswer answer;
  answer.output = read_to_end(read_end.number());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status)) return outside_failure("git was ended by a signal");
  answer.exit_code = WEXITSTATUS(status);
  return answer;
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
