#include "system/serve/access_guard.h"

#include <strings.h>

#include <algorithm>
#include <utility>

#include "model/release/refusal.h"
#include "system/serve/identity_provider.h"

namespace millgate {

namespace {

/// What follows "Bearer " in `authorization`; empty without.
std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.size() < kScheme.size() ||
      ::strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0) {
    return {};
  }
  authorization.remove_prefix(kScheme.size());
  const size_t begin = std::min(authorization.find_first_not_of(' '), authorization.size());
  return authorization.substr(begin);
}

/// In a time that does not tell how much of them is equal.
bool are_equal(const Id& a, const Id& b) {
  unsigned differs = 0;
  for (size_t i = 0; i < a.bytes.size(); ++i) {
    differs |= static_cast<unsigned>(a.bytes[i] ^ b.bytes[i]);
  }
  return differs == 0;
}

/// Looks at every token, so that its place in the list does not show either.
const AccessToken* find_holder(const AccessTokens& known, std::string_view secret) {
  const Id digest = hash_of(secret);
  const AccessToken* found = nullptr;
  for (const AccessToken& token : known.tokens) {
    if (are_equal(token.digest, digest)) found = &token;
  }
  return found;
}

AccessDecision unknown(Error why) { return {.status = 401, .why = std::move(why)}; }

/// "`predict`, `observe`"
std::string roles_text(const std::vector<AccessRole>& roles) {
  std::string text;
  for (const AccessRole one : roles) {
    text += (text.empty() ? "`" : ", `") + std::string(to_string(one)) + "`";
  }
  return text.empty() ? "nothing here" : text;
}

AccessDecision must_not(const std::string& name, const std::vector<AccessRole>& roles,
                        AccessRole wanted, std::string hint) {
  return {.status = 403,
          .caller = name,
          .why = refused("token `" + name + "` is for " + roles_text(roles) + ", not for `" +
                             std::string(to_string(wanted)) + "`",
                         std::move(hint))};
}

/// Of a token of the identity provider.
AccessDecision decide_bearer(const Result<TokenBearer>& bearer, std::optional<AccessRole> role) {
  if (!bearer.ok()) return unknown(bearer.error());
  const std::vector<AccessRole>& roles = bearer->roles;
  if (role && std::find(roles.begin(), roles.end(), *role) == roles.end()) {
    return must_not(bearer->name, roles, *role, "the identity provider gives the roles");
  }
  return {.caller = bearer->name};
}

}  // namespace

Status AccessGuard::follow(const Ledger& ledger) {
  MILLGATE_ASSIGN(AccessTokens tokens, access_tokens(ledger));
  known_.store(std::make_shared<const AccessTokens>(std::move(tokens)));
  return {};
}

AccessGuard::AccessGuard() = default;
AccessGuard::~AccessGuard() = default;

void AccessGuard::trust(std::unique_ptr<IdentityProvider> provider) {
  provider_ = std::move(provider);
}

bool AccessGuard::wants_tokens() const { return provider_ != nullptr || known_.load()->are_wanted; }

AccessDecision AccessGuard::decide(const HttpRequest& request, std::optional<AccessRole> role,
                                   Time now) const {
  const std::shared_ptr<const AccessTokens> known = known_.load();
  if (!known->are_wanted && provider_ == nullptr) return {};
  const std::string_view secret = bearer_token(request.authorization);
  if (secret.empty()) {
    return unknown(refused("this server wants a token", "send `Authorization: Bearer TOKEN`"));
  }
  if (provider_ != nullptr && IdentityProvider::is_token(secret)) {
    return decide_bearer(provider_->bearer(secret, now), role);
  }
  const AccessToken* const token = find_holder(*known, secret);
  if (token == nullptr) {
    return unknown(refused("the token is not known here", "`millgate token` lists those that are"));
  }
  if (token->has_ended(now)) {
    return unknown(refused("token `" + token->name + "` ended at " + to_string(*token->until),
                           "`millgate token give` makes a new one"));
  }
  if (role && !token->has(*role)) {
    return must_not(
        token->name, token->roles, *role,
        "`millgate token give NAME --role " + std::string(to_string(*role)) + "` makes one");
  }
  return {.caller = token->name, .requests_per_second = token->requests_per_second};
}

}  // namespace millgate
