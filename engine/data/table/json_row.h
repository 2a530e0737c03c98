/// One line of a JSON lines file: an object of plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/table/text_stream.h"
#include "ground/error.h"

namespace millgate {

/// A field of an object. `text` holds strings, and numbers as they were written.
struct JsonField {
  enum class Kind { null, boolean, integer, number, big_integer, text };
  std::string name;
  Kind kind = Kind::null;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;
  std::string text;
};

/// Reads one object a line; empty lines are no rows. One thread at a time.
class JsonRows {
 public:
  /// Errors: as TextStream::open.
  [[nodiscard]] static Result<JsonRows> open(const std::string& path);

  /// Moves to the next row; false at the end. Errors: `invalid_input` with "file:line" for a
  /// line that is not a JSON object of plain values, or that names a field twice.
  [[nodiscard]] Result<bool> next();

  /// Valid until `next`.
  [[nodiscard]] const std::vector<JsonField>& fields() const { return fields_; }
  [[nodiscard]] int64_t line() const { return line_; }
  [[nodiscard]] size_t row_bytes() const { return row_bytes_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// "path:line" of the row.
  [[nodiscard]] std::string where() const;

 private:
  JsonRows(std::string path, TextStream stream)
      : path_(std::move(path)), stream_(std::move(stream)) {}
  [[nodiscard]] Result<bool> next_line(std::string_view& text);
  [[nodiscard]] Status parse(std::string_view text);

  std::string path_;
  TextStream stream_;
  std::vector<JsonField> fields_;
  size_t taken_ = 0;
  size_t row_bytes_ = 0;
  int64_t line_ = 0;
};

}  // namespace millgate
