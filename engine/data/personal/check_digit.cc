#include "data/personal/check_digit.h"

#include <algorithm>
#include <array>

namespace millgate {

namespace {

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// i times j in the dihedral group of order ten.
constexpr int dihedral_product(int i, int j) {
  if (i < 5) return j < 5 ? (i + j) % 5 : 5 + (i + j) % 5;
  return j < 5 ? 5 + (i - j) % 5 : (i - j + 5) % 5;
}

}  // namespace

bool passes_luhn(std::string_view digits) {
  if (!all_digits(digits)) return false;
  int sum = 0;
  bool twice = false;
  for (auto c = digits.rbegin(); c != digits.rend(); ++c, twice = !twice) {
    const int value = (*c - '0') * (twice ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 == 0;
}

bool passes_mod_11_10(std::string_view digits) {
  if (!all_digits(digits)) return false;
  int check = 5;
  for (const char c : digits) check = ((check == 0 ? 10 : check) * 2 % 11 + (c - '0')) % 10;
  return check == 1;
}

bool passes_verhoeff(std::string_view digits) {
  if (!all_digits(digits)) return false;
  constexpr std::array<int, 10> kTurn = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
  int check = 0;
  int place = 0;
  for (auto c = digits.rbegin(); c != digits.rend(); ++c, ++place) {
    int value = *c - '0';
    for (int turn = 0; turn < place % 8; ++turn) value = kTurn[static_cast<size_t>(value)];
    check = dihedral_product(check, value);
  }
  return check == 0;
}

int remainder_of(std::string_view digits, int divisor) {
  if (!all_digits(digits)) return -1;
  int remainder = 0;
  for (const char c : digits) remainder = (remainder * 10 + (c - '0')) % divisor;
  return remainder;
}

int weighted_sum(std::string_view digits, std::string_view weights) {
  int sum = 0;
  for (size_t i = 0; i < std::min(digits.size(), weights.size()); ++i) {
    sum += (digits[i] - '0') * (weights[i] - '0');
  }
  return sum;
}

}  // namespace millgate
