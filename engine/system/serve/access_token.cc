#include "system/serve/access_token.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "ground/durable_file.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "model/release/refusal.h"

namespace millgate {

namespace {

constexpr const char* kTokenKind = "token";
/// By it a secret that lies about in a file is recognised for what it is.
constexpr std::string_view kSecretPrefix = "millgate_";
constexpr size_t kNameMax = 64;
constexpr std::array<AccessRole, 4> kRoles = {AccessRole::predict, AccessRole::observe,
                                              AccessRole::push, AccessRole::release};

Result<std::string> new_secret() {
  Id random;
  size_t filled = 0;
  while (filled < random.bytes.size()) {
    const ssize_t got = ::getrandom(random.bytes.data() + filled, random.bytes.size() - filled, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure("cannot draw", "a random token", errno);
    filled += static_cast<size_t>(got);
  }
  return std::string(kSecretPrefix) + random.hex();
}

/// Nothing when the event took the token away.
Result<std::optional<AccessToken>> token_from_event(const Event& event) {
  const std::string object = "event " + std::to_string(event.number) + " (token)";
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
  MILLGATE_ASSIGN(const auto roles, json_member<std::vector<std::string>>(body, "roles", object));
  if (roles.empty()) return std::optional<AccessToken>();
  AccessToken token{
      .name = event.subject, .roles = {}, .digest = {}, .since = event.time, .by = event.author};
  for (const std::string& role : roles) {
    MILLGATE_ASSIGN(const AccessRole known, parse_access_role(role));
    token.roles.push_back(known);
  }
  MILLGATE_ASSIGN(const auto digest, json_member<std::string>(body, "sha256", object));
  MILLGATE_ASSIGN(token.digest, Id::parse(digest));
  if (body.contains("until")) {
    MILLGATE_ASSIGN(const auto until, json_member<std::string>(body, "until", object));
    MILLGATE_ASSIGN(token.until, parse_time(until));
  }
  if (body.contains("requests_per_second")) {
    MILLGATE_ASSIGN(token.requests_per_second,
                    json_member<double>(body, "requests_per_second", object));
  }
  return std::optional<AccessToken>(std::move(token));
}

/// Names go into the ledger and into messages.
Status check_name(const std::string& name) {
  const bool is_usable =
      !name.empty() && name.size() <= kNameMax && name.front() != '-' &&
      name.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.@") ==
          std::string::npos;
  if (is_usable) return {};
  return invalid_input("`" + name.substr(0, kNameMax) + "` cannot name a token",
                       "use letters, digits and `_ - . @`, for example booking-site");
}

const AccessToken* find_token(const AccessTokens& all, const std::string& name) {
  const auto found = std::find_if(all.tokens.begin(), all.tokens.end(),
                                  [&](const AccessToken& one) { return one.name == name; });
  return found == all.tokens.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(AccessRole role) {
  switch (role) {
    case AccessRole::predict:
      return "predict";
    case AccessRole::observe:
      return "observe";
    case AccessRole::push:
      return "push";
    case AccessRole::release:
      break;
  }
  return "release";
}

Result<AccessRole> parse_access_role(std::string_view name) {
  std::vector<std::string> names;
  for (const AccessRole role : kRoles) {
    if (to_string(role) == name) return role;
    names.emplace_back(to_string(role));
  }
  return invalid_input("unknown role `" + std::string(name) + "`", name_hint(name, names));
}

bool AccessToken::has(AccessRole role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

Result<AccessTokens> access_tokens(const Ledger& ledger) {
  MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, kTokenKind));
  std::map<std::string, Event> newest;
  for (const Event& event : events) newest[event.subject] = event;
  AccessTokens all{.tokens = {}, .are_wanted = !events.empty()};
  for (const auto& [name, event] : newest) {
    MILLGATE_ASSIGN(std::optional<AccessToken> token, token_from_event(event));
    if (token) all.tokens.push_back(*std::move(token));
  }
  return all;
}

Result<std::string> give_access_token(Ledger& ledger, const NewAccessToken& token,
                                      const std::string& author) {
  MILLGATE_TRY(check_name(token.name));
  if (token.roles.empty()) {
    return invalid_input("token `" + token.name + "` would be good for nothing",
                         "give it a role: --role predict");
  }
  MILLGATE_ASSIGN(std::string secret, new_secret());
  Json body = {{"roles", Json::array()}, {"sha256", hash_of(secret).hex()}};
  for (const AccessRole role : token.roles) body["roles"].push_back(std::string(to_string(role)));
  if (token.until) body["until"] = to_string(*token.until);
  if (token.requests_per_second > 0) body["requests_per_second"] = token.requests_per_second;
  const auto is_free = [&](const Ledger& seen) -> Status {
    MILLGATE_ASSIGN(const AccessTokens all, access_tokens(seen));
    const AccessToken* const holder = find_token(all, token.name);
    if (holder == nullptr) return {};
    return conflict("there is a token `" + token.name + "`, given by " + holder->by,
                    "choose another name, hand the new one out, then `millgate token remove " +
                        token.name + "`");
  };
  MILLGATE_TRY(ledger.append(
      {.kind = kTokenKind, .subject = token.name, .author = author, .body = dump_json(body)},
      is_free));
  return secret;
}

Status take_access_token(Ledger& ledger, const std::string& name, const std::string& author) {
  const auto is_there = [&](const Ledger& seen) -> Status {
    MILLGATE_ASSIGN(const AccessTokens all, access_tokens(seen));
    if (find_token(all, name) != nullptr) return {};
    std::vector<std::string> names;
    names.reserve(all.tokens.size());
    for (const AccessToken& one : all.tokens) names.push_back(one.name);
    return not_found("there is no token `" + name + "`",
                     names.empty() ? "`millgate token` lists them" : name_hint(name, names));
  };
  MILLGATE_TRY(ledger.append({.kind = kTokenKind,
                              .subject = name,
                              .author = author,
                              .body = dump_json({{"roles", Json::array()}})},
                             is_there));
  return {};
}

}  // namespace millgate
