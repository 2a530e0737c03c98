/// Which backups of a series stay.
#pragma once

#include <cstdint>
#include <vector>

#include "ground/clock.h"

namespace millgate {

/// Counts of the newest days, weeks (from Monday), months and years, in UTC, that have a backup:
/// of each the newest one stays. A backup stays when any of them keeps it.
struct Retention {
  int64_t last = 0;
  int64_t daily = 0;
  int64_t weekly = 0;
  int64_t monthly = 0;
  int64_t yearly = 0;
  [[nodiscard]] bool any() const { return last + daily + weekly + monthly + yearly > 0; }
};

/// For each of `times`, the oldest first, whether it stays. The newest always does.
[[nodiscard]] std::vector<bool> kept_by(const Retention& retention, const std::vector<Time>& times);

}  // namespace millgate
