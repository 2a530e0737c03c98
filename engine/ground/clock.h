/// Time as the engine sees it: a door to the outside world with a twin for tests.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// A point in time: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
struct Time {
  int64_t micros = 0;
  auto operator<=>(const Time&) const = default;  // NOLINT(modernize-use-nullptr): false alarm
};

/// ISO 8601 in UTC: "2013-01-01T10:00:00Z", with six decimals only where they are not zero.
[[nodiscard]] std::string to_string(Time time);

/// Reads "2013-01-01", "2013-01-01T10:00", "2013-01-01 10:00:00.5", each with an optional
/// "Z" or "+hh:mm"; without one, UTC is meant. Digits past the microsecond are dropped.
/// Errors: `invalid_input` with the forms that are understood.
[[nodiscard]] Result<Time> parse_time(std::string_view text);

/// Reads a duration: "30d", "3h", "15m", "20s", "250ms", or SQL's "30 minutes". Several parts
/// add up ("1h 30m"); a part may have decimals ("1.5h"). Microseconds, never negative.
/// Errors: `invalid_input` with the units that are understood.
[[nodiscard]] Result<int64_t> parse_duration_micros(std::string_view text);

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
};

/// The machine's clock. `MILLGATE_NOW` in the environment (ISO 8601) stops it there, so that
/// examples and tests can live in the time of their data. It is read once, at the first call.
[[nodiscard]] const Clock& system_clock();

/// Whether `MILLGATE_NOW` could be understood; if not, the clock runs as if it were not set,
/// so a program asks this at its start. Errors: `invalid_input` naming the variable.
[[nodiscard]] Status check_system_clock();

/// A clock that stands still until told.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start) {}
  [[nodiscard]] Time now() const override { return now_; }
  void set(Time now) { now_ = now; }

 private:
  Time now_;
};

}  // namespace millgate
