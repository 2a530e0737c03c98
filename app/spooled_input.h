/// Standard input kept in a file, since readers of rows look at them more than once.
#pragma once

#include <cstdint>
#include <string>

#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// A file in the scratch folder that is removed with this.
class SpooledInput {
 public:
  /// Reads standard input to its end. `format` as in "csv" becomes the end of the file's name.
  /// Errors: `invalid_input` when it is empty or a terminal, and for text whose last line does not
  /// end, since its writer was broken off; `outside`.
  [[nodiscard]] static Result<SpooledInput> read(const Repository& repository,
                                                 const std::string& format);
  SpooledInput(SpooledInput&& other) noexcept;
  SpooledInput& operator=(SpooledInput&&) = delete;
  SpooledInput(const SpooledInput&) = delete;
  SpooledInput& operator=(const SpooledInput&) = delete;
  ~SpooledInput();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& sha256() const { return sha256_; }
  [[nodiscard]] int64_t size_bytes() const { return size_bytes_; }
  /// `error` with "standard input" where it names the file.
  [[nodiscard]] Error as_standard_input(Error error) const;

 private:
  explicit SpooledInput(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] Status fill(bool text);

  std::string path_;
  std::string sha256_;
  int64_t size_bytes_ = 0;
};

}  // namespace millgate
