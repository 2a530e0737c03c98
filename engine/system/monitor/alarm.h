/// Alarms: few, one per cause, ranked; those that are new go to the ledger.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/ledger.h"

namespace millgate {

/// One thing that somebody should look at.
struct Alarm {
  std::string key;      ///< Names the cause: equal keys are one alarm. "unit/MODEL/distance".
  std::string kind;     ///< unit, skew, missing, category, drift, requirement, quality, money, age,
                        ///< labels, log.
  double severity = 0;  ///< 0 to 1; alarms are ranked by it, highest first.
  std::string model;    ///< Hex id; empty when it is not about one model.
  std::string subject;  ///< The column or metric that it is about; may be empty.
  std::string what;     ///< One sentence, for people.
  Time since;           ///< Begin of the first window in which it shows.
  std::string how_much;  ///< "31 % of 4,120 rows".
  std::string suspected_cause;
  std::string next_step;     ///< A command to run.
  bool is_new = false;       ///< Not in the ledger before.
  int64_t event_number = 0;  ///< The ledger's event that holds it; 0: not recorded.
  Time recorded;             ///< When it went into the ledger.
};

[[nodiscard]] nlohmann::ordered_json to_json(const Alarm& alarm);

/// Appends those of `found` whose key no event of kind "alarm" has yet, or whose alarm was resolved
/// (alarm_decision.h) before it shows now; sets `is_new`, `event_number` and `recorded` in all of
/// them. Safe against other processes that do the same.
[[nodiscard]] Status record_alarms(Ledger& ledger, std::vector<Alarm>& found,
                                   const std::string& author);

/// Every recorded alarm, newest first. Errors: those of the ledger; `damaged`.
[[nodiscard]] Result<std::vector<Alarm>> alarms(const Ledger& ledger);

}  // namespace millgate
