#include "ground/source_text.h"

#include <algorithm>

namespace millgate {

namespace {

/// Length in bytes of the code point that starts with `lead`; 0 when none can.
size_t code_point_bytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte < 0x80) return 1;
  if (byte >= 0xc2 && byte < 0xe0) return 2;
  if (byte >= 0xe0 && byte < 0xf0) return 3;
  if (byte >= 0xf0 && byte < 0xf5) return 4;
  return 0;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Length of the valid code point at the front of `text`, 0 when it is invalid.
size_t valid_code_point_bytes(std::string_view text) {
  const size_t length = code_point_bytes(text.front());
  if (length == 0 || length > text.size()) return 0;
  uint32_t value = static_cast<unsigned char>(text[0]) & (0xffU >> (length == 1 ? 0 : length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
    value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  const bool too_long = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  return too_long || surrogate || value > 0x10ffff ? 0 : length;
}

/// Bytes that the code point with the hexadecimal number `digits` takes as UTF-8.
size_t encoded_bytes(std::string_view digits) {
  uint32_t value = 0;
  for (const char c : digits) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value << 4 | static_cast<uint32_t>(digit & 0xf);
  }
  return value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
}

/// A piece of a string as it is written, and what it means.
struct Piece {
  size_t written_bytes = 1;
  size_t meant_bytes = 1;
};

/// The escape at the front of `text`, which starts with a backslash.
Piece escape_at(std::string_view text) {
  if (text.size() < 2) return {1, 0};
  if (text[1] == 'u' && text.size() >= 6) return {6, encoded_bytes(text.substr(2, 4))};
  if (text[1] == 'U' && text.size() >= 10) return {10, encoded_bytes(text.substr(2, 8))};
  const bool line_end = text[1] == '\n' || text[1] == '\r' || text[1] == ' ' || text[1] == '\t';
  if (!line_end) return {2, 1};
  // A backslash at the end of a line swallows all white space up to the next word.
  const size_t word = text.find_first_not_of(" \t\r\n", 1);
  return {word == std::string_view::npos ? text.size() : word, 0};
}

}  // namespace

SourceText::SourceText(std::string path, std::string text)
    : path_(std::move(path)), text_(std::move(text)), line_starts_{0} {
  for (size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

std::string SourceText::where(Place place) const {
  if (path_.empty()) return {};
  if (place.line == 0) return path_;
  return path_ + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

std::string SourceText::excerpt(Place begin, Place end) const {
  if (path_.empty() || begin.line == 0 || begin.line > line_starts_.size()) return {};
  const std::string_view shown = line(begin.line);
  const std::string number = std::to_string(begin.line);
  std::string pointer;
  std::string carets;
  uint32_t column = 1;
  for (const char c : shown) {
    if (is_continuation(c)) continue;
    // A tab stays one, so that the caret stands right whatever its width is.
    if (column < begin.column) pointer += c == '\t' ? '\t' : ' ';
    const bool marked = column >= begin.column && (end.line != begin.line || column < end.column);
    if (marked) carets += '^';
    ++column;
  }
  for (; column < begin.column; ++column) pointer += ' ';
  if (carets.empty()) carets = "^";
  return number + " | " + std::string(shown) + "\n" + std::string(number.size(), ' ') + " | " +
         pointer + carets;
}

Place SourceText::inside_string(Place begin, size_t offset) const {
  size_t byte = byte_at(begin);
  const std::string_view text = text_;
  if (byte >= text.size()) return begin;
  const char quote = text[byte];
  if (quote != '"' && quote != '\'') return begin;
  const bool multi_line = text.substr(byte, 3) == std::string(3, quote);
  byte += multi_line ? 3 : 1;
  if (multi_line && text.substr(byte, 2) == "\r\n") ++byte;
  if (multi_line && text.substr(byte, 1) == "\n") ++byte;  // Not part of the value.
  for (size_t meant = 0; byte < text.size();) {
    const bool escaped = quote == '"' && text[byte] == '\\';
    const Piece piece = escaped ? escape_at(text.substr(byte)) : Piece{};
    if (meant + piece.meant_bytes > offset) break;
    meant += piece.meant_bytes;
    byte += piece.written_bytes;
  }
  return place_at(byte);
}

Place SourceText::first_invalid_utf8() const {
  for (size_t byte = 0; byte < text_.size();) {
    const size_t length = valid_code_point_bytes(std::string_view(text_).substr(byte));
    if (length == 0) return place_at(byte);
    byte += length;
  }
  return {};
}

std::string_view SourceText::line(uint32_t number) const {
  const size_t start = line_starts_[number - 1];
  std::string_view found = std::string_view(text_).substr(start);
  found = found.substr(0, found.find('\n'));
  if (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

size_t SourceText::byte_at(Place place) const {
  if (place.line == 0 || place.line > line_starts_.size()) return text_.size();
  size_t byte = line_starts_[place.line - 1];
  for (uint32_t column = 1; column < place.column && byte < text_.size(); ++column) {
    do {
      ++byte;
    } while (byte < text_.size() && is_continuation(text_[byte]));
  }
  return byte;
}

Place SourceText::place_at(size_t byte) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), byte);
  const auto line = static_cast<size_t>(after - line_starts_.begin());
  uint32_t column = 1;
  for (size_t i = line_starts_[line - 1]; i < byte && i < text_.size(); ++i) {
    // A code point counts where its next one starts.
    if (i + 1 >= text_.size() || !is_continuation(text_[i + 1])) ++column;
  }
  return {static_cast<uint32_t>(line), column};
}

}  // namespace millgate
