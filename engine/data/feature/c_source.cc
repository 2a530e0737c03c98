#include "data/feature/c_source.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

namespace millgate {
namespace {

constexpr std::array<std::string_view, 37> kCWords = {
    "auto",     "break",  "case",   "char",     "const",    "continue", "default",  "do",
    "double",   "else",   "enum",   "extern",   "float",    "for",      "goto",     "if",
    "inline",   "int",    "long",   "register", "restrict", "return",   "short",    "signed",
    "sizeof",   "static", "struct", "switch",   "typedef",  "union",    "unsigned", "void",
    "volatile", "while",  "_bool",  "asm",      "typeof"};

bool is_single(double value) {
  return std::isfinite(value) && std::abs(value) <= std::numeric_limits<float>::max() &&
         static_cast<double>(static_cast<float>(value)) == value;
}

}  // namespace

std::string c_number(double value) {
  if (std::isnan(value)) return "(double)NAN";
  if (std::isinf(value)) return value < 0 ? "-(double)INFINITY" : "(double)INFINITY";
  if (value == std::trunc(value) && std::abs(value) < 1e6 && !std::signbit(value)) {
    return std::to_string(static_cast<int64_t>(value)) + ".0";
  }
  char text[40];
  std::snprintf(text, sizeof text, "%a", value);
  return text;
}

std::string c_integer(int64_t value) {
  if (value == std::numeric_limits<int64_t>::min()) return "INT64_MIN";
  return "INT64_C(" + std::to_string(value) + ")";
}

std::string c_text(std::string_view bytes) {
  std::string text = "\"";
  for (const char c : bytes) {
    const bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '?';
    if (plain) {
      text += c;
      continue;
    }
    char octal[8];
    std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned>(static_cast<uint8_t>(c)));
    text += octal;
  }
  return text + "\"";
}

std::string c_name(std::string_view name) {
  std::string safe;
  for (const char c : name) {
    const bool capital = c >= 'A' && c <= 'Z';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    safe += capital ? static_cast<char>(c - 'A' + 'a') : plain ? c : '_';
  }
  if (safe.empty() || (safe[0] >= '0' && safe[0] <= '9') || safe[0] == '_') {
    safe.insert(0, "x");
  }
  if (std::find(kCWords.begin(), kCWords.end(), safe) != kCWords.end()) safe += '_';
  return safe;
}

std::string c_comment(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    const char last = safe.empty() ? ' ' : safe.back();
    if ((last == '*' && c == '/') || (last == '/' && c == '*') || (last == '?' && c == '?')) {
      safe += ' ';
    }
    safe += c == '\n' || c == '\r' || c == '\\' ? ' ' : c;
  }
  return safe;
}

void CTables::add_array(const std::string& type, const std::string& name,
                        const std::vector<std::string>& items, int64_t item_bytes) {
  constexpr size_t kLine = 96;
  source_ += "static const " + type + " " + name + "[" +
             std::to_string(std::max<size_t>(items.size(), 1)) + "] = {\n";
  std::string line = " ";
  for (const std::string& item : items) {
    if (line.size() + item.size() + 2 > kLine) {
      source_ += line + "\n";
      line = " ";
    }
    line += " " + item + ",";
  }
  // An array of no length is none in C.
  source_ += (items.empty() ? "  0" : line) + "\n};\n";
  size_bytes_ += item_bytes * static_cast<int64_t>(std::max<size_t>(items.size(), 1));
}

void CTables::add_integers(const std::string& name, std::span<const int64_t> values) {
  std::vector<std::string> items;
  items.reserve(values.size());
  const auto [least, largest] = std::minmax_element(values.begin(), values.end());
  const bool is_small = values.empty() || (*least >= 0 && *largest <= UINT32_MAX);
  for (const int64_t value : values) {
    items.push_back(is_small ? std::to_string(value) : c_integer(value));
  }
  if (!is_small) {
    add_array("int64_t", name, items, 8);
    return;
  }
  const CUnsigned type = c_unsigned_for(values.empty() ? 0 : static_cast<uint64_t>(*largest));
  add_array(std::string(type.type), name, items, type.size_bytes);
}

void CTables::add_numbers(const std::string& name, std::span<const double> values) {
  const bool are_single = std::all_of(values.begin(), values.end(), is_single);
  std::vector<std::string> items;
  items.reserve(values.size());
  for (const double value : values) {
    items.push_back(c_number(value) + (are_single ? "f" : ""));
  }
  add_array(are_single ? "float" : "double", name, items, are_single ? 4 : 8);
}

void CTables::add_texts(const std::string& name, std::span<const std::string> texts) {
  constexpr int64_t kEntryBytes = 16;
  std::vector<std::string> items;
  items.reserve(texts.size());
  for (const std::string& text : texts) {
    items.push_back("{" + c_text(text) + ", " + std::to_string(text.size()) + "}");
    size_bytes_ += static_cast<int64_t>(text.size()) + 1;
  }
  if (items.empty()) items.emplace_back("{\"\", 0}");
  add_array("listed_text", name, items, kEntryBytes);
}

void CTables::add(std::string_view source, int64_t size_bytes) {
  source_ += source;
  size_bytes_ += size_bytes;
}

CUnsigned c_unsigned_for(uint64_t largest) {
  if (largest <= UINT8_MAX) return {"uint8_t", 1, UINT8_MAX};
  if (largest <= UINT16_MAX) return {"uint16_t", 2, UINT16_MAX};
  return {"uint32_t", 4, UINT32_MAX};
}

}  // namespace millgate
