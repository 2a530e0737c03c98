/// What expressions may name beside columns: units of columns, and calendars.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace millgate {

/// Days of a table that was read once, for example holidays. Kept inside the feature program, so
/// that a server needs no table.
struct Calendar {
  std::vector<int64_t> days;  ///< Days since 1970-01-01, ascending, each once.
  bool operator==(const Calendar&) const = default;
};

struct ExpressionContext {
  std::map<std::string, std::string> units;   ///< Column (`temp`, `view.temp`) to its unit.
  std::map<std::string, Calendar> calendars;  ///< By name.
};

}  // namespace millgate
