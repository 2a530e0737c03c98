/// A model goes live in an environment: what `release` and `promote` share.
#pragma once

#include <optional>
#include <string>

#include "app/command.h"
#include "app/session.h"
#include "model/release/registry.h"

namespace millgate {

struct GoingLive {
  std::string model = "latest";
  std::string environment;    ///< Its name; empty: the last.
  std::string reason;         ///< Of an override; empty: none.
  std::string name;           ///< Who answers for it.
  std::string lasts = "14d";  ///< How long it holds.
};

/// The key of the environment called `name`. What is wrong in the project file must not keep
/// anybody from serving or going back, so it is read only where one is named.
[[nodiscard]] Result<std::string> environment_key(const Session& session, const std::string& name);

/// Who the project file asks to sign.
[[nodiscard]] Result<SignOffRules> sign_off_rules(const Project& project);

/// Into which environment a model is let, by the project file alone. Errors: `invalid_input` where
/// settings from elsewhere change what the gate asks.
[[nodiscard]] Result<Entry> entry_from(const Session& session, const Workplace& place,
                                       const std::string& environment);
/// `[doctor] blocks_release`: what must be in order before a model goes live, unless it is let in
/// against the gate. Errors: `refused` with what doctor finds; as examine.
[[nodiscard]] Status check_health(const Workplace& place);
/// What the options say against the gate; nothing: they say nothing.
[[nodiscard]] Result<std::optional<Override>> override_from(const GoingLive& options, Time now);

/// The options of an override.
void add_override_options(const Command& command, GoingLive& options);
/// Lets the model go live by its newest verdict there, or by the override, and says so.
[[nodiscard]] Result<int> go_live(const Session& session, const GoingLive& options);

/// "model 0a1b2c3d4e5f serves since ..., by release of ada, verdict ...", or as JSON.
int print_serving(const Session& session, const Serving& serving);
/// ", by override of grace until ..., verdict ..., because: ..."; with "ended at" once it has.
[[nodiscard]] std::string how_text(const Serving& serving, Time now);
/// To stderr, where it lives by an override: that is shown wherever the model is, and beside
/// whoever may take its place.
void tell_override(const Serving& live);
[[nodiscard]] Json serving_json(const Serving& serving, Time now);

}  // namespace millgate
