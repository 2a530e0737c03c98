/// Callers that an identity provider knows: JSON Web Tokens of OpenID Connect.
///
/// Source: RFC 7519 (tokens), OpenID Connect Discovery 1.0, RFC 8725 (what to watch).
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "system/serve/access_token.h"
#include "system/serve/json_web_key.h"
#include "system/serve/server.h"

namespace millgate {

/// Who a token is of, as the provider says.
struct TokenBearer {
  std::string name;  ///< "jwt:" and the subject.
  std::vector<AccessRole> roles;
  int64_t ends_seconds = 0;  ///< Unix time.
};

/// Knows the keys of a provider and reads its tokens. Keys are read again every hour, and within
/// ten seconds when a token names one that is not known; meanwhile the old ones hold. Thread-safe.
class IdentityProvider {
 public:
  /// Does not wait for the provider: until its keys are read every token is refused with the
  /// reason. Errors: `invalid_input` for options that are none; a file of keys that cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<IdentityProvider>> start(const OidcOptions& options);
  ~IdentityProvider();
  IdentityProvider(const IdentityProvider&) = delete;
  IdentityProvider& operator=(const IdentityProvider&) = delete;

  /// Whether `secret` has the form of such a token, which ours have not.
  [[nodiscard]] static bool is_token(std::string_view secret);
  /// Errors: `refused` with what is wrong: signature, issuer, audience, times, roles.
  [[nodiscard]] Result<TokenBearer> bearer(std::string_view token, Time now);

 private:
  using Keys = std::vector<JsonWebKey>;
  explicit IdentityProvider(OidcOptions options);
  void run();
  Status read_keys();
  [[nodiscard]] Result<std::string> fetch_keys() const;
  [[nodiscard]] Result<TokenBearer> read_token(std::string_view token, Time now);
  [[nodiscard]] Result<TokenBearer> read_claims(std::string_view payload, Time now) const;
  void want_keys();

  OidcOptions options_;
  std::atomic<std::shared_ptr<const Keys>> keys_;
  std::mutex mutex_;  ///< Guards what follows.
  std::condition_variable wake_;
  bool ending_ = false;
  bool wants_keys_ = false;
  std::string trouble_;
  /// Tokens that were proven, by their hash: signatures take longer than predictions.
  std::unordered_map<std::string, TokenBearer> proven_;
  std::thread thread_;
};

}  // namespace millgate
