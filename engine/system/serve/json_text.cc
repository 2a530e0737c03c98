#include "system/serve/json_text.h"

#include <charconv>
#include <cmath>

namespace millgate {

namespace {

template <typename Number>
void append_digits(std::string& out, Number value) {
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append_escaped(std::string& out, char letter) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (letter) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(letter) >> 4];
      out += kHex[static_cast<unsigned char>(letter) & 15];
  }
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  size_t plain = 0;  // Where what needs no escape began.
  for (size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (static_cast<unsigned char>(letter) >= 0x20 && letter != '"' && letter != '\\') continue;
    out.append(text, plain, i - plain);
    append_escaped(out, letter);
    plain = i + 1;
  }
  out.append(text, plain);
  out += '"';
}

void append_json_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  append_digits(out, value);
}

void append_json_integer(std::string& out, int64_t value) { append_digits(out, value); }

}  // namespace millgate
