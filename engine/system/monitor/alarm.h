/// Alarms: few, one per cause, ranked; those that are new go to the ledger.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/ledger.h"
#include "system/monitor/harm.h"

namespace millgate {

/// One thing that somebody should look at.
struct Alarm {
  std::string key;      ///< The same trouble has the same key: "unit/MODEL/distance".
  std::string kind;     ///< unit, skew, missing, category, drift, requirement, quality, money, age,
                        ///< labels, log.
  double severity = 0;  ///< 0 to 1; alarms are ranked by it, highest first.
  std::string model;    ///< Hex id; empty when it is not about one model.
  std::string subject;  ///< The column or metric that it is about; may be empty.
  std::string what;     ///< One sentence, for people.
  Time since;           ///< Begin of the first window in which it shows.
  std::string how_much;  ///< "31 % of 4,120 rows".
  std::string suspected_cause;
  std::string next_step;  ///< A command to run.
  AlarmHarm harm = {};
  int64_t served_rows = 0;      ///< Predictions since `since`, of the model where it is about one.
  int64_t affected_rows = 0;    ///< Of these, those that it touches.
  std::string rows_where = {};  ///< Which, as SQL over the table `predictions`; empty: all of them.
  std::vector<std::string> columns = {};   ///< Inputs, features that it is about.
  std::vector<std::string> suspects = {};  ///< What changed before: releases, commits, sources.
  /// Key of the alarm that leads the incident in which this one was found; empty: it leads.
  std::string leader = {};
  int64_t incident = 0;      ///< Number of its incident (incident.h); 0: not recorded.
  bool is_new = false;       ///< Not in the ledger before.
  int64_t event_number = 0;  ///< The ledger's event that holds it; 0: not recorded.
  Time recorded;             ///< When it went into the ledger.

  [[nodiscard]] bool leads() const { return leader.empty() || leader == key; }
};

[[nodiscard]] nlohmann::ordered_json to_json(const Alarm& alarm);

/// Appends those of `found` whose key no event of kind "alarm" has yet, or whose incident was
/// resolved before the alarm shows now; sets `incident`, `is_new`, `event_number` and `recorded` in
/// all of them. `found` is as group_alarms (alarm_groups.h) leaves it: alarms of one cause join the
/// incident that one of them has already, or begin a new one together. Safe against other processes
/// that do the same.
[[nodiscard]] Status record_alarms(Ledger& ledger, std::vector<Alarm>& found,
                                   const std::string& author);

/// Every recorded alarm, newest first. Errors: those of the ledger; `damaged`.
[[nodiscard]] Result<std::vector<Alarm>> alarms(const Ledger& ledger);

}  // namespace millgate
