/// Releases, promotions and rollbacks as folds over the ledger: what is live where, and since when.
///
/// An environment is meant by its key: empty for the last one, where models serve.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"
#include "model/release/environment.h"
#include "model/release/gate.h"
#include "model/release/sign_off.h"

namespace millgate {

/// What is live in an environment, and why.
struct Serving {
  Id model;
  int64_t since_event = 0;
  Time since;
  std::string by;
  std::string how;          ///< "release", "rollback", "override"; "open" where none is judged.
  std::string reason;       ///< Of a rollback, an override or a roll-out.
  std::string verdict;      ///< Name of the verdict; empty for an override without one.
  std::string environment;  ///< Key.
  /// Of an override: when it ends. Nothing: of before overrides ended.
  std::optional<Time> until = {};

  /// Whether an override has let it live and holds no longer. It goes on serving.
  [[nodiscard]] bool has_expired(Time now) const { return until && *until <= now; }
};

/// An override: who, why and for how long; all must be given, and stay visible for ever.
struct Override {
  std::string name;
  std::string reason;
  Time until;
};

/// Where a model is to be live, what time it is (overrides end), and who must have signed.
struct Entry {
  Environment environment = {};
  Time now = {};
  SignOffRules sign_offs = {};
  std::string reason = {};           ///< Of a release by a roll-out; empty: none is kept.
  Ledger::Condition also = nullptr;  ///< Must hold at the very moment of the change.
};

/// Whether `release` would open the way for the model of `verdict`, but for signatures, retirement
/// and what is live. Errors: `refused` as `release`.
[[nodiscard]] Status check_may_enter(const Ledger& ledger, const Verdict& verdict,
                                     const Entry& entry);
/// Errors: `invalid_input` without name or reason, or when it has ended at `now`.
[[nodiscard]] Status check_override(const Id& model, const Override& why, Time now);

/// Opens the way for the model of a passed verdict. What serves by an override may be released once
/// it has passed. Errors: `refused` when the verdict did not pass, is not in this ledger, is older
/// than the newest verdict about the model in that environment, judged less than the environment
/// asks for, is not signed by those whom the project file names, when the model was never live in
/// the environment before, or is retired; `conflict` when it is live there already, or when
/// somebody else changed that at the same moment.
[[nodiscard]] Result<Serving> release(Ledger& ledger, const Verdict& verdict,
                                      const std::string& author, const Entry& entry = {});
/// Lets a model into an open environment, which asks for no verdict. Errors: as `release`;
/// `refused` when the environment is not open.
[[nodiscard]] Result<Serving> enter_open(Ledger& ledger, const Id& model, const std::string& author,
                                         const Entry& entry);
/// Releases against the gate. `Serving::verdict` is the newest about the model, passed or not. What
/// serves by an override may be given another one.
/// Errors: `invalid_input` without name or reason, or when it has ended already; `refused` when the
/// model is retired; `conflict` as `release`.
[[nodiscard]] Result<Serving> release_by_override(Ledger& ledger, const Id& model,
                                                  const Override& why, const std::string& author,
                                                  const Entry& entry = {});

/// Back to what, and why.
struct Rollback {
  std::optional<Id> to = {};  ///< Nothing: what was live before.
  std::string reason;
  std::string environment = {};      ///< Key.
  int64_t incident = 0;              ///< That it answers, by its number; 0: none.
  Ledger::Condition also = nullptr;  ///< Must hold at the very moment of the change.
};
/// What `roll_back` goes back to when nobody names a model; nothing: nothing was live before.
[[nodiscard]] Result<std::optional<Id>> rollback_target(const Ledger& ledger,
                                                        const std::string& environment = {});
/// Back to `to`, or to what was live before: going back twice goes two releases back, not to and
/// fro. A model that is named must still meet what can be checked at once: its newest verdict
/// passed, and what that measured is within the limits of the newest verdict about any model there.
/// Errors: `refused` when that model was never live there by a passed verdict, does not meet them,
/// or is retired;
/// `not_found` when nothing was live before; `invalid_input` without a reason; `conflict` as
/// `release`.
[[nodiscard]] Result<Serving> roll_back(Ledger& ledger, const Rollback& rollback,
                                        const std::string& author);

/// What is live, or was at `at`.
[[nodiscard]] Result<std::optional<Serving>> serving(const Ledger& ledger,
                                                     std::optional<Time> at = std::nullopt,
                                                     const std::string& environment = {});
/// Every change of what is live there, oldest first.
[[nodiscard]] Result<std::vector<Serving>> serving_history(const Ledger& ledger,
                                                           const std::string& environment = {});
/// What is live in each environment that ever had a model: those by name, then the last one.
[[nodiscard]] Result<std::vector<Serving>> live_everywhere(const Ledger& ledger,
                                                           std::optional<Time> at = std::nullopt);

}  // namespace millgate
