/// How rows that break a rule are shown. For .cc files of this room.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/check/rule_sql.h"
#include "data/store/table_version.h"

namespace millgate {

/// Columns that name a broken row and show why: key, columns of the rule and of its slice. Those of
/// the key come first.
[[nodiscard]] std::vector<std::string> example_columns(const RuleSql& sql,
                                                       const TableVersion& table);

/// SQL for the first `rows_max` rows that break the rule, in the order of the rule: `columns` of
/// them as text.
[[nodiscard]] std::string examples_sql(const RuleSql& sql, const std::vector<std::string>& columns,
                                       int64_t rows_max);

/// SQL for the text of `column`.
[[nodiscard]] std::string text_sql(const std::string& column);

}  // namespace millgate
