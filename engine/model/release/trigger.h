/// `[[trigger]]` of the project file: what an incident starts by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

enum class TriggerDoes : uint8_t {
  rollback,  ///< The model before answers again.
  retrain,   ///< A run on the newest commit, and the gate.
};
[[nodiscard]] std::string_view to_string(TriggerDoes does);

/// What becomes of a model that was trained anew and passed the gate.
enum class TriggerThen : uint8_t { nothing, release, rollout };

/// On what conditions an incident starts what. One that is acknowledged or muted starts nothing:
/// somebody looks after it.
struct IncidentTrigger {
  std::string name;
  std::vector<std::string> when = {};  ///< Kinds of alarms (kAlarmKinds), one of which it has.
  double severity_at_least = 0.8;
  /// Known beyond chance, as a share of what there was to lose (0.05: 5 % of the loss); nothing: it
  /// need not be known.
  std::optional<double> harm_at_least = {};
  TriggerDoes does = TriggerDoes::rollback;
  TriggerThen then = TriggerThen::nothing;  ///< Of a retraining.
  bool needs_approval = false;              ///< A person must say yes.
  /// For so long after one, whatever trigger and incident it was of, there is no other.
  int64_t cooldown_micros = 24LL * 3600 * 1'000'000;
};

/// As `Alarm::kind` (system/monitor/alarm.h) has them.
inline constexpr const char* kAlarmKinds[] = {  // NOLINT(*-avoid-c-arrays)
    "unit",    "skew",  "missing", "category", "drift", "requirement",
    "quality", "money", "age",     "labels",   "log"};

/// Reads `[[trigger]]` of the project file's `root`. Errors: `invalid_input` with the place: an
/// unknown kind, two of one name, a condition out of its range, `then` of a rollback.
[[nodiscard]] Result<std::vector<IncidentTrigger>> read_triggers(Section& root);

}  // namespace millgate
