/// What the gate asks of a model, held against what the model was really asked.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/measure/evidence.h"
#include "model/release/requirement.h"

namespace millgate {

/// A requirement that served rows with labels can tell of.
struct ServedLimit {
  std::string name = {};    ///< As the gate shows it: "recall_gap [by origin]".
  std::string metric = {};  ///< A name from measure/metric.h.
  std::string slice = {};   ///< As in Evidence: "origin=LGA", "by origin"; empty: all rows.
  std::string column = {};  ///< Of the slice; must be logged. Empty: none.
  bool at_least = true;
  double limit = 0;
  bool is_must = true;       ///< Otherwise only "should".
  std::string because = {};  ///< May be empty.
};

/// Those of `requirements` that say how good answers are, of all rows or by one column.
/// Comparisons, disturbed inputs, other ages, found slices, combinations of columns, and what is
/// measured without labels (latency, size) are left to the gate.
[[nodiscard]] std::vector<ServedLimit> served_limits(std::span<const Requirement> requirements);

/// The measurement in `evidence` by which `limit` is missed beyond chance: its whole interval lies
/// on the wrong side. Null: it is met, or that cannot be known.
[[nodiscard]] const Evidence* missed_by(const ServedLimit& limit,
                                        const std::vector<Evidence>& evidence);

/// The groups at both ends of a gap, from the measurements of the groups beside it:
/// "recall 0.299 of JFK to 0.47 of EWR". Empty: `gap` is none, or they were not measured.
[[nodiscard]] std::string gap_text(const Evidence& gap, const std::vector<Evidence>& evidence);

/// "at least 0.64".
[[nodiscard]] std::string limit_text(const ServedLimit& limit);

}  // namespace millgate
