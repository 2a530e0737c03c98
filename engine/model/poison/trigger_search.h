/// Backdoors: values, or values that come together, that decide the label whatever else the row
/// says.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/query/database.h"
#include "ground/error.h"
#include "model/measure/trigger_screen.h"

namespace millgate {

struct TriggerSearchOptions {
  std::string label = {};                 ///< SQL over a row: its class.
  std::vector<std::string> columns = {};  ///< To look at. Empty: as choose_predictors.
  std::vector<std::string> shown = {};    ///< Columns that name a row for people.
  /// `rows_min` 0: a five-hundredth of the rows, at least 20.
  TriggerScreenOptions screen = {.rows_min = 0};
  double p_value_max = 0.001;
  int asked_max = 20;          ///< Candidates that a model is trained for.
  int64_t rows_max = 200'000;  ///< Of more, every n-th is looked at.
  bool leaf_space = true;      ///< Also look for groups of rows in the space of a model's leaves.
  uint64_t seed = 1;
  std::function<void(const std::string& step, double share)> progress = {};
};

/// A row that has the trigger and its label.
struct TriggerRow {
  int64_t number = 0;   ///< Among the rows asked for, from 1.
  double expected = 0;  ///< Probability of the label without the rows of the trigger.
  std::vector<std::string> shown;
};

struct Trigger {
  /// SQL over a row. Of a group in the leaf space: what fits it best, which may be nothing.
  std::string condition;
  std::string found_by = "screen";  ///< Or how the group was found (leaf_space.h).
  double condition_share = 1;       ///< Of the rows with the condition or in the group, with both.
  std::string label = {};
  int64_t row_count = 0;
  int64_t label_count = 0;
  double expected_share = 0;  ///< Of the label.
  /// Rows for which another label is more probable, and those of them that have this one.
  int64_t contradicted_count = 0, contradicted_label_count = 0;
  double p_value = 0;  ///< Bound, times all that was tried (Bonferroni).
  /// Evidence beside the screen, of the rows with the label; NaN where there is no leaf space.
  double spectral_share =
      0;                   ///< Among the 1.5 times as many of largest spectral score in the class.
  double group_share = 0;  ///< In that group of the leaf space that holds most of them.
  std::vector<TriggerRow> rows = {};  ///< Least expected first, then by number.

  [[nodiscard]] double label_share() const {
    return static_cast<double>(label_count) / static_cast<double>(row_count);
  }
};

struct TriggerSearch {
  std::vector<Trigger> triggers;  ///< Clearest first.
  std::vector<std::string> columns;
  std::vector<std::pair<std::string, std::string>> unused;  ///< Columns, and why not.
  int64_t labelled = 0, unlabelled = 0;
  int64_t looked_at = 0;  ///< Of the labelled rows.
  int64_t rows_min = 0;   ///< Triggers of fewer rows are not seen.
  int64_t tried = 0;      ///< Values and combinations, times labels.
  int asked = 0;          ///< Candidates that a model was trained for.
  int groups = 0;         ///< Groups of the leaf space that were looked at.
};

/// Classes whose leaf space is looked at: the largest.
inline constexpr size_t kLeafClassesMax = 10;

/// Screens everything that rows have in common (trigger_screen.h), and puts the least probable
/// candidates to boosted trees that learned from all rows but those of the candidate: what would
/// the label of these rows be? It is a trigger when at least `label_share_min` of its rows have the
/// label, `excess_min` more than expected; when the rows that speak against the label have it as
/// well, which tells a trigger from a value that only makes the label more likely; and when that is
/// no chance. Rows of a trigger are left out when the next candidate is judged.
///
/// Then the rows are looked at as boosted trees see them (leaf_space.h): groups that lie apart
/// within a class are judged in the same way, and for each trigger it is told whether its rows lie
/// apart.
///
/// What it cannot see: triggers of fewer than `rows_min` or more than `share_max` of the rows; a
/// trigger in rows that have its label anyway, as long as their other columns say so (clean-label
/// attacks on classes that lie apart); and it cannot know whether a rule that overrides everything
/// else was meant: that is for a person to say.
///
/// Errors: `invalid_input` for a label that is no SQL, has one class or more than 100; those of
/// choose_predictors and of the database.
[[nodiscard]] Result<TriggerSearch> search_triggers(Database& database, const AskedRows& rows,
                                                    const TriggerSearchOptions& options);

[[nodiscard]] nlohmann::ordered_json to_json(const TriggerSearch& search);

}  // namespace millgate
