#include "data/personal/personal_form.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "data/personal/check_digit.h"
#include "data/personal/national_number.h"

namespace millgate {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }
bool is_high(char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// The digits of `text`; empty when it holds anything but digits and ` -`.
std::string plain_digits(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (is_digit(c)) {
      digits += c;
    } else if (c != ' ' && c != '-') {
      return {};
    }
  }
  return digits;
}

bool is_domain(std::string_view domain) {
  const auto labels = split(domain, '.');
  if (labels.size() < 2 || domain.size() > 253) return false;
  for (const std::string_view label : labels) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
      return false;
    }
    if (!std::all_of(label.begin(), label.end(), [](char c) {
          return is_letter(c) || is_digit(c) || c == '-' || is_high(c);
        })) {
      return false;
    }
  }
  return labels.back().size() >= 2 && !is_digit(labels.back().front());
}

/// RFC 5321, section 4.1.2, without quoted names and addresses in brackets.
bool is_mail_address(std::string_view value) {
  const size_t at = value.find('@');
  if (at == std::string_view::npos || at == 0 || at > 64) return false;
  const std::string_view local = value.substr(0, at);
  const auto allowed = [](char c) {
    return is_letter(c) || is_digit(c) || is_high(c) || is_one_of(c, "!#$%&'*+-/=?^_`{|}~.");
  };
  if (!std::all_of(local.begin(), local.end(), allowed)) return false;
  if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos) {
    return false;
  }
  return is_domain(value.substr(at + 1));
}

/// ITU-T E.164 with the plus sign: 8 to 15 digits, grouped as people write them.
bool is_international_phone(std::string_view value) {
  if (value.empty() || value.front() != '+') return false;
  size_t digits = 0;
  char before = '+';
  for (const char c : value.substr(1)) {
    if (is_digit(c)) {
      if (digits == 0 && c == '0') return false;
      ++digits;
    } else if (!is_one_of(c, " -./()") || (before == c && c != ' ')) {
      return false;
    }
    before = c;
  }
  return digits >= 8 && digits <= 15 && (is_digit(before) || before == ')');
}

/// A number as it is dialled within a country: 6 to 15 digits, grouped or not.
bool is_phone_of_some_kind(std::string_view value) {
  if (is_international_phone(value)) return true;
  size_t digits = 0;
  for (const char c : value) {
    if (is_digit(c)) {
      ++digits;
    } else if (!is_one_of(c, " -./()x")) {
      return false;
    }
  }
  return digits >= 6 && digits <= 15;
}

/// ISO 13616: the first four characters moved to the end, letters as 10 to 35, modulo 97 is 1.
bool is_iban(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c != ' ') text += c;
  }
  if (text.size() < 15 || text.size() > 34) return false;
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (!is_capital(text[0]) || !is_capital(text[1]) || !is_digit(text[2]) || !is_digit(text[3])) {
    return false;
  }
  std::string number;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[(i + 4) % text.size()];
    if (is_digit(c)) {
      number += c;
    } else if (is_capital(c)) {
      number += std::to_string(c - 'A' + 10);
    } else {
      return false;
    }
  }
  return remainder_of(number, 97) == 1;
}

/// ISO/IEC 7812: a range that issuers of payment cards have, its length, and Luhn.
bool is_payment_card(std::string_view value) {
  const std::string digits = plain_digits(value);
  if (digits.size() < 13 || digits.size() > 19) return false;
  const auto front = [&](size_t count) {
    return remainder_of(std::string_view(digits).substr(0, count), 1'000'000);
  };
  const size_t size = digits.size();
  const int two = front(2);
  const int four = front(4);
  const bool known =
      (digits[0] == '4' && (size == 13 || size == 16 || size == 19)) ||                // Visa
      (((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) && size == 16) ||  // Mastercard
      ((two == 34 || two == 37) && size == 15) ||  // American Express
      ((four == 6011 || two == 65 || (front(3) >= 644 && front(3) <= 649)) && size >= 16) ||
      (four >= 3528 && four <= 3589 && size >= 16) ||                                    // JCB
      (((front(3) >= 300 && front(3) <= 305) || two == 36 || two == 38) && size == 14);  // Diners
  return known && passes_luhn(digits);
}

bool is_ip4(std::string_view value) {
  const auto parts = split(value, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
           if (part.empty() || part.size() > 3 ||
               !std::all_of(part.begin(), part.end(), is_digit)) {
             return false;
           }
           return (part.size() == 1 || part.front() != '0') && remainder_of(part, 1000) <= 255;
         });
}

/// RFC 4291, section 2.2; at least three groups are written, or "a::b" could be anything.
bool is_ip6(std::string_view value) {
  if (value.size() > 45 || value.find(':') == std::string_view::npos) return false;
  const size_t gap = value.find("::");
  if (gap != std::string_view::npos && value.find("::", gap + 1) != std::string_view::npos) {
    return false;
  }
  size_t groups = 0;
  for (const std::string_view part : split(value, ':')) {
    if (part.empty()) continue;
    if (part.size() > 4 || !std::all_of(part.begin(), part.end(), is_hex)) return false;
    ++groups;
  }
  return gap == std::string_view::npos ? groups == 8 && value.front() != ':' && value.back() != ':'
                                       : groups >= 3 && groups <= 7;
}

bool is_ip_address(std::string_view value) { return is_ip4(value) || is_ip6(value); }

/// IEEE 802: six bytes, all with one separator.
bool is_mac_address(std::string_view value) {
  if (value.size() != 17 || !is_one_of(value[2], ":-")) return false;
  for (size_t i = 0; i < value.size(); ++i) {
    if (i % 3 == 2 ? value[i] != value[2] : !is_hex(value[i])) return false;
  }
  return true;
}

/// 3GPP TS 23.003: 15 digits with Luhn.
bool is_imei(std::string_view value) {
  const std::string digits = plain_digits(value);
  return digits.size() == 15 && passes_luhn(digits);
}

/// "52.5163, 13.3777": degrees with at least three places, which is within 111 metres.
bool is_coordinate_pair(std::string_view value) {
  const auto parts = split(value, ',');
  if (parts.size() != 2) return false;
  const auto degrees = [](std::string_view text, double bound) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    const size_t point = text.find('.');
    if (point == std::string_view::npos || text.size() - point - 1 < 3) return false;
    double number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc() && read.ptr == text.data() + text.size() && number >= -bound &&
           number <= bound;
  };
  return degrees(parts[0], 90) && degrees(parts[1], 180);
}

constexpr std::string_view kNationalWords =
    "ssn nin nhs sin nir dni nie cpf bsn pesel tin tax national identity social insurance security "
    "personal aadhaar ahv id";

/// Those that are no national number. The order is that of a report.
constexpr std::array<PersonalForm, 9> kForms = {{
    {.name = "mail address", .chance = 0, .matches = is_mail_address, .words = "mail email"},
    {.name = "telephone number",
     .chance = 0,
     .matches = is_international_phone,
     .words = "phone tel telephone mobile cell fax handy"},
    {.name = "bank account (IBAN)", .chance = 0, .matches = is_iban, .words = "iban account"},
    {.name = "payment card",
     .chance = 0.1,
     .matches = is_payment_card,
     .words = "card pan creditcard"},
    // Versions of programs look like one.
    {.name = "IP address", .chance = 0.3, .matches = is_ip_address, .words = "ip"},
    {.name = "hardware address (MAC)", .chance = 0, .matches = is_mac_address, .words = "mac"},
    {.name = "device number (IMEI)", .chance = 0.1, .matches = is_imei, .words = "imei device"},
    {.name = "coordinates",
     .chance = 0,
     .matches = is_coordinate_pair,
     .words = "coordinates location position gps"},
    // Digits alone are no proof at all: only a column that says so.
    {.name = "telephone number",
     .chance = 1,
     .matches = is_phone_of_some_kind,
     .words = "phone tel telephone mobile cell fax handy"},
}};

constexpr std::string_view kBesideWords = ",;:()<>[]{}\"'!?";

}  // namespace

std::span<const PersonalForm> personal_forms() {
  static const std::vector<PersonalForm> all = [] {
    std::vector<PersonalForm> forms(kForms.begin(), kForms.end());
    for (const NationalNumber& number : national_numbers()) {
      forms.push_back({.name = number.name,
                       .chance = number.chance,
                       .matches = number.matches,
                       .words = kNationalWords});
    }
    return forms;
  }();
  return all;
}

std::vector<const PersonalForm*> forms_within(std::string_view text) {
  std::vector<const PersonalForm*> found;
  const auto look_at = [&](std::string_view part) {
    while (!part.empty() && (is_one_of(part.front(), kBesideWords))) part.remove_prefix(1);
    while (!part.empty() && (is_one_of(part.back(), kBesideWords) || part.back() == '.')) {
      part.remove_suffix(1);
    }
    if (part.size() < 7) return;
    for (const PersonalForm& form : personal_forms()) {
      if (form.chance > 0 || !form.matches(part)) continue;
      if (std::find(found.begin(), found.end(), &form) == found.end()) found.push_back(&form);
    }
  };
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && !is_space(text[end])) ++end;
    look_at(text.substr(begin, end - begin));
    begin = end + 1;
  }
  // Numbers of telephones have spaces of their own.
  for (size_t begin = text.find('+'); begin != std::string_view::npos;
       begin = text.find('+', begin + 1)) {
    size_t end = begin + 1;
    while (end < text.size() && (is_digit(text[end]) || is_one_of(text[end], " -./()"))) ++end;
    while (end > begin && !is_digit(text[end - 1])) --end;
    look_at(text.substr(begin, end - begin));
  }
  return found;
}

std::string masked(std::string_view value) {
  constexpr size_t kShownMax = 40;
  const auto runs = [](char c) { return is_letter(c) || is_digit(c) || is_high(c); };
  const std::string_view shown = value.substr(0, kShownMax);
  std::string out;
  for (size_t begin = 0; begin < shown.size();) {
    size_t end = begin;
    while (end < shown.size() && runs(shown[end])) ++end;
    if (end == begin) {
      out += shown[begin++];
      continue;
    }
    const bool shows_first = end - begin >= 3 && !is_high(shown[begin]);
    out += shows_first ? shown[begin] : '*';
    out.append(end - begin - 1, '*');
    begin = end;
  }
  return out + (value.size() > kShownMax ? "..." : "");
}

}  // namespace millgate
