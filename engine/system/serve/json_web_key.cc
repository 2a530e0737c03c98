#include "system/serve/json_web_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdint>
#include <optional>

#include "ground/json.h"

namespace millgate {

namespace {

constexpr int kRsaBitsMin = 2048;
constexpr size_t kKeysMax = 100;

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* one) const {
    Free(one);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Number = std::unique_ptr<BIGNUM, Freeing<&::BN_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Freeing<&::EVP_PKEY_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freeing<&::EVP_MD_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freeing<&::OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freeing<&::OSSL_PARAM_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freeing<&::ECDSA_SIG_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());  // NOLINT(*-reinterpret-cast)
}

Number number_of(std::string_view bytes) {
  return Number(::BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

/// The member `name` of `key`, decoded; empty when it is missing or none.
std::string decoded_member(const Json& key, const char* name) {
  const auto text = json_member<std::string>(key, name, "key");
  if (!text.ok()) return {};
  const Result<std::string> bytes = from_base64url(*text);
  return bytes.ok() ? *bytes : std::string();
}

Key make_key(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(::OSSL_PARAM_BLD_to_param(builder));
  const Context context(::EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (!parameters || !context || ::EVP_PKEY_fromdata_init(context.get()) != 1 ||
      ::EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return Key(made);
}

Key rsa_key(const Json& json) {
  const Number modulus = number_of(decoded_member(json, "n"));
  const Number exponent = number_of(decoded_member(json, "e"));
  if (!modulus || !exponent || ::BN_num_bits(modulus.get()) < kRsaBitsMin) return nullptr;
  const Builder builder(::OSSL_PARAM_BLD_new());
  if (!builder ||
      ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  return make_key("RSA", builder.get());
}

/// `size` is of one coordinate, in bytes.
Key curve_key(const Json& json, const char* curve, size_t size) {
  const std::string x = decoded_member(json, "x");
  const std::string y = decoded_member(json, "y");
  if (x.size() != size || y.size() != size) return nullptr;
  const std::string point = '\x04' + x + y;
  const Builder builder(::OSSL_PARAM_BLD_new());
  if (!builder ||
      ::OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) != 1 ||
      ::OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1) {
    return nullptr;
  }
  return make_key("EC", builder.get());
}

Key edwards_key(const Json& json) {
  const std::string x = decoded_member(json, "x");
  return Key(::EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size()));
}

std::optional<JsonWebKey> read_key(const Json& json) {
  using Kind = JsonWebKey::Kind;
  const auto text = [&](const char* name) {
    const auto found = json_member<std::string>(json, name, "key");
    return found.ok() ? *found : std::string();
  };
  if (text("use") == "enc") return std::nullopt;
  const std::string type = text("kty");
  const std::string curve = text("crv");
  Kind kind = Kind::rsa;
  Key key;
  if (type == "RSA") {
    key = rsa_key(json);
  } else if (type == "EC" && curve == "P-256") {
    kind = Kind::p256;
    key = curve_key(json, "prime256v1", 32);
  } else if (type == "EC" && curve == "P-384") {
    kind = Kind::p384;
    key = curve_key(json, "secp384r1", 48);
  } else if (type == "OKP" && curve == "Ed25519") {
    kind = Kind::ed25519;
    key = edwards_key(json);
  }
  if (key == nullptr) return std::nullopt;
  return JsonWebKey(text("kid"), kind, std::move(key));
}

/// What a name of an algorithm means.
struct Algorithm {
  std::string_view name;
  JsonWebKey::Kind kind;
  const EVP_MD* (*digest)() = nullptr;  ///< Null: the key's own.
  bool is_pss = false;
};

constexpr std::array<Algorithm, 9> kAlgorithms = {{
    {"RS256", JsonWebKey::Kind::rsa, ::EVP_sha256, false},
    {"RS384", JsonWebKey::Kind::rsa, ::EVP_sha384, false},
    {"RS512", JsonWebKey::Kind::rsa, ::EVP_sha512, false},
    {"PS256", JsonWebKey::Kind::rsa, ::EVP_sha256, true},
    {"PS384", JsonWebKey::Kind::rsa, ::EVP_sha384, true},
    {"PS512", JsonWebKey::Kind::rsa, ::EVP_sha512, true},
    {"ES256", JsonWebKey::Kind::p256, ::EVP_sha256, false},
    {"ES384", JsonWebKey::Kind::p384, ::EVP_sha384, false},
    {"EdDSA", JsonWebKey::Kind::ed25519, nullptr, false},
}};

/// A signature of two numbers, one behind the other, as OpenSSL takes it. Empty where it is none.
std::string der_signature(std::string_view both, size_t size) {
  if (both.size() != 2 * size) return {};
  const Signature signature(::ECDSA_SIG_new());
  Number r = number_of(both.substr(0, size));
  Number s = number_of(both.substr(size));
  if (!signature || !r || !s || ::ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
  // They are the signature's now.
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  unsigned char* bytes = nullptr;
  const int length = ::i2d_ECDSA_SIG(signature.get(), &bytes);
  if (length <= 0) return {};
  std::string out(bytes, bytes + length);
  ::OPENSSL_free(bytes);
  return out;
}

std::optional<uint32_t> base64url_digit(char letter) {
  if (letter >= 'A' && letter <= 'Z') return letter - 'A';
  if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
  if (letter >= '0' && letter <= '9') return letter - '0' + 52;
  if (letter == '-') return 62;
  if (letter == '_') return 63;
  return std::nullopt;
}

}  // namespace

void FreeKey::operator()(evp_pkey_st* key) const { ::EVP_PKEY_free(key); }

bool JsonWebKey::proves(std::string_view algorithm, std::string_view text,
                        std::string_view signature) const {
  for (const Algorithm& one : kAlgorithms) {
    if (one.name != algorithm || one.kind != kind_) continue;
    std::string der;
    if (kind_ == Kind::p256 || kind_ == Kind::p384) {
      der = der_signature(signature, kind_ == Kind::p256 ? 32 : 48);
      signature = der;
    }
    const Digest context(::EVP_MD_CTX_new());
    EVP_PKEY_CTX* of_key = nullptr;
    const EVP_MD* const digest = one.digest == nullptr ? nullptr : one.digest();
    if (!context ||
        ::EVP_DigestVerifyInit(context.get(), &of_key, digest, nullptr, key_.get()) != 1) {
      return false;
    }
    if (one.is_pss && (::EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING) != 1 ||
                       ::EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, RSA_PSS_SALTLEN_DIGEST) != 1)) {
      return false;
    }
    return ::EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                              text.size()) == 1;
  }
  return false;
}

Result<std::vector<JsonWebKey>> read_json_web_keys(std::string_view json) {
  constexpr const char* kHint = "they are a JSON Web Key Set (RFC 7517): {\"keys\": [...]}";
  const Result<Json> set = parse_json(json, "key set");
  if (!set.ok() || !set->is_object() || !set->contains("keys") || !set->at("keys").is_array()) {
    return invalid_input("the keys cannot be read", kHint);
  }
  std::vector<JsonWebKey> keys;
  for (const Json& one : set->at("keys")) {
    if (keys.size() >= kKeysMax) break;
    if (auto key = read_key(one)) keys.push_back(*std::move(key));
  }
  if (keys.empty()) {
    return invalid_input("none of the keys can be used",
                         "known are RSA from 2048 bits on, P-256, P-384 and Ed25519");
  }
  return keys;
}

Result<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t group = 0;
  int bits = 0;
  for (const char letter : text) {
    const std::optional<uint32_t> digit = base64url_digit(letter);
    if (!digit) return invalid_input("the text is no base64url");
    group = group << 6U | *digit;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(group >> static_cast<unsigned>(bits) & 255U);
    }
  }
  // One letter alone is no byte, and what is left over must be zero: a text has one meaning.
  const bool is_whole = bits != 6 && (group & ((1U << static_cast<unsigned>(bits)) - 1)) == 0;
  if (!is_whole) return invalid_input("the text is no base64url");
  return bytes;
}

}  // namespace millgate
