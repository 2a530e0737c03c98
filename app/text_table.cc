#include "app/text_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "model/measure/rounded_text.h"

namespace millgate {

namespace {

constexpr size_t kBriefIdLength = 12;

/// An abbreviated id may happen to hold nothing but digits, or digits around an `e`.
bool may_be_id(const std::string& cell) {
  return cell.size() == kBriefIdLength &&
         cell.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool looks_like_number(const std::string& cell) {
  return !cell.empty() && !may_be_id(cell) &&
         cell.find_first_not_of("0123456789+-.,% eE") == std::string::npos;
}

/// Characters on the screen: UTF-8 continuation bytes take no room.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// `number` with `digits` after the point. Large enough for the largest double.
std::string fixed(double number, int digits) {
  std::array<char, 512> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return {text.data(), static_cast<size_t>(std::max(size, 0))};
}

}  // namespace

void TextTable::print(std::ostream& out) const {
  std::vector<size_t> width(header_.size());
  std::vector<bool> right(header_.size(), true);
  for (size_t c = 0; c < header_.size(); ++c) width[c] = width_of(header_[c]);
  for (const auto& row : rows_) {
    for (size_t c = 0; c < header_.size() && c < row.size(); ++c) {
      width[c] = std::max(width[c], width_of(row[c]));
      if (!row[c].empty() && !looks_like_number(row[c])) right[c] = false;
    }
  }
  const auto print_row = [&](const std::vector<std::string>& row) {
    std::string line;
    for (size_t c = 0; c < header_.size(); ++c) {
      const std::string& cell = c < row.size() ? row[c] : std::string();
      const std::string room(width[c] - width_of(cell), ' ');
      line += (c > 0 ? "  " : "") + (right[c] ? room + cell : cell + room);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  };
  print_row(header_);
  for (const auto& row : rows_) print_row(row);
}

std::string brief_text(const std::string& text) {
  constexpr size_t kBytesMax = 60;
  if (text.size() <= kBytesMax) return text;
  size_t end = kBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string rounded(double number, int digits) {
  if (std::isnan(number)) return "-";
  return rounded_text(number, digits);
}

std::string with_sign(double number, int digits) {
  return (std::signbit(number) ? "" : "+") + rounded_text(number, digits);
}

std::string percent(double share) { return fixed(100 * share, share < 0.01 ? 2 : 1) + " %"; }

std::string byte_size(int64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fixed(value, unit == 0 || value >= 100 ? 0 : 1) + " " + kUnits[unit];
}

}  // namespace millgate
