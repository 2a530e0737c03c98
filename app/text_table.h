/// A table for people: aligned columns, numbers to the right.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace millgate {

/// Rows of texts under a header. Columns whose cells all look like numbers align right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : header_(std::move(header)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  void print(std::ostream& out) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

/// `text` cut after 60 bytes, at a character, with "..." behind.
[[nodiscard]] std::string brief_text(const std::string& text);
/// "336,776".
[[nodiscard]] std::string grouped(int64_t number);
/// As rounded_text; "-" for NaN.
[[nodiscard]] std::string rounded(double number, int digits = 4);
/// "+0.014" or "-0.031".
[[nodiscard]] std::string with_sign(double number, int digits = 3);
/// "15.6 %".
[[nodiscard]] std::string percent(double share);
/// "1.2 MB".
[[nodiscard]] std::string byte_size(int64_t bytes);

}  // namespace millgate
