#include "system/serve/access_guard.h"

#include <strings.h>

#include <algorithm>
#include <utility>

#include "model/release/refusal.h"

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

AccessDecision must_not(const AccessToken& token, AccessRole role) {
  std::string roles;
  for (const AccessRole one : token.roles) {
    roles += (roles.empty() ? "`" : ", `") + std::string(to_string(one)) + "`";
  }
  const std::string wanted(to_string(role));
  return {
      .status = 403,
      .caller = token.name,
      .why = refused("token `" + token.name + "` is for " + roles + ", not for `" + wanted + "`",
                     "`millgate token give NAME --role " + wanted + "` makes one")};
}

}  // namespace

Status AccessGuard::follow(const Ledger& ledger) {
  MILLGATE_ASSIGN(AccessTokens tokens, access_tokens(ledger));
  known_.store(std::make_shared<const AccessTokens>(std::move(tokens)));
  return {};
}

bool AccessGuard::wants_tokens() const { return known_.load()->are_wanted; }

AccessDecision AccessGuard::decide(const HttpRequest& request, std::optional<AccessRole> role,
                                   Time now) const {
  const std::shared_ptr<const AccessTokens> known = known_.load();
  if (!known->are_wanted) return {};
  const std::string_view secret = bearer_token(request.authorization);
  if (secret.empty()) {
    return unknown(refused("this server wants a token", "send `Authorization: Bearer TOKEN`"));
  }
  const AccessToken* const token = find_holder(*known, secret);
  if (token == nullptr) {
    return unknown(refused("the token is not known here", "`millgate token` lists those that are"));
  }
  if (token->has_ended(now)) {
    return unknown(refused("token `" + token->name + "` ended at " + to_string(*token->until),
                           "`millgate token give` makes a new one"));
  }
  if (role && !token->has(*role)) return must_not(*token, *role);
  return {.caller = token->name, .requests_per_second = token->requests_per_second};
}

}  // namespace millgate
