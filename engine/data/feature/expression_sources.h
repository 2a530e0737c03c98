/// `[units]` and `[[calendar]]` of the project file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/feature/expression_context.h"
#include "data/feature/vector.h"
#include "data/query/database.h"
#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

struct CalendarDefinition {
  std::string name;  ///< As expressions call it: in_calendar('holidays', t).
  std::string sql;   ///< One column of days over sources.
  Section section;
};

/// Columns and their units, as the project file says.
struct UnitDefinitions {
  std::map<std::string, std::string> units;
  Section section;
};

/// Errors: `invalid_input` with the place; unknown units with the nearest one.
[[nodiscard]] Result<CalendarDefinition> read_calendar(Section section);
[[nodiscard]] Result<UnitDefinitions> read_units(Section section);

/// Reads the days of all calendars, and holds units against the columns that features can read.
/// Errors: `invalid_input` at the place: SQL that is wrong or gives no days, a calendar without
/// a day, a unit for a column that is not there or is no number.
[[nodiscard]] Result<ExpressionContext> read_expression_context(
    Database& database, const std::vector<CalendarDefinition>& calendars,
    const UnitDefinitions& units, const std::vector<Field>& available);

}  // namespace millgate
