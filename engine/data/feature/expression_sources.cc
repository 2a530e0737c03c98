#include "data/feature/expression_sources.h"

#include <arrow/api.h>

#include <algorithm>
#include <set>
#include <utility>

#include "data/feature/civil_day.h"
#include "data/feature/unit.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

Error at_sql(const CalendarDefinition& definition, Error cause) {
  if (cause.code != ErrorCode::invalid_input) return cause;
  Error error = definition.section.error_at(
      "sql", "the SQL of calendar `" + definition.name + "` is wrong", cause.hint);
  error.because.push_back(std::move(cause.what));
  return error;
}

Result<Calendar> read_days(Database& database, const CalendarDefinition& definition) {
  const auto table = database.query(definition.sql);
  if (!table.ok()) return at_sql(definition, table.error());
  const auto& schema = *(*table)->schema();
  const bool is_time =
      schema.num_fields() == 1 && value_type_of(*schema.field(0)->type()) == ValueType::time;
  if (!is_time) {
    return definition.section.error_at(
        "sql", "the SQL of calendar `" + definition.name + "` does not give one column of days",
        "select one date, for example: select day from holidays");
  }
  MILLGATE_ASSIGN(const Block block,
                  block_from(**table, {{schema.field(0)->name(), ValueType::time}}));
  const Vector& column = block.columns.front();
  std::set<int64_t> days;
  for (size_t row = 0; row < column.size(); ++row) {
    if (column.valid[row] != 0) days.insert(day_number(column.integers[row]));
  }
  if (days.empty()) {
    return definition.section.error_at("sql", "calendar `" + definition.name + "` has no day",
                                       "look at its rows with `millgate sql`");
  }
  return Calendar{.days = {days.begin(), days.end()}};
}

Status check_unit_columns(const UnitDefinitions& units, const std::vector<Field>& available) {
  std::vector<std::string> names;
  names.reserve(available.size());
  for (const Field& field : available) names.push_back(field.name);
  for (const auto& [column, unit] : units.units) {
    const auto found = std::find_if(available.begin(), available.end(),
                                    [&](const Field& field) { return field.name == column; });
    if (found == available.end()) {
      return units.section.error_at(column, "unknown column `" + column + "` in [units]",
                                    name_hint(column, names));
    }
    if (found->type != ValueType::integer && found->type != ValueType::number) {
      return units.section.error_at(column,
                                    "column `" + column + "` is " +
                                        std::string(to_string(found->type)) + ", which has no unit",
                                    "units are for numbers");
    }
  }
  return {};
}

}  // namespace

Result<CalendarDefinition> read_calendar(Section section) {
  CalendarDefinition definition;
  MILLGATE_ASSIGN(definition.name, section.text("name"));
  if (definition.name.empty()) {
    return section.error_at("name", "the calendar's name is empty", "for example holidays");
  }
  MILLGATE_ASSIGN(definition.sql, section.text("sql"));
  MILLGATE_TRY(section.finish());
  definition.section = std::move(section);
  return definition;
}

Result<UnitDefinitions> read_units(Section section) {
  MILLGATE_ASSIGN(const auto lines, section.all_texts());
  UnitDefinitions definitions;
  for (const auto& [column, text] : lines) {
    const auto unit = parse_unit(text);
    if (!unit.ok()) return section.error_at(column, unit.error().what, unit.error().hint);
    definitions.units.emplace(column, text);
  }
  MILLGATE_TRY(section.finish());
  definitions.section = std::move(section);
  return definitions;
}

Result<ExpressionContext> read_expression_context(Database& database,
                                                  const std::vector<CalendarDefinition>& calendars,
                                                  const UnitDefinitions& units,
                                                  const std::vector<Field>& available) {
  MILLGATE_TRY(check_unit_columns(units, available));
  ExpressionContext context{.units = units.units, .calendars = {}};
  for (const CalendarDefinition& definition : calendars) {
    MILLGATE_ASSIGN(Calendar calendar, read_days(database, definition));
    if (!context.calendars.emplace(definition.name, std::move(calendar)).second) {
      return definition.section.error_at(
          "name", "two calendars are named `" + definition.name + "`", "rename one of them");
    }
  }
  return context;
}

}  // namespace millgate
