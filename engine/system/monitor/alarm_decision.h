/// What people decided about alarms: seen, muted for a time, resolved. Kept in the ledger.
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

/// An alarm and what was last decided about it.
struct AlarmStanding {
  Alarm alarm;
  AlarmState state = AlarmState::open;
  std::optional<AlarmDecision> decision;  ///< Also one that has ended.
  Time decided;                           ///< With a decision.
};

/// Every alarm as it stands at `now`: open ones first, then the most severe, then the newest. Of an
/// alarm that came back, the newest time. Errors: those of the ledger; `damaged`.
[[nodiscard]] Result<std::vector<AlarmStanding>> alarm_standings(const Ledger& ledger, Time now);

/// Records `decision` about the alarm of ledger event `number`.
/// Errors: `not_found` when that is no alarm, with those that are; `invalid_input` without name or
/// reason, for a mute without an end or one in the past, for an end of anything else; `conflict`
/// when it is resolved already.
[[nodiscard]] Result<AlarmStanding> decide_alarm(Ledger& ledger, int64_t number,
                                                 const AlarmDecision& decision, Time now,
                                                 const std::string& author);

[[nodiscard]] nlohmann::ordered_json to_json(const AlarmStanding& standing);

}  // namespace millgate
