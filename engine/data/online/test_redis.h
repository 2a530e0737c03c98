/// For tests: a real Redis server of their own, on a Unix socket.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "data/online/redis_address.h"
#include "ground/test_folder.h"

extern "C" char** environ;

namespace millgate {

/// Runs as long as it lives; keeps nothing over a restart. Abstract: `settings` are words of its
/// configuration.
class RedisServer {
 public:
  explicit RedisServer(std::vector<std::string> settings = {}) : settings_(std::move(settings)) {
    std::signal(SIGPIPE, SIG_IGN);  // As the program does.
    start();
  }
  ~RedisServer() { stop(); }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  void start() {
    std::vector<std::string> words = {
        "redis-server", "--port",       "0",     "--save", "", "--appendonly", "no", "--dir",
        folder_.path(), "--unixsocket", socket()};
    words.insert(words.end(), settings_.begin(), settings_.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t silent;
    posix_spawn_file_actions_init(&silent);
    posix_spawn_file_actions_addopen(&silent, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&process_, "redis-server", &silent, nullptr, arguments.data(), environ) != 0) {
      process_ = -1;
    }
    posix_spawn_file_actions_destroy(&silent);
    while (process_ > 0 && !answers() && ::waitpid(process_, nullptr, WNOHANG) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
    ::unlink(socket().c_str());
  }
  /// It is there and does not answer.
  void freeze() const { ::kill(process_, SIGSTOP); }
  void thaw() const { ::kill(process_, SIGCONT); }

  [[nodiscard]] RedisAddress address() const {
    return {.text = "unix://" + socket(), .host = {}, .socket = socket(), .user = {}};
  }
  [[nodiscard]] const TestFolder& folder() const { return folder_; }

 private:
  [[nodiscard]] std::string socket() const { return folder_.path("redis"); }
  [[nodiscard]] bool answers() const {
    const int end = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un place{.sun_family = AF_UNIX, .sun_path = {}};
    socket().copy(place.sun_path, sizeof(place.sun_path) - 1);
    const bool connected =
        ::connect(end, reinterpret_cast<const sockaddr*>(&place), sizeof(place)) == 0;
    ::close(end);
    return connected;
  }

  TestFolder folder_;
  std::vector<std::string> settings_;
  pid_t process_ = -1;
};

}  // namespace millgate
