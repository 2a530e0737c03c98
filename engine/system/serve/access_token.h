/// Tokens by which callers of a server are known, and what each may. They live in the ledger: who
/// gave which to whom, and when it was taken away, is kept like all else that happened.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"

namespace millgate {

/// What the holder of a token may ask for.
enum class AccessRole {
  predict,  ///< Predictions, features, labels that came later.
  observe,  ///< Figures of the server.
  push,     ///< Rows for the online store, which change what is predicted.
  release,  ///< What serves.
};

[[nodiscard]] std::string_view to_string(AccessRole role);
/// Errors: `invalid_input` with the valid names.
[[nodiscard]] Result<AccessRole> parse_access_role(std::string_view name);

/// One token as it is known: never the secret itself.
struct AccessToken {
  std::string name;  ///< Of the program or the person that holds it.
  std::vector<AccessRole> roles;
  Id digest;  ///< SHA-256 of the secret. 256 random bits need no slow hash: nobody can try them.
  std::optional<Time> until = {};
  double requests_per_second = 0;  ///< That it is good for; 0: as many as the server says.
  Time since = {};
  std::string by = {};

  [[nodiscard]] bool has(AccessRole role) const;
  [[nodiscard]] bool has_ended(Time now) const { return until && *until <= now; }
};

/// Every token of a project that was not taken away, by name.
struct AccessTokens {
  std::vector<AccessToken> tokens;
  /// Whether a token was ever given: from then on a server wants one, also when all are gone.
  bool are_wanted = false;
};

/// Errors: `damaged`, and those of the ledger.
[[nodiscard]] Result<AccessTokens> access_tokens(const Ledger& ledger);

/// What a token is made of.
struct NewAccessToken {
  std::string name;
  std::vector<AccessRole> roles;
  std::optional<Time> until = {};
  double requests_per_second = 0;  ///< 0: as many as the server says.
};

/// Makes a secret, appends its digest to the ledger, and returns the secret, which is kept nowhere.
/// Errors: `invalid_input` for a name that cannot be one or no role; `conflict` when somebody has
/// the name; `outside` without randomness.
[[nodiscard]] Result<std::string> give_access_token(Ledger& ledger, const NewAccessToken& token,
                                                    const std::string& author);
/// Servers refuse it as soon as they see the ledger. Errors: `not_found` with the nearest name.
[[nodiscard]] Status take_access_token(Ledger& ledger, const std::string& name,
                                       const std::string& author);

}  // namespace millgate
