/// A file or socket of the operating system that closes itself. Include in .cc files.
#pragma once

#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "ground/error.h"

namespace millgate {

/// Owns a file descriptor; negative: none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// Writes all of `bytes`. Errors name `path`, as `system_failure` does.
[[nodiscard]] Status write_all(int descriptor, std::string_view bytes, const std::string& path);

}  // namespace millgate
