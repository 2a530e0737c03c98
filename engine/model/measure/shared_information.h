/// What columns tell about each other, of whatever kind they are, by counts of their parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace millgate {

/// A column cut into parts: a code below `count` for each row.
struct CodedColumn {
  std::vector<uint32_t> codes;
  uint32_t count = 0;
};

/// Where a column of numbers is cut: part i has the values above edges[i - 1], up to edges[i]; the
/// part behind the last has those that are missing (NaN).
struct NumberParts {
  std::vector<double> edges;
  [[nodiscard]] uint32_t count() const { return static_cast<uint32_t>(edges.size()) + 2; }
  [[nodiscard]] CodedColumn code(std::span<const double> values) const;
};

/// At most `parts` parts of about as many of `values` each, never between equal ones; where there
/// are no more different values than parts, one part each.
[[nodiscard]] NumberParts cut_numbers(std::span<const double> values, size_t parts);

/// Counts of two columns. Information in nats.
struct SharedInformation {
  double information = 0;  ///< sum p_ij ln(p_ij / (p_i p_j)).
  /// Less what independent columns have by chance, (r - 1)(c - 1) / 2n (Miller 1955), at least 0;
  /// r and c are the parts that occur.
  double corrected = 0;
  double first_entropy = 0;  ///< -sum p_i ln p_i.
  int64_t degrees_of_freedom = 0;
  int64_t row_count = 0;

  /// Theil's uncertainty coefficient (1972): the share of the first column that the second tells,
  /// 0 to 1; 0 where the first is constant. Of the corrected information.
  [[nodiscard]] double share_of_first() const;
};

/// Both have one length.
[[nodiscard]] SharedInformation shared_information(const CodedColumn& first,
                                                   const CodedColumn& second);

/// I(first; second | given): what the first tells of the second where the third is known, corrected
/// for chance as above within each part of `given`, at least 0. Nats.
[[nodiscard]] double information_given(const CodedColumn& first, const CodedColumn& second,
                                       const CodedColumn& given);

}  // namespace millgate
