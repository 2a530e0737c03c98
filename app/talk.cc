#include "app/talk.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "app/session.h"

namespace millgate {

namespace {

bool progress_shown = false;

bool colours_wanted() { return ::isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr; }

std::string painted(const char* code, const std::string& text) {
  return colours_wanted() ? std::string("\033[") + code + "m" + text + "\033[0m" : text;
}

}  // namespace

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::refused:
      return 1;
    case ErrorCode::invalid_input:
    case ErrorCode::not_found:
    case ErrorCode::conflict:
      return 2;
    case ErrorCode::overloaded:
    case ErrorCode::damaged:
    case ErrorCode::outside:
      return 3;
    case ErrorCode::bug:
      return 4;
  }
  return 4;
}

void print_error(const Error& error, bool json) {
  end_progress();
  if (json) {
    print_json({{"error",
                 {{"code", to_string(error.code)},
                  {"what", error.what},
                  {"where", error.where},
                  {"because", error.because},
                  {"hint", error.hint}}}});
    return;
  }
  std::cerr << painted("1;31", "error:") << ' ' << error.what << '\n';
  if (!error.where.empty()) std::cerr << "  --> " << error.where << '\n';
  if (!error.excerpt.empty()) {
    std::cerr << error.excerpt << (error.excerpt.back() == '\n' ? "" : "\n");
  }
  for (const std::string& cause : error.because) std::cerr << "because: " << cause << '\n';
  if (!error.hint.empty()) std::cerr << painted("1;36", "hint:") << ' ' << error.hint << '\n';
}

std::function<void(const std::string&, double)> progress_line() {
  if (::isatty(STDERR_FILENO) == 0) return nullptr;
  return [](const std::string& what, double share) {
    progress_shown = true;
    std::fprintf(stderr, "\r\033[K%s ... %.0f %%", what.c_str(), 100 * share);
    std::fflush(stderr);
  };
}

void end_progress() {
  if (!progress_shown) return;
  std::fputs("\r\033[K", stderr);
  progress_shown = false;
}

bool reader_left() {
  pollfd output{STDOUT_FILENO, 0, 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

}  // namespace millgate
