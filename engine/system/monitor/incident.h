/// Incidents: alarms that one cause explains, and what people decided about them. Kept in the
/// ledger.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/ledger.h"
#include "system/monitor/alarm.h"

namespace millgate {

enum class AlarmState : uint8_t {
  open,          ///< Nobody said anything yet, or a mute has ended.
  acknowledged,  ///< Somebody looks into it.
  muted,         ///< Nobody wants to hear of it for a time.
  resolved,      ///< Done; raised again when it shows in windows that begin later.
};
[[nodiscard]] std::string_view to_string(AlarmState state);

/// One decision. `name` and `reason` must be given, and stay visible for ever.
struct AlarmDecision {
  AlarmState state = AlarmState::acknowledged;  ///< Never `open`.
  std::optional<Time> until = {};               ///< Of a mute, and of nothing else.
  std::string name;
  std::string reason;
};

/// What people are told of and decide about: the alarms of one cause, and what was decided last.
struct Incident {
  int64_t number = 0;         ///< Of the ledger's event of its first alarm.
  std::vector<Alarm> alarms;  ///< At least one; the most severe stands for all.
  AlarmState state = AlarmState::open;
  std::optional<AlarmDecision> decision = {};  ///< Also one that has ended.
  Time decided = {};                           ///< With a decision.

  [[nodiscard]] const Alarm& alarm() const { return alarms.front(); }
  [[nodiscard]] Time since() const;  ///< The earliest of its alarms.
};

/// Every incident as it stands at `now`: open ones first, then the most severe, then the newest. An
/// alarm that came back counts in its newest incident only. Errors: those of the ledger; `damaged`.
[[nodiscard]] Result<std::vector<Incident>> incidents(const Ledger& ledger, Time now);

/// The incident of `number`, which may also be that of one of its later alarms.
/// Errors: `not_found`, with those that there are.
[[nodiscard]] Result<Incident> find_incident(const Ledger& ledger, int64_t number, Time now);

/// Records `decision` about the incident of `number`, as find_incident.
/// Errors: `not_found`; `invalid_input` without name or reason, for a mute without an end or one in
/// the past, for an end of anything else; `conflict` when it is resolved already.
[[nodiscard]] Result<Incident> decide_incident(Ledger& ledger, int64_t number,
                                               const AlarmDecision& decision, Time now,
                                               const std::string& author);

/// As its first alarm, with the others as `also`.
[[nodiscard]] nlohmann::ordered_json to_json(const Incident& incident);

}  // namespace millgate
