#include "ground/program.h"

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

constexpr int kMoreDescriptor = 3;

Error cannot_start(const std::string& program, int error_number) {
  Error error = system_failure("start", program, error_number);
  error.code = ErrorCode::outside;
  error.hint = "is " + program + " installed?";
  return error;
}

/// A file without a name that holds `input`, at its beginning.
Result<Descriptor> input_file(const std::string& program, const std::string& input) {
  Descriptor file(::memfd_create("input", MFD_CLOEXEC));
  if (!file.is_open()) return cannot_start(program, errno);
  MILLGATE_TRY(write_all(file.number(), input, "input of " + program));
  if (::lseek(file.number(), 0, SEEK_SET) != 0) return cannot_start(program, errno);
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

Result<ProgramAnswer> run_program(ProgramCall call) {
  const std::string program = call.words.front();
  std::vector<char*> pointers;
  pointers.reserve(call.words.size() + 1);
  for (std::string& word : call.words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  MILLGATE_ASSIGN(const Descriptor in, input_file(program, call.input));
  MILLGATE_ASSIGN(Descriptor more, input_file(program, call.more));
  // dup2 onto itself would leave the file closed in the child.
  while (more.number() <= kMoreDescriptor) {
    const int higher = ::fcntl(more.number(), F_DUPFD_CLOEXEC, kMoreDescriptor + 1);
    if (higher < 0) return cannot_start(program, errno);
    more = Descriptor(higher);
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return cannot_start(program, errno);
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.number(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, write_end.number(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, more.number(), kMoreDescriptor);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed =
      ::posix_spawnp(&child, program.c_str(), &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  write_end.close();
  if (failed != 0) return cannot_start(program, failed);
  ProgramAnswer answer;
  answer.output = read_to_end(read_end.number());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status)) return outside_failure(program + " was ended by a signal");
  answer.exit_code = WEXITSTATUS(status);
  return answer;
}

}  // namespace millgate
