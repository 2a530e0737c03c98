#include <algorithm>

#include "data/feature/civil_day.h"
#include "data/feature/function_table.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

struct PreparedCalendar : Prepared {
  explicit PreparedCalendar(Calendar its_calendar) : calendar(std::move(its_calendar)) {}
  Calendar calendar;
};

Result<std::shared_ptr<const Prepared>> prepare_calendar(std::span<const Vector> literals,
                                                         const ExpressionContext& context) {
  const std::string& name = literals.front().texts.front();
  const auto found = context.calendars.find(name);
  if (found != context.calendars.end()) {
    return std::shared_ptr<const Prepared>(std::make_shared<PreparedCalendar>(found->second));
  }
  std::vector<std::string> names;
  names.reserve(context.calendars.size());
  for (const auto& [known, calendar] : context.calendars) names.push_back(known);
  return invalid_input(
      "unknown calendar `" + name + "`",
      names.empty() ? "declare it by [[calendar]] in the project file" : name_hint(name, names));
}

using Days = std::vector<int64_t>;

bool is_listed(const Days& days, int64_t day, int64_t& result) {
  result = std::binary_search(days.begin(), days.end(), day) ? 1 : 0;
  return true;
}
/// A day of the calendar is its own next and last one: 0.
bool days_to_next(const Days& days, int64_t day, int64_t& result) {
  const auto next = std::lower_bound(days.begin(), days.end(), day);
  if (next == days.end()) return false;
  result = *next - day;
  return true;
}
bool days_since_last(const Days& days, int64_t day, int64_t& result) {
  const auto after = std::upper_bound(days.begin(), days.end(), day);
  if (after == days.begin()) return false;
  result = day - *std::prev(after);
  return true;
}

template <auto function>
void calendar_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const Days& days = prepared_as<PreparedCalendar>(arguments[0]).calendar.days;
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[1].valid(row)) continue;
    const int64_t day = day_number(Slot<int64_t>::get(arguments[1], row));
    out.valid[row] = function(days, day, out.integers[row]) ? 1 : 0;
  }
}

ExpressionFunction of_calendar(const std::string& name, std::string doc, ValueType result,
                               Kernel kernel) {
  return {.name = name,
          .group = "Calendars",
          .usage = name + "('holidays', t)",
          .doc = std::move(doc),
          .overloads = {{.parameters = {ValueType::text, ValueType::time},
                         .result = result,
                         .kernel = kernel,
                         .literals = {0},
                         .prepare = prepare_calendar,
                         .names_calendar = true}}};
}

}  // namespace

std::vector<ExpressionFunction> calendar_functions() {
  return {
      of_calendar("in_calendar", "Whether the day of t is in the `[[calendar]]` of this name.",
                  ValueType::boolean, calendar_kernel<is_listed>),
      of_calendar("days_to_next",
                  "Days until the next day of the calendar, 0 on one; null after the last.",
                  ValueType::integer, calendar_kernel<days_to_next>),
      of_calendar("days_since_last",
                  "Days since the last day of the calendar, 0 on one; null before the first.",
                  ValueType::integer, calendar_kernel<days_since_last>),
  };
}

}  // namespace millgate
