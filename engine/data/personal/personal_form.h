/// Values that tell by themselves who somebody is, or where: mail addresses, account numbers ...
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millgate {

struct PersonalForm {
  std::string_view name;  ///< "mail address".
  /// The share of made-up texts of the same shape that pass; 0: none but by intent, so that one
  /// value is proof enough.
  double chance;
  bool (*matches)(std::string_view value);  ///< The whole value.
  /// Words that the names of such columns have, by spaces; a column of that name needs less proof.
  std::string_view words;
};

/// All forms, the national numbers (national_number.h) among them.
[[nodiscard]] std::span<const PersonalForm> personal_forms();

/// The forms without chance that stand somewhere within a longer text, each once.
[[nodiscard]] std::vector<const PersonalForm*> forms_within(std::string_view text);

/// `value` as it may be shown: of each run of three or more letters or digits the first character,
/// all others as `*`; cut after 40 bytes.
[[nodiscard]] std::string masked(std::string_view value);

}  // namespace millgate
