/// The text of a file that a person wrote, and how to point at a place in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millgate {

/// Where something stands in a file. Lines and columns start at 1; a column is a code point,
/// because that is what a person counts. Line 0: nowhere.
struct Place {
  uint32_t line = 0;
  uint32_t column = 0;
};

/// Immutable; thread-safe.
class SourceText {
 public:
  /// `path` is for messages only.
  SourceText(std::string path, std::string text);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& text() const { return text_; }

  /// "path:line:column"; only the path when the place is nowhere; nothing without a path.
  [[nodiscard]] std::string where(Place place) const;

  /// The line of `begin` with carets below it up to `end` (exclusive) or to the end of the
  /// line, at least one. Without a line feed at the end; empty when there is no such line.
  ///
  ///     7 | metric = "latency_p99"
  ///       |          ^^^^^^^^^^^^^
  [[nodiscard]] std::string excerpt(Place begin, Place end) const;

  /// The place of byte `offset` of the value of the TOML string that begins at `begin` with
  /// its opening quote, seen through escapes and line ends.
  [[nodiscard]] Place inside_string(Place begin, size_t offset) const;

  /// The place of byte `byte` of the text.
  [[nodiscard]] Place place_at(size_t byte) const;

  /// The place of the first byte that is not UTF-8; nowhere when all are.
  [[nodiscard]] Place first_invalid_utf8() const;

 private:
  [[nodiscard]] std::string_view line(uint32_t number) const;
  [[nodiscard]] size_t byte_at(Place place) const;

  std::string path_;
  std::string text_;
  std::vector<size_t> line_starts_;
};

}  // namespace millgate
