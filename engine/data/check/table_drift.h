/// How the rows of one question differ in distribution from those of another.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/query/database.h"
#include "ground/error.h"
#include "model/measure/bin_counts.h"
#include "model/measure/false_discovery.h"
#include "model/measure/share_difference.h"
#include "model/measure/two_sample.h"

namespace millgate {

/// When a difference counts, and what else to look at.
struct TableDriftOptions {
  /// A column shifted only if its effect is as large: the largest distance of the distribution
  /// functions for numbers, the total variation for categories; both 0 to 1. With many rows any
  /// difference is significant; this says which one matters.
  double effect_min = 0.1;
  /// With fewer values (rows, for missing ones) on a side nothing is judged: what so few tell is
  /// told, but they are no reason for an alarm.
  int64_t values_min = 10;
  double missing_effect_min = 0.05;  ///< The same for the share of missing values.
  double relation_effect_min = 0.1;  ///< The same for a change of Spearman's correlation.
  double false_discovery_rate =
      0.05;  ///< A difference counts only if its adjusted p-value is less.
  FalseDiscovery correction = FalseDiscovery::benjamini_hochberg;
  bool other_definitions = false;  ///< Also measures under the names of other tools.
  std::string label = {};          ///< SQL condition whose rate is compared; empty: none.
  bool joint = false;              ///< Also the rows as a whole: kernel_two_sample.h.
  uint64_t seed = 1;
};

/// The most frequent categories have a bin each, the rest share one.
inline constexpr size_t kDriftCategories = 10'000;
/// Relations are measured on as many rows of a side at most, evenly spaced.
inline constexpr int64_t kRelationRows = 10'000;
/// The joint test is made on as many rows of a side at most, evenly spaced.
inline constexpr int64_t kJointRows = 400;
inline constexpr int kJointPermutations = 200;

/// A category that only one side has, with its rows there.
struct OneSidedCategory {
  std::string value;
  int64_t row_count = 0;
};

/// One column on both sides.
struct ColumnShift {
  std::string name;
  ColumnKind kind = ColumnKind::other;
  int64_t reference_count = 0, current_count = 0;  ///< Values: not null, NaN or infinite.
  std::string note;             ///< Why it was not compared, or what to mind; may be empty.
  bool compared = false;        ///< The measures below mean something.
  bool judged = false;          ///< There are enough values for a verdict.
  double effect = 0;            ///< See TableDriftOptions.
  double p_value = 1;           ///< Kolmogorov-Smirnov for numbers, chi-square for categories.
  double adjusted_p_value = 1;  ///< Over the columns that are judged; 1 of others.
  bool significant = false;     ///< By the adjusted p-value.
  bool shifted = false;         ///< Significant and large enough, or of another kind than before.
  double psi = 0, jensen_shannon = 0, total_variation = 0;  ///< Over bins of bin_counts.h.
  HomogeneityTest homogeneity;  ///< Over the same bins, rare ones put together.
  std::optional<NumberShift> numbers;
  std::vector<OneSidedCategory> new_categories, gone_categories;  ///< Most rows first, at most 10.
  int64_t new_category_count = 0, gone_category_count = 0;        ///< All of them.
  int64_t new_category_rows = 0;  ///< Current rows whose category the reference does not have.
  ShareDifference missing;        ///< Share of rows without a value.
  double missing_adjusted_p_value = 1;
  bool missing_shifted = false;
  std::string reference_range, current_range;  ///< "from .. to .." of times.
  std::vector<std::pair<std::string, double>> other_measures;
};

/// Two columns of numbers that go together otherwise than before.
struct RelationShift {
  std::string first, second;
  double reference = 0, current = 0;  ///< Spearman's correlations.
  double p_value = 1, adjusted_p_value = 1;
  bool shifted = false;
};

struct TableDrift {
  int64_t reference_rows = 0, current_rows = 0;
  std::vector<ColumnShift> columns;                       ///< What shifted first, then by effect.
  std::vector<std::string> only_reference, only_current;  ///< Columns of one side.
  std::vector<RelationShift> relations;  ///< Those that shifted, the largest change first.
  int64_t relation_count = 0;            ///< Pairs that were tested.
  std::optional<ShareDifference> label_rate;
  RowShare reference_labels, current_labels;
  std::optional<TestResult> joint;         ///< Maximum mean discrepancy.
  std::optional<TestResult> joint_energy;  ///< Energy distance of the same rows.
  int64_t joint_rows = 0;                  ///< Rows of both sides that it was made on.
  std::string joint_note;                  ///< Why there is none; empty otherwise.
  /// A column, a missing rate, a relation or the columns themselves shifted.
  [[nodiscard]] bool shifted() const;
};

/// Compares `current` with `reference`, both opened in `database`. Columns are matched by name.
///
/// Each family of tests (distributions, missing values, relations) is adjusted by itself. Times
/// are not tested, since they move on by themselves; nor are columns of which each row has a value
/// of its own, such as names and ids. Numbers are held a group of columns at a time, at most 512 MB
/// unless one column alone needs more.
/// Errors: `invalid_input` when a side has no rows, no column is on both sides, or for a wrong
/// label; those of the database.
[[nodiscard]] Result<TableDrift> compare_rows(Database& database, const AskedRows& reference,
                                              const AskedRows& current,
                                              const TableDriftOptions& options);

[[nodiscard]] nlohmann::ordered_json to_json(const TableDrift& drift);
[[nodiscard]] nlohmann::ordered_json to_json(const ColumnShift& column);

}  // namespace millgate
