/// Rollbacks that were rehearsed, as the ledger tells of them.
#pragma once

#include <optional>
#include <string>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"

namespace millgate {

/// A rollback that was tried beside what serves.
struct Drill {
  Id from;
  Id to;
  double seconds = 0;         ///< From the command until every client was answered by `to`.
  int64_t request_count = 0;  ///< Predictions asked for meanwhile.
  int64_t failed_count = 0;   ///< Of these, answered with an error or not at all.
  Time time = {};             ///< When; set by the ledger.
  std::string by = {};

  /// Nobody would have noticed.
  [[nodiscard]] bool passed() const { return failed_count == 0 && request_count > 0; }
};

[[nodiscard]] Status record_drill(Ledger& ledger, const Drill& drill, const std::string& author);
/// The newest. Errors: `damaged`.
[[nodiscard]] Result<std::optional<Drill>> newest_drill(const Ledger& ledger);

}  // namespace millgate
