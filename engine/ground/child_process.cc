#include "ground/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "ground/descriptor.h"
#include "ground/durable_file.h"

namespace millgate {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLookEvery = std::chrono::milliseconds(200);
constexpr auto kGrace = std::chrono::seconds(2);

/// Kills the group whose number it reads, when whoever wrote it is gone without a second line.
constexpr const char* kGuard = "read group || exit 0; read done || kill -s KILL -- \"-$group\"";

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

struct Pipe {
  Descriptor read_end, write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_failure("make", "a pipe", errno);
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

/// Owns what posix_spawn wants to know.
class Spawner {
 public:
  Spawner() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t usual;
    ::sigemptyset(&none);
    ::sigemptyset(&usual);
    ::sigaddset(&usual, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &usual);
    ::posix_spawnattr_setpgroup(&attributes_, 0);  // A group of its own.
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Spawner() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  void connect(int from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from, to); }
  void open_null(int to, int flags) {
    ::posix_spawn_file_actions_addopen(&actions_, to, "/dev/null", flags, 0);
  }
  void begin_in(const std::string& folder) {
    ::posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
  }

  Result<pid_t> start(const std::vector<std::string>& command,
                      const std::vector<std::string>& environment) {
    const auto pointers = [](const std::vector<std::string>& texts) {
      std::vector<char*> list;
      list.reserve(texts.size() + 1);
      for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
      list.push_back(nullptr);
      return list;
    };
    pid_t child = 0;
    const int failed = ::posix_spawnp(&child, command.front().c_str(), &actions_, &attributes_,
                                      pointers(command).data(), pointers(environment).data());
    if (failed == 0) return child;
    Error error = system_failure("start", command.front(), failed);
    error.code = ErrorCode::outside;
    error.hint = failed == ENOENT ? "is it installed, and found along PATH?" : error.hint;
    return error;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string text = *one;
    if (!added.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

/// Keeps the beginning and the end of a long text.
class LongText {
 public:
  void add(std::string_view bytes) {
    constexpr size_t kHead = kProcessErrorsMax / 4;
    const size_t to_head = std::min(bytes.size(), kHead - std::min(kHead, head_.size()));
    head_ += bytes.substr(0, to_head);
    tail_ += bytes.substr(to_head);
    constexpr size_t kTail = kProcessErrorsMax - kHead;
    if (tail_.size() <= 2 * kTail) return;
    left_out_ += tail_.size() - kTail;
    tail_.erase(0, tail_.size() - kTail);
  }
  [[nodiscard]] std::string text() const {
    if (left_out_ == 0) return head_ + tail_;
    return head_ + "\n[" + std::to_string(left_out_) + " bytes left out]\n" + tail_;
  }

 private:
  std::string head_, tail_;
  size_t left_out_ = 0;
};

/// Bytes to lines, of which long ones are cut.
class LineCutter {
 public:
  explicit LineCutter(const std::function<Status(std::string_view)>& on_line) : on_line_(on_line) {}

  Status add(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      line_ += part.substr(0, kProcessLineMax - std::min(kProcessLineMax, line_.size()));
      if (end == std::string_view::npos) return {};
      bytes = bytes.substr(end + 1);
      MILLGATE_TRY(finish());
    }
    return {};
  }
  /// Also of a last line without an end.
  Status finish() {
    const std::string line = std::exchange(line_, {});
    return on_line_ ? on_line_(line) : Status();
  }
  [[nodiscard]] bool is_open() const { return !line_.empty(); }

 private:
  const std::function<Status(std::string_view)>& on_line_;
  std::string line_;
};

std::optional<int64_t> number_at(const std::vector<std::string_view>& words, size_t at) {
  int64_t number = 0;
  if (at >= words.size()) return std::nullopt;
  const auto [end, error] =
      std::from_chars(words[at].data(), words[at].data() + words[at].size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

/// Resident bytes of the processes of a group.
int64_t memory_of_group(pid_t group) {
  int64_t pages = 0;
  std::error_code failed;
  for (auto entry = std::filesystem::directory_iterator("/proc", failed);
       !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry->path() / "stat");
    std::string text;
    std::getline(file, text);
    const size_t after_name = text.rfind(')');  // The name may hold anything.
    if (after_name == std::string::npos) continue;
    std::vector<std::string_view> words;
    std::string_view rest = std::string_view(text).substr(after_name + 1);
    while (!rest.empty()) {
      const size_t space = rest.find(' ');
      if (space != 0) words.push_back(rest.substr(0, space));
      rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
    }
    // After the name: state, parent, group ... and the resident pages as the 22nd.
    if (number_at(words, 2) == int64_t{group}) pages += number_at(words, 21).value_or(0);
  }
  return pages * ::sysconf(_SC_PAGESIZE);
}

int64_t bytes_in(const std::string& folder) {
  int64_t bytes = 0;
  std::error_code failed;
  for (auto entry = std::filesystem::recursive_directory_iterator(folder, failed);
       !failed && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(failed)) {
    std::error_code gone;
    if (!entry->is_regular_file(gone) || gone) continue;
    const auto size = entry->file_size(gone);
    if (!gone) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

/// A program at work.
class Running {
 public:
  Running(const ProcessOrder& order, ProcessEnd& end)
      : order_(order), end_(end), lines_(order.on_line) {}

  Status run() {
    MILLGATE_TRY(start());
    const Status watched = watch();
    finish();
    return watched;
  }

 private:
  Status start() {
    // A socket: whoever writes into one that nobody reads is told, and not ended by a signal.
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      return system_failure("make", "a socket", errno);
    }
    Pipe guard{Descriptor(ends[0]), Descriptor(ends[1])};
    MILLGATE_ASSIGN(Pipe output, make_pipe());
    MILLGATE_ASSIGN(Pipe errors, make_pipe());
    Spawner shell;
    shell.connect(guard.read_end.number(), STDIN_FILENO);
    shell.open_null(STDOUT_FILENO, O_WRONLY);
    shell.open_null(STDERR_FILENO, O_WRONLY);
    MILLGATE_ASSIGN(guard_, shell.start({"/bin/sh", "-c", kGuard}, {"PATH=/usr/bin:/bin"}));
    guard_line_ = std::move(guard.write_end);

    Spawner program;
    program.open_null(STDIN_FILENO, O_RDONLY);
    program.connect(output.write_end.number(), STDOUT_FILENO);
    program.connect(errors.write_end.number(), STDERR_FILENO);
    program.begin_in(order_.folder);
    auto child = program.start(order_.command, environment_with(order_.environment));
    if (!child) {
      dismiss_guard();
      return child.error();
    }
    child_ = *child;
    began_ = Clock::now();
    tell_guard(std::to_string(child_) + "\n");
    ended_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, child_, 0)));
    output_ = std::move(output.read_end);
    errors_ = std::move(errors.read_end);
    return {};
  }

  void tell_guard(const std::string& line) const {
    // A guard that is gone is no reason to stop.
    (void)::send(guard_line_.number(), line.data(), line.size(), MSG_NOSIGNAL);
  }

  void dismiss_guard() {
    tell_guard("0\ndone\n");
    guard_line_.close();
    while (::waitpid(guard_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  [[nodiscard]] bool has_ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
  }

  /// Until the program has ended and what it wrote is read.
  Status watch() {
    while (true) {
      MILLGATE_TRY(look_and_read());
      if (has_ended()) break;
      check_limits();
    }
    ::kill(-child_, SIGKILL);  // What it left behind would keep the pipes open.
    ended_.close();
    // A process that left the group may keep them open for ever.
    const auto until = Clock::now() + kGrace;
    while ((output_.is_open() || errors_.is_open()) && Clock::now() < until) {
      MILLGATE_TRY(look_and_read());
    }
    return lines_.is_open() ? lines_.finish() : Status();
  }

  Status look_and_read() {
    std::array<pollfd, 3> wait{{{output_.number(), POLLIN, 0},
                                {errors_.number(), POLLIN, 0},
                                {ended_.number(), POLLIN, 0}}};
    const auto span = std::chrono::milliseconds(ended_.is_open() ? kLookEvery : kLookEvery / 10);
    // A negative descriptor is passed over.
    if (::poll(wait.data(), wait.size(), static_cast<int>(span.count())) <= 0) return {};
    if (wait[1].revents != 0) read_errors();
    return wait[0].revents != 0 ? read_output() : Status();
  }

  /// Nothing at the end of the pipe, which is closed then.
  static std::string_view read_some(Descriptor& from, std::array<char, 65536>& buffer) {
    ssize_t count = 0;
    do {
      count = ::read(from.number(), buffer.data(), buffer.size());
    } while (count < 0 && errno == EINTR);
    if (count <= 0) from.close();
    return {buffer.data(), static_cast<size_t>(std::max<ssize_t>(count, 0))};
  }

  void read_errors() {
    std::array<char, 65536> buffer{};
    error_text_.add(read_some(errors_, buffer));
  }

  Status read_output() {
    std::array<char, 65536> buffer{};
    return lines_.add(read_some(output_, buffer));
  }

  void check_limits() {
    const auto now = Clock::now();
    if (asked_to_end_) {
      if (now - *asked_to_end_ > kGrace) ::kill(-child_, SIGKILL);
      return;
    }
    const std::chrono::duration<double> spent = now - began_;
    if (order_.seconds_max > 0 && spent.count() > order_.seconds_max) {
      return stop(ProcessFate::out_of_time);
    }
    if (now - looked_ < kLookEvery) return;
    looked_ = now;
    if (order_.memory_bytes_max > 0 && memory_of_group(child_) > order_.memory_bytes_max) {
      return stop(ProcessFate::out_of_memory);
    }
    if (order_.folder_bytes_max > 0 && bytes_in(order_.measured_folder) > order_.folder_bytes_max) {
      return stop(ProcessFate::out_of_disk);
    }
  }

  void stop(ProcessFate fate) {
    end_.fate = fate;
    asked_to_end_ = Clock::now();
    ::kill(-child_, SIGTERM);
  }

  /// The child is a zombie at most until here: so long nobody else can get its number.
  void finish() {
    ::kill(-child_, SIGKILL);
    int status = 0;
    rusage used{};
    while (::wait4(child_, &status, 0, &used) < 0 && errno == EINTR) {
    }
    dismiss_guard();
    end_.seconds = std::chrono::duration<double>(Clock::now() - began_).count();
    end_.cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
    end_.memory_bytes_peak = int64_t{used.ru_maxrss} * 1024;
    end_.errors = error_text_.text();
    end_.code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    if (WIFSIGNALED(status) && end_.fate == ProcessFate::exited) {
      end_.fate = ProcessFate::signalled;
    }
  }

  const ProcessOrder& order_;
  ProcessEnd& end_;
  LineCutter lines_;
  LongText error_text_;
  Descriptor output_, errors_, ended_, guard_line_;
  pid_t guard_ = 0, child_ = 0;
  Clock::time_point began_, looked_;
  std::optional<Clock::time_point> asked_to_end_;
};

}  // namespace

Status run_process(const ProcessOrder& order, ProcessEnd& end) {
  if (order.command.empty()) return invalid_input("there is no program to run");
  end = {};
  return Running(order, end).run();
}

}  // namespace millgate
