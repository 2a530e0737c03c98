#include "app/spooled_input.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "data/table/table_format.h"
#include "ground/descriptor.h"
#include "ground/durable_file.h"
#include "ground/id.h"

namespace millgate {

namespace {

constexpr size_t kBlockBytes = 1 << 20;
constexpr std::string_view kName = "standard input";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

Result<SpooledInput> SpooledInput::read(const Repository& repository, const std::string& format) {
  if (::isatty(STDIN_FILENO) != 0) {
    return invalid_input("standard input is a terminal",
                         "send the rows by a pipe: python make_rows.py | millgate commit ...");
  }
  SpooledInput input(repository.folder("scratch") + "/" + unique_name("stdin-") + "." + format);
  const auto known = format_of_name(input.path_);
  MILLGATE_TRY(input.fill(known && is_text_format(*known)));
  return input;
}

SpooledInput::SpooledInput(SpooledInput&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      sha256_(std::move(other.sha256_)),
      size_bytes_(other.size_bytes_) {}

SpooledInput::~SpooledInput() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Status SpooledInput::fill(bool text) {
  const Descriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open()) return system_failure("write", path_, errno);
  Hasher hasher;
  std::string block(kBlockBytes, '\0');
  char last = '\0';
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("read", std::string(kName), errno);
    if (count == 0) break;
    const std::string_view bytes(block.data(), static_cast<size_t>(count));
    hasher.add(bytes);
    MILLGATE_TRY(write_all(file.number(), bytes, path_));
    size_bytes_ += count;
    last = bytes.back();
  }
  if (size_bytes_ == 0) {
    return invalid_input("standard input is empty: not even names of columns came",
                         "did the program that writes the rows fail?");
  }
  // A number that is cut off is still a number, so nobody else would notice.
  if (text && last != '\n' && last != '\r') {
    return invalid_input(
        "standard input breaks off in a line",
        "did the program that writes the rows fail? nothing was committed; text is "
        "whole when its last line ends like the others");
  }
  sha256_ = hasher.finish().hex();
  return {};
}

Error SpooledInput::as_standard_input(Error error) const {
  replace_all(error.what, path_, kName);
  replace_all(error.where, path_, kName);
  replace_all(error.hint, path_, kName);
  for (std::string& cause : error.because) replace_all(cause, path_, kName);
  return error;
}

}  // namespace millgate
