/// Rules that the statistics of a table answer, without a look at its rows.
#pragma once

#include <optional>

#include "data/check/rule.h"
#include "data/check/rule_judge.h"
#include "data/store/table_version.h"

namespace millgate {

/// The counts of a rule about rows, where what was counted while they were written says them: "x is
/// not null" of any column; "x between 1 and 5", "x >= 1", "x = 7" and the like, of a column of
/// integers whose least and largest value meet it. Nothing for all others, and for rules with a
/// slice. The rule was tried on the table before.
[[nodiscard]] std::optional<RuleCounts> known_counts(const Rule& rule, const TableVersion& table);

}  // namespace millgate
