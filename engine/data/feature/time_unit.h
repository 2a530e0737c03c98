/// Units of the calendar, for `date_trunc`, `date_diff` and `date_part`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millgate {

enum class TimeUnit : uint8_t { second, minute, hour, day, week, month, quarter, year };

/// By SQL's names, `hour` and `hours`, in any case.
[[nodiscard]] std::optional<TimeUnit> find_time_unit(std::string_view name);
[[nodiscard]] std::vector<std::string> time_unit_names();

/// The begin of the unit in which `micros` lies. Weeks begin on Monday.
[[nodiscard]] int64_t truncate_time(TimeUnit unit, int64_t micros);
/// How many units have begun after `from` up to `to`; negative when `to` is before `from`.
[[nodiscard]] int64_t units_between(TimeUnit unit, int64_t from, int64_t to);

}  // namespace millgate
