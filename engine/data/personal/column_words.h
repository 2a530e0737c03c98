/// What the name of a column says about persons.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/personal/personal_columns.h"

namespace millgate {

/// "customerFirst_name2" as {"customer", "first", "name"}.
[[nodiscard]] std::vector<std::string> words_of_name(std::string_view name);
/// Whether any of `words`, by spaces, is one of `name_words`.
[[nodiscard]] bool has_any_word(const std::vector<std::string>& name_words, std::string_view words);

/// A kind of personal data that columns are named after.
struct NamedKind {
  std::string_view what;
  PersonalRole role;
  /// Alternatives by ",": all words of one of them are in the name.
  std::string_view names;
  /// The same for names that are not only of persons.
  std::string_view doubtful_names;
  /// Whether a value of such a column looks like it.
  bool (*fits)(std::string_view value);
};

/// The kind that the column's name says, first in importance; null for none. `certainty` is what
/// the name alone gives: `likely` or `possible`.
[[nodiscard]] const NamedKind* kind_by_name(const AskedColumn& column, Certainty& certainty);

}  // namespace millgate
