/// Numbers and times as people read them, the same in alarms, pages and cards.
#pragma once

#include <cstdint>
#include <string>

#include "ground/clock.h"

namespace millgate {

/// "4,120".
[[nodiscard]] std::string count_text(int64_t count);
/// "1 row", "4,120 rows": the plural takes an s.
[[nodiscard]] std::string count_of(int64_t count, const std::string& noun);
/// "31 %", "0.47 %", "< 0.01 %": two digits that mean something.
[[nodiscard]] std::string percent_text(double share);
/// Three significant digits, or whole with commas from 1,000 on: "0.674", "12.3", "4,120";
/// "1e+300" where nobody counts the digits. "unknown" for NaN.
[[nodiscard]] std::string figure_text(double value);
/// "2013-06-01", or with the time of day when it is not midnight: "2013-06-01 13:30".
[[nodiscard]] std::string time_text(Time time);
/// "7 days", "3 hours", "90 minutes".
[[nodiscard]] std::string duration_text(int64_t micros);

}  // namespace millgate
