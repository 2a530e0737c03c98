/// Public keys of an identity provider, and the signatures that they prove.
///
/// Source: RFC 7517 (keys), RFC 7518 (algorithms), RFC 8037 (Ed25519).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

struct evp_pkey_st;

namespace millgate {

/// Ends a key of OpenSSL.
struct FreeKey {
  void operator()(evp_pkey_st* key) const;
};

/// One key. Immutable; thread-safe.
class JsonWebKey {
 public:
  enum class Kind { rsa, p256, p384, ed25519 };
  JsonWebKey(std::string id, Kind kind, std::unique_ptr<evp_pkey_st, FreeKey> key)
      : id_(std::move(id)), kind_(kind), key_(std::move(key)) {}

  [[nodiscard]] const std::string& id() const { return id_; }  ///< `kid`; may be empty.
  /// Whether `signature` is of `text` by this key with the algorithm of this name: RS256, RS384,
  /// RS512, PS256, PS384, PS512, ES256, ES384, EdDSA. False for one that is not the key's kind.
  [[nodiscard]] bool proves(std::string_view algorithm, std::string_view text,
                            std::string_view signature) const;

 private:
  std::string id_;
  Kind kind_;
  std::unique_ptr<evp_pkey_st, FreeKey> key_;
};

/// The keys for signatures of `json`, {"keys": [...]}. Those of kinds that are not known here, and
/// RSA keys below 2048 bits, are left out.
/// Errors: `invalid_input` when it is no such set, or none of its keys can be used.
[[nodiscard]] Result<std::vector<JsonWebKey>> read_json_web_keys(std::string_view json);

/// Base64 of RFC 4648, section 5, without padding. Errors: `invalid_input`.
[[nodiscard]] Result<std::string> from_base64url(std::string_view text);

}  // namespace millgate
