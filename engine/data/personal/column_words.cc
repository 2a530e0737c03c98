#include "data/personal/column_words.h"

#include <algorithm>
#include <array>

namespace millgate {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_high(char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }

/// Calls `each` for the parts of `text` between `at`, until it returns true; whether it did.
template <typename Each>
bool any_part(std::string_view text, char at, const Each& each) {
  while (!text.empty()) {
    const size_t end = text.find(at);
    const std::string_view part = text.substr(0, end);
    if (!part.empty() && each(part)) return true;
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + 1);
  }
  return false;
}

/// One to five words of letters: "Ada Lovelace", "O'Neill, J.".
bool looks_like_name(std::string_view value) {
  if (value.size() < 2 || value.size() > 60) return false;
  int spaces = 0;
  int letters = 0;
  for (const char c : value) {
    if (is_upper(c) || is_lower(c) || is_high(c)) {
      ++letters;
    } else if (c == ' ') {
      ++spaces;
    } else if (c != '-' && c != '\'' && c != '.' && c != ',') {
      return false;
    }
  }
  return letters >= 2 && spaces <= 4;
}

bool looks_like_address(std::string_view value) {
  const bool digit = std::any_of(value.begin(), value.end(), is_digit);
  const bool letter = std::any_of(value.begin(), value.end(),
                                  [](char c) { return is_upper(c) || is_lower(c) || is_high(c); });
  return digit && letter && value.find(' ') != std::string_view::npos;
}

bool looks_like_postcode(std::string_view value) {
  return value.size() >= 3 && value.size() <= 10 &&
         std::any_of(value.begin(), value.end(), is_digit) &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return is_digit(c) || is_upper(c) || is_lower(c) || c == ' ' || c == '-';
         });
}

/// A year of a person who may live, alone or in a date; or a date of any writing.
bool looks_like_birth(std::string_view value) {
  for (size_t i = 0; i + 4 <= value.size(); ++i) {
    const std::string_view year = value.substr(i, 4);
    if (!std::all_of(year.begin(), year.end(), is_digit)) continue;
    if (year >= "1890" && year <= "2099") return true;
  }
  return false;
}

bool looks_like_age(std::string_view value) {
  return !value.empty() && value.size() <= 3 && std::all_of(value.begin(), value.end(), is_digit) &&
         (value.size() < 3 || value <= "130");
}

bool looks_like_degrees(std::string_view value) {
  const size_t point = value.find('.');
  return point != std::string_view::npos && point <= 4 && value.size() - point > 3;
}

bool looks_like_word(std::string_view value) { return !value.empty() && value.size() <= 60; }

constexpr std::array<NamedKind, 13> kKinds = {{
    {"name of a person", PersonalRole::identifier,
     "first name,last name,middle name,full name,given name,family "
     "name,firstname,lastname,fullname,"
     "surname,forename,maiden name,nickname,vorname,nachname,prenom,apellido,cognome,patient name,"
     "customer name,client name,employee name,person name,passenger name,author name,user name",
     "name,author,contact,owner,passenger,employee", looks_like_name},
    {"user name", PersonalRole::identifier, "username,login,twitter,instagram,screenname", "user",
     looks_like_word},
    {"postal address", PersonalRole::identifier, "street,strasse,address,addr,rue,calle", "",
     looks_like_address},
    {"date of birth", PersonalRole::quasi_identifier,
     "birth,birthday,birthdate,birthyear,dob,born,geburtsdatum,geburtstag,naissance,nacimiento", "",
     looks_like_birth},
    {"age", PersonalRole::quasi_identifier, "age,alter", "", looks_like_age},
    {"sex or gender", PersonalRole::quasi_identifier, "sex,gender,geschlecht,sexe,sexo", "",
     looks_like_word},
    {"postcode", PersonalRole::quasi_identifier,
     "zip,zipcode,postcode,postalcode,postal code,plz,codigo postal", "", looks_like_postcode},
    {"coordinates", PersonalRole::quasi_identifier, "",
     "lat,latitude,lon,lng,long,longitude,gps,geolocation", looks_like_degrees},
    {"nationality", PersonalRole::quasi_identifier, "nationality,citizenship", "", looks_like_word},
    {"ethnic origin", PersonalRole::sensitive, "ethnicity,ethnic,race", "", looks_like_word},
    {"religion", PersonalRole::sensitive, "religion,religious,faith,confession,church", "",
     looks_like_word},
    {"health", PersonalRole::sensitive,
     "diagnosis,disease,icd,icd9,icd10,medication,disability,pregnant,hiv,allergy,allergies",
     "health", looks_like_word},
    {"politics, unions, sexual life", PersonalRole::sensitive,
     "political party,political affiliation,union member,trade union,sexual orientation", "",
     looks_like_word},
}};

bool says(const std::vector<std::string>& name_words, std::string_view alternatives) {
  return any_part(alternatives, ',', [&](std::string_view words) {
    return !any_part(words, ' ', [&](std::string_view word) {
      return std::find(name_words.begin(), name_words.end(), word) == name_words.end();
    });
  });
}

}  // namespace

std::vector<std::string> words_of_name(std::string_view name) {
  std::vector<std::string> words;
  char before = ' ';
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool part_of_word = is_lower(c) || is_upper(c) || is_high(c);
    const bool begins =
        !(is_lower(before) || is_upper(before) || is_high(before)) ||
        (is_upper(c) && is_lower(before)) ||
        (is_upper(c) && is_upper(before) && i + 1 < name.size() && is_lower(name[i + 1]));
    if (part_of_word) {
      if (begins) words.emplace_back();
      words.back() += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    }
    before = c;
  }
  return words;
}

bool has_any_word(const std::vector<std::string>& name_words, std::string_view words) {
  return any_part(words, ' ', [&](std::string_view word) {
    return std::find(name_words.begin(), name_words.end(), word) != name_words.end();
  });
}

const NamedKind* kind_by_name(const AskedColumn& column, Certainty& certainty) {
  const std::vector<std::string> words = words_of_name(column.name);
  for (const NamedKind& kind : kKinds) {
    if (says(words, kind.names)) {
      certainty = Certainty::likely;
      return &kind;
    }
  }
  for (const NamedKind& kind : kKinds) {
    // A flag "has_name" holds no names.
    if (column.type != "BOOLEAN" && says(words, kind.doubtful_names)) {
      certainty = Certainty::possible;
      return &kind;
    }
  }
  return nullptr;
}

}  // namespace millgate
