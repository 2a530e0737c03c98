/// Models, releases and rollbacks as folds over the ledger.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"
#include "model/release/gate.h"

namespace millgate {

/// What serves, and why.
struct Serving {
  Id model;
  int64_t since_event = 0;
  Time since;
  std::string by;
  std::string how;      ///< "release", "rollback", "override".
  std::string reason;   ///< Of a rollback or an override.
  std::string verdict;  ///< Name of the verdict; empty for an override without one.
};

/// An override: who and why; both must be given, and stay visible for ever.
struct Override {
  std::string name;
  std::string reason;
};

/// Opens the way for the model of a passed verdict. Errors: `refused` when the verdict did not
/// pass, is not in this ledger, or is older than the newest verdict about the model; `conflict`
/// when it serves already, or when somebody else changed what serves at the same moment.
[[nodiscard]] Result<Serving> release(Ledger& ledger, const Verdict& verdict,
                                      const std::string& author);
/// Releases against the gate. `Serving::verdict` is the newest about the model, passed or not.
/// Errors: `invalid_input` without name or reason; `conflict` as `release`.
[[nodiscard]] Result<Serving> release_by_override(Ledger& ledger, const Id& model,
                                                  const Override& why, const std::string& author);
/// Back to `to`, or to what served before: going back twice goes two releases back, not to and
/// fro. Errors: `refused` when that model was never released by a passed verdict; `not_found`
/// when nothing served before; `invalid_input` without a reason; `conflict` as `release`.
[[nodiscard]] Result<Serving> roll_back(Ledger& ledger, std::optional<Id> to,
                                        const std::string& reason, const std::string& author);

/// What serves now, or served at `at`.
[[nodiscard]] Result<std::optional<Serving>> serving(const Ledger& ledger,
                                                     std::optional<Time> at = std::nullopt);
/// Every change of what serves, oldest first.
[[nodiscard]] Result<std::vector<Serving>> serving_history(const Ledger& ledger);

/// A trained model that a run recorded.
struct RunRecord {
  Id model;
  Event event;  ///< Kind "run"; its body holds parameters and evidence.
};
[[nodiscard]] Result<std::vector<RunRecord>> runs(const Ledger& ledger);

/// A model by id, unique prefix, "latest" (newest run) or "serving".
/// Errors: `not_found`, `invalid_input` when ambiguous.
[[nodiscard]] Result<Id> resolve_model(const Ledger& ledger, std::string_view name);

}  // namespace millgate
