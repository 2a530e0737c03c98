/// What each source of rows does to a model: every source is left out once, and its rows, and those
/// of the others, are asked what changes.
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

namespace millgate {

struct SourceHoldoutOptions {
  std::string label = {};                 ///< SQL over a row: its class.
  std::string by = {};                    ///< SQL over a row: where it comes from.
  std::vector<std::string> columns = {};  ///< Of the model. Empty: as choose_predictors.
  int64_t rows_min = 50;                  ///< Sources of fewer rows are not judged.
  size_t sources_max = 50;                ///< The largest are judged.
  double effect_min = 0.05;    ///< Share of flipped labels, beyond the usual, that is implausible.
  double lift_min = 0.1;       ///< Change of a probability from which it is obeyed.
  double p_value_max = 0.001;  ///< Times all that was tried (Bonferroni).
  int64_t rows_max = 100'000;  ///< Of more, every n-th is looked at.
  uint64_t seed = 1;
  std::function<void(const std::string& step, double share)> progress = {};
};

/// A mean with its 95 % interval (normal, rows independent).
struct MeanChange {
  double mean = 0, lower = 0, upper = 0;
};

/// A value that only one source has, in rows with one label against the opinion of the others.
struct SourceTrigger {
  std::string condition;  ///< SQL over a row.
  std::string label;
  int64_t row_count = 0;  ///< Rows of the source that have it; `label_count` have the label.
  int64_t label_count = 0;
  int64_t asked = 0;  ///< Rows of other sources, improbable for the label, that it was put into.
  MeanChange lift;    ///< Of their probability of the label by the source's rows.
  bool is_obeyed = false;  ///< The lift is at least `lift_min`, with 97.5 %.
};

struct SourceReport {
  std::string source;
  int64_t row_count = 0;
  std::string label;          ///< Class that is looked at: the only one of two, else the one most
                              ///< in excess.
  double label_share = 0;     ///< Of its rows with that class.
  double expected_share = 0;  ///< The same by a model that learned from the other sources.
  double flipped_share = 0;   ///< Of its labels, estimated (measure/label_flips.h).
  double flipped_usual_share = 0;  ///< The same by the median of the sources' flips.
  double p_value = 1;              ///< That its flips are the usual ones; times the sources.
  double repeated_share = 0;       ///< Rows that repeat another row of it, label and all.
  double taken_over_share = 0;     ///< Rows that repeat one of another source, label and all.
  /// How far predictions for rows of other sources move when it is left out, and when as many rows
  /// by chance are.
  MeanChange moved, moved_by_chance;
  /// The mean over all rows like these moves no further, with 95 % (Hoeffding 1963).
  double moved_at_most = 0;
  bool labels_implausible = false;
  std::vector<SourceTrigger> triggers;  ///< Largest lift first.
};

struct SourceHoldout {
  std::vector<SourceReport> sources;  ///< With a finding first; then by flips beyond the usual.
  std::vector<std::string> columns;
  int64_t looked_at = 0;                             ///< Rows with a label and a source.
  int64_t small_sources = 0, small_source_rows = 0;  ///< Not judged.
  [[nodiscard]] bool any_finding() const;
};

/// For each source, boosted trees learn from all others. Their opinion of its rows tells how many
/// of its labels are flipped (label_flips.h). What is usual for the sources, the median, is no
/// finding: a noisy label is noisy everywhere; nor is a class that is only more frequent. More than
/// that is one when a likelihood-ratio test against the usual flips says so (two degrees of
/// freedom, Bonferroni) and the share is large enough to matter.
///
/// A backdoor shows as a value that rows of the source have and hardly any others, with one label
/// against that opinion (Chernoff's bound, Bonferroni over all values that are of one source). How
/// far a model obeys is measured as an attacker would use it: the value is put into rows of other
/// sources for which the label is improbable, before a model that learned from the source as well
/// and one that did not. No measure of quality sees that, since no row of the others has the value.
/// A value that is not obeyed yet is told all the same: another learner, or more rows, may obey.
///
/// What it cannot see: whether labels are flipped or only much noisier than those of the others; an
/// attack that several sources share; a value of fewer than ten rows of the
/// source; and whether a value that only one source has decides the label by right: that is for a
/// person to say.
///
/// Errors: `invalid_input` for SQL that is none, fewer than two sources that are large enough, a
/// label of one class; those of choose_predictors and of the database.
[[nodiscard]] Result<SourceHoldout> hold_out_sources(Database& database, const AskedRows& rows,
                                                     const SourceHoldoutOptions& options);

[[nodiscard]] nlohmann::ordered_json to_json(const SourceHoldout& holdout);

}  // namespace millgate
