/// Which columns of a table hold personal data (GDPR, articles 4 and 9), and why we think so.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

/// What personal data does to a person's privacy.
enum class PersonalRole {
  identifier,        ///< Names the person, alone.
  quasi_identifier,  ///< Names the person together with others of its kind.
  sensitive,         ///< What the person may not want to be known: article 9.
};
[[nodiscard]] std::string to_string(PersonalRole role);

enum class Certainty {
  possible,  ///< The name of the column says so, in a word that could mean something else.
  likely,    ///< The name says so, and the values look like it.
  certain,   ///< The values prove it.
};
[[nodiscard]] std::string to_string(Certainty certainty);

struct PersonalExample {
  int64_t row = 0;   ///< From 1, in the order of the rows.
  std::string text;  ///< Masked: the report must not spread what it warns of.
};

struct PersonalColumn {
  std::string column;
  std::string what;  ///< "mail address".
  PersonalRole role = PersonalRole::identifier;
  Certainty certainty = Certainty::possible;
  int64_t value_count = 0;    ///< Rows that have a value.
  int64_t match_count = 0;    ///< Rows whose value looks like it.
  bool within_texts = false;  ///< It stands in longer texts.
  std::string why;
  std::vector<PersonalExample> examples;  ///< The first rows that look like it.
};

/// Looks at every value of texts and integers, at lists and structures as the text that they make,
/// and at the names of all columns. What proves itself
/// (a mail address, an IBAN) is found in a single value, also within a text. A form that made-up
/// values pass by chance (a check digit passes one in ten) counts only where at least half of the
/// different values pass and so many would by chance with a probability under 1e-6, by the bound of
/// Chernoff and Hoeffding (1963, theorem 1); under 0.01 where the name of the column says it, too.
/// Names of persons in free text are not found: that needs a model of language.
///
/// In the order of the columns. Errors: those of the database.
[[nodiscard]] Result<std::vector<PersonalColumn>> personal_columns(Database& database,
                                                                   const AskedRows& rows);

[[nodiscard]] nlohmann::ordered_json to_json(const PersonalColumn& column);

}  // namespace millgate
