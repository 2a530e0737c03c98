#include "data/personal/national_number.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "data/personal/check_digit.h"

namespace millgate {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `text` without the separators ` -./`; nothing when it is longer than any number.
std::string compact(std::string_view text) {
  constexpr size_t kSizeMax = 24;
  std::string out;
  if (text.size() > kSizeMax) return out;
  for (const char c : text) {
    if (std::string_view(" -./").find(c) != std::string_view::npos) continue;
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

/// `text` without separators when it is `count` digits, else empty.
std::string digits_of(std::string_view text, size_t count) {
  std::string digits = compact(text);
  if (digits.size() != count || !std::all_of(digits.begin(), digits.end(), is_digit)) return {};
  return digits;
}

int number_at(std::string_view digits, size_t at, size_t count) {
  return remainder_of(digits.substr(at, count), 1'000'000);
}

bool is_date(int year, int month, int day) {
  return std::chrono::year_month_day(std::chrono::year(year),
                                     std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day)))
      .ok();
}

/// A day of this or the last century: the number does not say which.
bool is_day_of_some_century(int year, int month, int day) {
  return is_date(1900 + year, month, day) || is_date(2000 + year, month, day);
}

/// Whether `text` has the shape: 9 a digit, A a letter, anything else itself.
bool has_shape(std::string_view text, std::string_view shape) {
  return text.size() == shape.size() &&
         std::equal(text.begin(), text.end(), shape.begin(), [](char c, char want) {
           if (want == '9') return is_digit(c);
           if (want == 'A') return c >= 'A' && c <= 'Z';
           return c == want;
         });
}

/// Social Security Administration: no area 000, 666 or 9xx, no group 00, no serial 0000. It has
/// no check digit, so the hyphens are asked for.
bool is_united_states(std::string_view text) {
  if (!has_shape(text, "999-99-9999")) return false;
  const int area = number_at(text, 0, 3);
  return area != 0 && area != 666 && area < 900 && number_at(text, 4, 2) != 0 &&
         number_at(text, 7, 4) != 0;
}

/// NHS number: weights 10 to 2, modulo 11.
bool is_united_kingdom(std::string_view text) {
  const std::string digits = digits_of(text, 10);
  if (digits.empty()) return false;
  int sum = 0;
  for (size_t i = 0; i < 9; ++i) sum += (digits[i] - '0') * (10 - static_cast<int>(i));
  return (11 - sum % 11) % 11 == digits[9] - '0';
}

/// Steuer-Identifikationsnummer: ISO 7064 MOD 11,10; of the first ten digits exactly one stands
/// there twice or three times.
bool is_germany(std::string_view text) {
  const std::string digits = digits_of(text, 11);
  if (digits.empty() || digits[0] == '0' || !passes_mod_11_10(digits)) return false;
  int repeated = 0;
  for (char c = '0'; c <= '9'; ++c) {
    const auto count = std::count(digits.begin(), digits.begin() + 10, c);
    if (count > 3) return false;
    if (count > 1) ++repeated;
  }
  return repeated == 1;
}

/// NIR of INSEE: 13 characters and 97 minus their remainder; Corsica's 2A and 2B count as 19, 18.
bool is_france(std::string_view text) {
  std::string number = compact(text);
  if (number.size() != 15) return false;
  if (number[0] != '1' && number[0] != '2') return false;
  if (number.compare(5, 2, "2A") == 0) {
    number.replace(5, 2, "19");
  } else if (number.compare(5, 2, "2B") == 0) {
    number.replace(5, 2, "18");
  }
  if (!std::all_of(number.begin(), number.end(), is_digit)) return false;
  return 97 - remainder_of(std::string_view(number).substr(0, 13), 97) == number_at(number, 13, 2);
}

/// DNI and NIE: the letter is the remainder by 23; X, Y, Z in front count as 0, 1, 2.
bool is_spain(std::string_view text) {
  std::string number = compact(text);
  if (number.size() != 9) return false;
  if (number[0] >= 'X' && number[0] <= 'Z') number[0] = static_cast<char>(number[0] - 'X' + '0');
  if (!has_shape(number, "99999999A")) return false;
  constexpr std::string_view kLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
  const int remainder = remainder_of(std::string_view(number).substr(0, 8), 23);
  return kLetters[static_cast<size_t>(remainder)] == number[8];
}

/// Codice fiscale (decree of 23 December 1976): characters at odd places count by a table.
bool is_italy(std::string_view text) {
  const std::string number = compact(text);
  // For persons of the same letters, digits are replaced by the letters LMNPQRSTUV.
  constexpr std::string_view kShape = "AAAAAA99A99A999A";
  if (number.size() != kShape.size()) return false;
  for (size_t i = 0; i < number.size(); ++i) {
    const bool letter = number[i] >= 'A' && number[i] <= 'Z';
    const bool stands_for_digit =
        std::string_view("LMNPQRSTUV").find(number[i]) != std::string_view::npos;
    if (kShape[i] == 'A' ? !letter : !is_digit(number[i]) && !stands_for_digit) return false;
  }
  if (std::string_view("ABCDEHLMPRST").find(number[8]) == std::string_view::npos) return false;
  constexpr std::array<int, 26> kOdd = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                        20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  int sum = 0;
  for (size_t i = 0; i < 15; ++i) {
    const int value = is_digit(number[i]) ? number[i] - '0' : number[i] - 'A';
    sum += i % 2 == 0 ? kOdd[static_cast<size_t>(value)] : value;
  }
  return number[15] == static_cast<char>('A' + sum % 26);
}

/// Burgerservicenummer: the proof by eleven, with -1 for the last digit.
bool is_netherlands(std::string_view text) {
  const std::string digits = digits_of(text, 9);
  if (digits.empty() || digits == "000000000") return false;
  return (weighted_sum(digits, "98765432") - (digits[8] - '0')) % 11 == 0;
}

/// PESEL: the month says the century.
bool is_poland(std::string_view text) {
  const std::string digits = digits_of(text, 11);
  if (digits.empty()) return false;
  constexpr std::array<int, 5> kCenturies = {1900, 2000, 2100, 2200, 1800};
  const int month = number_at(digits, 2, 2);
  if (!is_date(kCenturies[static_cast<size_t>(month / 20)] + number_at(digits, 0, 2), month % 20,
               number_at(digits, 4, 2))) {
    return false;
  }
  return (10 - weighted_sum(digits, "1379137913") % 10) % 10 == digits[10] - '0';
}

/// Personnummer: Luhn over the ten digits from the year on; 60 more days for a co-ordination
/// number.
bool is_sweden(std::string_view text) {
  if (text.size() != 11 || (text[6] != '-' && text[6] != '+')) return false;
  std::string digits(text.substr(0, 6));
  digits += text.substr(7);
  if (!passes_luhn(digits)) return false;
  const int day = number_at(digits, 4, 2);
  return is_day_of_some_century(number_at(digits, 0, 2), number_at(digits, 2, 2),
                                day > 60 ? day - 60 : day);
}

/// Fødselsnummer: two digits by the remainder of eleven; D-numbers have 40 more days. The three
/// digits behind the date say the century.
bool is_norway(std::string_view text) {
  const std::string digits = digits_of(text, 11);
  if (digits.empty()) return false;
  const int year = number_at(digits, 4, 2);
  const int within_day = number_at(digits, 6, 3);
  int century = 1900;
  if (within_day >= 500 && year < 40) {
    century = 2000;
  } else if (within_day >= 500 && within_day < 750 && year >= 54) {
    century = 1800;
  } else if (within_day >= 500 && within_day < 900) {
    return false;
  }
  const int day = number_at(digits, 0, 2);
  if (!is_date(century + year, number_at(digits, 2, 2), day > 40 ? day - 40 : day)) return false;
  const int first = (11 - weighted_sum(digits, "376189452") % 11) % 11;
  const int second = (11 - weighted_sum(digits, "5432765432") % 11) % 11;
  return first == digits[9] - '0' && second == digits[10] - '0';
}

/// Henkilötunnus: the remainder of the nine digits by 31 chooses the last character. Persons have
/// 002 to 899 behind the date; what follows is made up by hospitals for the time being.
bool is_finland(std::string_view text) {
  if (text.size() != 11 ||
      std::string_view("-+ABCDEFUVWXY").find(text[6]) == std::string_view::npos) {
    return false;
  }
  std::string digits(text.substr(0, 6));
  digits += text.substr(7, 3);
  const int remainder = remainder_of(digits, 31);
  const int within_day = number_at(digits, 6, 3);
  if (remainder < 0 || within_day < 2 || within_day > 899 ||
      !is_day_of_some_century(number_at(digits, 4, 2), number_at(digits, 2, 2),
                              number_at(digits, 0, 2))) {
    return false;
  }
  constexpr std::string_view kLetters = "0123456789ABCDEFHJKLMNPRSTUVWXY";
  return kLetters[static_cast<size_t>(remainder)] == text[10];
}

/// Rijksregisternummer: 97 minus the remainder, with a 2 in front for who was born from 2000 on
/// (and until 2039: later ones would let twice as many texts pass by chance).
bool is_belgium(std::string_view text) {
  const std::string digits = digits_of(text, 11);
  if (digits.empty()) return false;
  const int check = number_at(digits, 9, 2);
  const std::string body = digits.substr(0, 9);
  if (number_at(digits, 2, 2) > 12 || number_at(digits, 4, 2) > 31) return false;
  if (97 - remainder_of(body, 97) == check) return true;
  return number_at(digits, 0, 2) < 40 && 97 - remainder_of("2" + body, 97) == check;
}

/// AHV number: 756 and a check digit as of an EAN-13.
bool is_switzerland(std::string_view text) {
  const std::string digits = digits_of(text, 13);
  if (!digits.starts_with("756")) return false;
  return (10 - weighted_sum(digits, "131313131313") % 10) % 10 == digits[12] - '0';
}

/// CPF: two digits by the remainder of eleven.
bool is_brazil(std::string_view text) {
  const std::string digits = digits_of(text, 11);
  // Eleven times the same digit passes and is nobody's.
  if (digits.empty() || std::count(digits.begin(), digits.end(), digits[0]) == 11) return false;
  const auto check = [&](size_t count) {
    int sum = 0;
    for (size_t i = 0; i < count; ++i) sum += (digits[i] - '0') * static_cast<int>(count + 1 - i);
    return (11 - sum % 11) % 11 % 10;
  };
  return check(9) == digits[9] - '0' && check(10) == digits[10] - '0';
}

/// Aadhaar (UIDAI): Verhoeff; neither 0 nor 1 in front, not the same backwards.
bool is_india(std::string_view text) {
  const std::string digits = digits_of(text, 12);
  if (digits.empty() || digits[0] < '2' || !passes_verhoeff(digits)) return false;
  return !std::equal(digits.begin(), digits.end(), digits.rbegin());
}

/// GB 11643: a date and ISO 7064 MOD 11-2.
bool is_china(std::string_view text) {
  const std::string number = compact(text);
  if (number.size() != 18 || !std::all_of(number.begin(), number.end() - 1, is_digit)) return false;
  if (!is_date(number_at(number, 6, 4), number_at(number, 10, 2), number_at(number, 12, 2))) {
    return false;
  }
  int check = 0;
  for (size_t i = 0; i < 17; ++i) check = (check + number[i] - '0') * 2 % 11;
  constexpr std::string_view kLetters = "10X98765432";
  return kLetters[static_cast<size_t>(check)] == number[17];
}

/// Social insurance number: Luhn; none begins with 0 or 8.
bool is_canada(std::string_view text) {
  const std::string digits = digits_of(text, 9);
  return !digits.empty() && digits[0] != '0' && digits[0] != '8' && passes_luhn(digits);
}

/// T.C. kimlik numarasi: two check digits.
bool is_turkey(std::string_view text) {
  const std::string digits = digits_of(text, 11);
  if (digits.empty() || digits[0] == '0') return false;
  int odd = 0;
  int even = 0;
  for (size_t i = 0; i < 9; ++i) (i % 2 == 0 ? odd : even) += digits[i] - '0';
  const int tenth = ((odd * 7 - even) % 10 + 10) % 10;
  return tenth == digits[9] - '0' && (odd + even + tenth) % 10 == digits[10] - '0';
}

/// Identity number: a date and Luhn.
bool is_south_africa(std::string_view text) {
  const std::string digits = digits_of(text, 13);
  return !digits.empty() && passes_luhn(digits) && digits[10] <= '2' &&
         is_day_of_some_century(number_at(digits, 0, 2), number_at(digits, 2, 2),
                                number_at(digits, 4, 2));
}

constexpr std::array<NationalNumber, 19> kNumbers = {{
    {.name = "national number of Belgium", .chance = 0.03, .matches = is_belgium},
    {.name = "national number of Brazil (CPF)", .chance = 0.01, .matches = is_brazil},
    {.name = "national number of Canada (SIN)", .chance = 0.1, .matches = is_canada},
    {.name = "national number of China", .chance = 0.01, .matches = is_china},
    {.name = "national number of Finland (HETU)", .chance = 0.05, .matches = is_finland},
    {.name = "national number of France (NIR)", .chance = 0.02, .matches = is_france},
    {.name = "national number of Germany (tax ID)", .chance = 0.1, .matches = is_germany},
    {.name = "national number of India (Aadhaar)", .chance = 0.1, .matches = is_india},
    {.name = "national number of Italy (codice fiscale)", .chance = 0.05, .matches = is_italy},
    {.name = "national number of Norway", .chance = 0.01, .matches = is_norway},
    {.name = "national number of Poland (PESEL)", .chance = 0.1, .matches = is_poland},
    {.name = "national number of South Africa", .chance = 0.1, .matches = is_south_africa},
    {.name = "national number of Spain (DNI, NIE)", .chance = 0.05, .matches = is_spain},
    {.name = "national number of Sweden", .chance = 0.1, .matches = is_sweden},
    {.name = "national number of Switzerland (AHV)", .chance = 0.001, .matches = is_switzerland},
    {.name = "national number of the Netherlands (BSN)", .chance = 0.1, .matches = is_netherlands},
    {.name = "national number of Turkey", .chance = 0.01, .matches = is_turkey},
    {.name = "national number of the United States (SSN)",
     .chance = 0.5,
     .matches = is_united_states},
    {.name = "NHS number of the United Kingdom", .chance = 0.1, .matches = is_united_kingdom},
}};

}  // namespace

std::span<const NationalNumber> national_numbers() { return kNumbers; }

}  // namespace millgate
