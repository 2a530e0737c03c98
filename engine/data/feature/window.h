/// Windows of a view: what happened to an entity in the time before a row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

enum class WindowKind { count, sum, mean, min, max, distinct, last, decayed_sum, decayed_count };

/// One line of `[view.windows]`:
///   rain_24h  = "sum(precip) over 24h"
///   visits    = "count() over 7d"
///   recent    = "mean(amount) over last 10"
///   two_ago   = "last(amount, 2) over 90d"
///   intensity = "decayed_sum(amount, 6h) over 7d"
///
/// The facts in a window are those of the row's entity that happened after (row time - span) and
/// not after the row time, as they could be known then; of facts that share the view's `key`, the
/// version known last. Null values are left out, also of `count(x)`.
struct Window {
  std::string name;
  std::string definition;
  WindowKind kind = WindowKind::count;
  std::string argument;         ///< SQL over the view's columns; empty: `count()`.
  std::optional<int64_t> span;  ///< Microseconds; nothing: `over last N`.
  int64_t last_count = 0;       ///< N of `over last N`.
  int64_t position = 1;         ///< Of `last(x, n)`: 1 is the newest.
  int64_t half_life = 0;        ///< Microseconds, of the decayed ones.
  [[nodiscard]] ValueType type() const {
    return kind == WindowKind::count || kind == WindowKind::distinct ? ValueType::integer
                                                                     : ValueType::number;
  }
  bool operator==(const Window&) const = default;
};

inline constexpr int64_t kLastCountMax = 1000;

/// One line, `name = "definition"`. Errors: `invalid_input`.
[[nodiscard]] Result<Window> parse_window(const std::string& name, const std::string& definition);

/// Reads `windows` of a view. Errors: `invalid_input` at the place.
[[nodiscard]] Result<std::vector<Window>> read_windows(Section section);

}  // namespace millgate
