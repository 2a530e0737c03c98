/// The bytes of a text file of the user, unpacked, in blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace arrow::io {
class InputStream;
}

namespace millgate {

/// A window that slides over the text of one file: `rest` shows what was read and not taken
/// yet. Unpacks .gz by name and skips a byte-order mark. One thread at a time.
class TextStream {
 public:
  /// Errors: `not_found`; `invalid_input` for an empty file or UTF-16.
  [[nodiscard]] static Result<TextStream> open(const std::string& path);

  /// From byte `offset` of a file that is not packed. Errors: as `open`.
  [[nodiscard]] static Result<TextStream> open_at(const std::string& path, int64_t offset);

  /// Of text that is in memory already; `name` stands for the path in messages.
  /// Errors: `invalid_input` when it is empty or UTF-16.
  [[nodiscard]] static Result<TextStream> of(std::string name, std::string text);

  /// Valid until the next call of `read_more`.
  [[nodiscard]] std::string_view rest() const;
  /// Whether `rest` reaches the end of the file.
  [[nodiscard]] bool at_end() const { return at_end_; }
  /// Takes `count` bytes from the front of `rest`.
  void take(size_t count) {
    begin_ += count;
    offset_ += static_cast<int64_t>(count);
  }
  /// The byte of the text, from 0, at which `rest` begins.
  [[nodiscard]] int64_t offset() const { return offset_; }
  /// Makes `rest` longer, or notices the end. Each call in a row reads twice as much, so that a
  /// long line costs no more than a constant times its length.
  /// Errors: `invalid_input` for a truncated archive and for lines beyond 256 MiB; `outside`.
  [[nodiscard]] Status read_more();

 private:
  TextStream(std::string path, std::shared_ptr<arrow::io::InputStream> file)
      : path_(std::move(path)), file_(std::move(file)) {}
  [[nodiscard]] Status skip_byte_order_mark();

  std::string path_;
  std::shared_ptr<arrow::io::InputStream> file_;
  std::string buffer_;
  size_t begin_ = 0;
  int64_t offset_ = 0;
  bool at_end_ = false;
};

/// Byte at which `text` stops being UTF-8; npos when all of it is.
[[nodiscard]] size_t invalid_utf8_at(std::string_view text);

/// The error for byte `at` of the line at "path:line" that is no UTF-8.
[[nodiscard]] Error invalid_utf8_error(const std::string& path, int64_t line);

/// `text` between backquotes, shortened to a length that fits a message.
[[nodiscard]] std::string quoted_briefly(std::string_view text);

}  // namespace millgate
