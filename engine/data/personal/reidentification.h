/// How well the rows of a table hide the persons in it: k-anonymity and l-diversity.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

/// Rows with the same values in the quasi-identifiers are a class; null is a value like others.
struct Anonymity {
  int64_t class_count = 0;
  int64_t k = 0;                 ///< Rows of the smallest class (Sweeney 2002). 0 without rows.
  int64_t unique_row_count = 0;  ///< Rows that are alone in their class.
  int64_t row_count_below_5 = 0;
};

struct Reidentification {
  std::vector<std::string> quasi_identifiers;
  int64_t row_count = 0;
  Anonymity all;
  /// What it would be without each of the quasi-identifiers, in their order.
  std::vector<Anonymity> without;
  struct Diversity {
    std::string column;
    int64_t l = 0;  ///< Fewest different values in a class (Machanavajjhala et al. 2007).
    int64_t row_count_told = 0;  ///< Rows of classes with one value: who knows the class, knows it.
  };
  std::vector<Diversity> sensitive;
};

/// Errors: `invalid_input` for a column that `rows` lack, with the nearest, or when there are no
/// `quasi_identifiers`; those of the database.
[[nodiscard]] Result<Reidentification> reidentification(
    Database& database, const AskedRows& rows, const std::vector<std::string>& quasi_identifiers,
    const std::vector<std::string>& sensitive);

[[nodiscard]] nlohmann::ordered_json to_json(const Reidentification& risk);

}  // namespace millgate
