/// Who may ask the server for what.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/ledger.h"
#include "system/serve/access_token.h"
#include "system/serve/message.h"

namespace millgate {

/// Whether a request may be answered.
struct AccessDecision {
  int status = 200;                ///< 401: who asks is not known; 403: known, and must not.
  std::string caller = {};         ///< The token's name; empty where none is wanted.
  double requests_per_second = 0;  ///< Of the token; 0: as the server says.
  std::optional<Error> why = {};   ///< With 401 and 403.
};

class IdentityProvider;

/// Knows the tokens of a ledger, and an identity provider that knows others. Thread-safe.
class AccessGuard {
 public:
  AccessGuard();
  ~AccessGuard();
  AccessGuard(const AccessGuard&) = delete;
  AccessGuard& operator=(const AccessGuard&) = delete;

  /// Takes the tokens of `provider` too, from now on wants one. Before the first request.
  void trust(std::unique_ptr<IdentityProvider> provider);
  /// Takes the tokens of `ledger` from now on. Until the first time everything that wants a token
  /// is refused. Errors: of the ledger; what was known stays.
  [[nodiscard]] Status follow(const Ledger& ledger);
  /// Whether any token is wanted.
  [[nodiscard]] bool wants_tokens() const;
  /// What the request may that asks for something of `role`; without a role any token will do.
  [[nodiscard]] AccessDecision decide(const HttpRequest& request, std::optional<AccessRole> role,
                                      Time now) const;

 private:
  std::unique_ptr<IdentityProvider> provider_;  ///< Null: none.
  std::atomic<std::shared_ptr<const AccessTokens>> known_ =
      std::make_shared<const AccessTokens>(AccessTokens{.tokens = {}, .are_wanted = true});
};

}  // namespace millgate
