#include "system/serve/identity_provider.h"

#include <algorithm>
#include <chrono>

#include "ground/file_store.h"
#include "ground/http_call.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr std::chrono::hours kKeysEvery{1};
constexpr std::chrono::seconds kKeysAgain{10};
constexpr size_t kTokenBytesMax = 8'192;
constexpr size_t kAnswerBytesMax = 1 << 20;
constexpr size_t kProvenMax = 4'096;
/// Clocks differ.
constexpr int64_t kLeewaySeconds = 60;

bool is_url(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

Result<std::string> fetch(const std::string& url) {
  const Result<HttpReply> reply = http_call({.url = url, .answer_bytes_max = kAnswerBytesMax});
  if (!reply.ok()) return outside_failure("`" + url + "`: " + reply.error().what);
  if (reply->status != 200) {
    return outside_failure("`" + url + "` answered " + std::to_string(reply->status));
  }
  return reply->body;
}

/// Why a token is not taken. Its content is not told: who sends it knows, others need not.
Error not_taken(std::string what, std::string hint = {}) {
  return Error{.code = ErrorCode::refused,
               .what = "the token is not taken: " + std::move(what),
               .hint = std::move(hint)};
}

/// The parts of HEADER.PAYLOAD.SIGNATURE.
struct TokenParts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view proven;  ///< What the signature is of.
};

std::optional<TokenParts> parts_of(std::string_view token) {
  const size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return TokenParts{.header = token.substr(0, first),
                    .payload = token.substr(first + 1, second - first - 1),
                    .signature = token.substr(second + 1),
                    .proven = token.substr(0, second)};
}

Result<Json> decoded_json(std::string_view part, const char* name) {
  const Result<std::string> text = from_base64url(part);
  if (text.ok()) {
    const Result<Json> json = parse_json(*text, name);
    if (json.ok() && json->is_object()) return *json;
  }
  return not_taken(std::string("its ") + name + " cannot be read");
}

std::string text_claim(const Json& claims, const char* name) {
  const auto found = json_member<std::string>(claims, name, "token");
  return found.ok() ? *found : std::string();
}

/// Unix time; nothing when it is missing or no number.
std::optional<int64_t> time_claim(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number()) return std::nullopt;
  const auto seconds = found->get<double>();
  // What is beyond is no time, and no integer either.
  if (!(seconds >= 0 && seconds < 1e12)) return std::nullopt;
  return static_cast<int64_t>(seconds);
}

bool has_audience(const Json& claims, const std::string& audience) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  if (found->is_string()) return found->get<std::string>() == audience;
  return found->is_array() && std::any_of(found->begin(), found->end(), [&](const Json& one) {
           return one.is_string() && one.get<std::string>() == audience;
         });
}

/// The claim at `path`, whose parts stand between dots: "realm_access.roles". Null: there is none.
const Json* claim_at(const Json& claims, std::string_view path) {
  const Json* place = &claims;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (!place->is_object()) return nullptr;
    const auto found = place->find(std::string(part));
    if (found == place->end()) return nullptr;
    place = &*found;
  }
  return place;
}

/// Adds the role that `name` is: "predict" or "millgate:predict".
void add_role(std::string_view name, std::vector<AccessRole>& roles) {
  constexpr std::string_view kPrefix = "millgate:";
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  const Result<AccessRole> role = parse_access_role(name);
  if (role.ok()) roles.push_back(*role);
}

/// Of a list of names, or of one text with spaces between them, as `scope` is.
std::vector<AccessRole> roles_of(const Json* claim) {
  std::vector<AccessRole> roles;
  if (claim == nullptr) return roles;
  if (claim->is_array()) {
    for (const Json& one : *claim) {
      if (one.is_string()) add_role(one.get<std::string>(), roles);
    }
  } else if (claim->is_string()) {
    const auto text = claim->get<std::string>();
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::string_view part = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
      add_role(part, roles);
    }
  }
  return roles;
}

}  // namespace

Result<std::unique_ptr<IdentityProvider>> IdentityProvider::start(const OidcOptions& options) {
  if (options.audience.empty()) {
    return invalid_input("without an audience the tokens of every other service would be taken",
                         "give --oidc-audience the name by which the provider knows this server");
  }
  if (options.keys.empty() && !is_url(options.issuer)) {
    return invalid_input("issuer `" + options.issuer + "` is no URL",
                         "write it as the provider does, https://..., or give --oidc-keys");
  }
  std::unique_ptr<IdentityProvider> provider(new IdentityProvider(options));
  if (!options.keys.empty() && !is_url(options.keys)) MILLGATE_TRY(provider->read_keys());
  provider->thread_ = std::thread([raw = provider.get()] { raw->run(); });
  return provider;
}

IdentityProvider::IdentityProvider(OidcOptions options)
    : options_(std::move(options)), trouble_("its keys are not read yet") {}

IdentityProvider::~IdentityProvider() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool IdentityProvider::is_token(std::string_view secret) { return parts_of(secret).has_value(); }

void IdentityProvider::run() {
  while (true) {
    const Status status = read_keys();
    std::unique_lock lock(mutex_);
    trouble_ = status.ok() ? std::string() : status.error().what;
    // Whoever invents names of keys does not make us ask more often.
    if (wake_.wait_for(lock, kKeysAgain, [&] { return ending_; })) return;
    const auto rest =
        status.ok() ? std::chrono::seconds(kKeysEvery) - kKeysAgain : std::chrono::seconds(0);
    wake_.wait_for(lock, rest, [&] { return ending_ || wants_keys_; });
    if (ending_) return;
    wants_keys_ = false;
  }
}

Result<std::string> IdentityProvider::fetch_keys() const {
  if (!options_.keys.empty()) {
    return is_url(options_.keys) ? fetch(options_.keys) : read_file(options_.keys);
  }
  std::string base = options_.issuer;
  while (base.ends_with('/')) base.pop_back();
  MILLGATE_ASSIGN(const std::string text, fetch(base + "/.well-known/openid-configuration"));
  MILLGATE_ASSIGN(const Json about, parse_json(text, "openid-configuration"));
  MILLGATE_ASSIGN(const auto issuer,
                  json_member<std::string>(about, "issuer", "openid-configuration"));
  if (issuer != options_.issuer) {
    return outside_failure("the provider calls itself `" + issuer + "`, not `" + options_.issuer +
                           "`");
  }
  MILLGATE_ASSIGN(const auto keys,
                  json_member<std::string>(about, "jwks_uri", "openid-configuration"));
  if (!is_url(keys)) return outside_failure("the provider's `jwks_uri` is no URL");
  return fetch(keys);
}

Status IdentityProvider::read_keys() {
  MILLGATE_ASSIGN(const std::string text, fetch_keys());
  auto keys = read_json_web_keys(text);
  if (!keys.ok()) {
    return invalid_input("keys of `" + (options_.keys.empty() ? options_.issuer : options_.keys) +
                             "`: " + keys.error().what,
                         keys.error().hint);
  }
  keys_.store(std::make_shared<const Keys>(*std::move(keys)));
  const std::scoped_lock lock(mutex_);
  // What a key proved that was taken away is proven no more.
  proven_.clear();
  return {};
}

void IdentityProvider::want_keys() {
  const std::scoped_lock lock(mutex_);
  wants_keys_ = true;
  wake_.notify_all();
}

Result<TokenBearer> IdentityProvider::bearer(std::string_view token, Time now) {
  if (token.size() > kTokenBytesMax) {
    return not_taken("it is longer than " + std::to_string(kTokenBytesMax) + " bytes");
  }
  const Id digest = hash_of(token);
  const std::string hash(digest.bytes.begin(), digest.bytes.end());
  const int64_t seconds = now.micros / 1'000'000;
  {
    const std::scoped_lock lock(mutex_);
    const auto known = proven_.find(hash);
    if (known != proven_.end() && seconds < known->second.ends_seconds + kLeewaySeconds) {
      return known->second;
    }
  }
  MILLGATE_ASSIGN(TokenBearer bearer, read_token(token, now));
  const std::scoped_lock lock(mutex_);
  if (proven_.size() >= kProvenMax) proven_.clear();
  proven_.insert_or_assign(hash, bearer);
  return bearer;
}

Result<TokenBearer> IdentityProvider::read_token(std::string_view token, Time now) {
  const std::optional<TokenParts> parts = parts_of(token);
  if (!parts) return not_taken("it is no JSON Web Token");
  MILLGATE_ASSIGN(const Json header, decoded_json(parts->header, "header"));
  if (header.contains("crit")) return not_taken("it wants something that is not known here");
  const std::string algorithm = text_claim(header, "alg");
  const std::string key_id = text_claim(header, "kid");
  const Result<std::string> signature = from_base64url(parts->signature);
  if (!signature.ok()) return not_taken("its signature cannot be read");
  const std::shared_ptr<const Keys> keys = keys_.load();
  if (keys == nullptr) {
    const std::scoped_lock lock(mutex_);
    return not_taken("the issuer's keys are not known: " + trouble_, "try again in ten seconds");
  }
  bool has_key = false;
  for (const JsonWebKey& key : *keys) {
    if (!key_id.empty() && key.id() != key_id) continue;
    has_key = true;
    if (key.proves(algorithm, parts->proven, *signature)) return read_claims(parts->payload, now);
  }
  if (has_key) return not_taken("its signature is not of the issuer's key");
  want_keys();
  return not_taken("it is signed by a key that the issuer has not told of",
                   "try again in ten seconds, if the issuer has a new key");
}

Result<TokenBearer> IdentityProvider::read_claims(std::string_view payload, Time now) const {
  MILLGATE_ASSIGN(const Json claims, decoded_json(payload, "payload"));
  if (text_claim(claims, "iss") != options_.issuer) return not_taken("it is of another issuer");
  if (!has_audience(claims, options_.audience)) return not_taken("it is for another audience");
  const int64_t seconds = now.micros / 1'000'000;
  const std::optional<int64_t> ends = time_claim(claims, "exp");
  if (!ends) return not_taken("it does not say when it ends");
  if (seconds >= *ends + kLeewaySeconds) {
    return not_taken("it ended at " + to_string(Time{*ends * 1'000'000}), "get a new one");
  }
  for (const char* const name : {"nbf", "iat"}) {
    const std::optional<int64_t> begins = time_claim(claims, name);
    if (begins && seconds < *begins - kLeewaySeconds) {
      return not_taken("it does not hold before " + to_string(Time{*begins * 1'000'000}),
                       "look at the clocks of both machines");
    }
  }
  const std::string subject = text_claim(claims, "sub");
  if (subject.empty()) return not_taken("it does not say of whom it is");
  return TokenBearer{.name = "jwt:" + subject.substr(0, 100),
                     .roles = roles_of(claim_at(claims, options_.roles_claim)),
                     .ends_seconds = *ends};
}

}  // namespace millgate
