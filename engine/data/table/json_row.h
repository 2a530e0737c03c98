/// One line of a JSON lines file: an object.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/table/json_value.h"
#include "data/table/text_stream.h"
#include "ground/error.h"

namespace millgate {

/// Reads one object a line; empty lines are no rows. One thread at a time.
class JsonRows {
 public:
  /// Errors: as TextStream::open.
  [[nodiscard]] static Result<JsonRows> open(const std::string& path);

  /// Moves to the next row; false at the end. Errors: `invalid_input` with "file:line" for a
  /// line that is not a JSON object, or as `parse_json_value` tells.
  [[nodiscard]] Result<bool> next();

  /// Valid until `next`.
  [[nodiscard]] const std::vector<JsonValue>& fields() const { return row_.items; }
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
  JsonValue row_;
  size_t taken_ = 0;
  size_t row_bytes_ = 0;
  int64_t line_ = 0;
};

}  // namespace millgate
