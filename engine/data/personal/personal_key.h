/// The secret by which personal data become pseudonyms.
#pragma once

#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// HMAC-SHA-256 (RFC 2104) of `text`, as 64 hexadecimal digits.
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view text);

/// Equal values have equal pseudonyms, in every column, table and version, as long as the key is
/// the same; without the key nobody can find the value by trying. Immutable; thread-safe.
class PersonalKey {
 public:
  /// The variable MILLGATE_PERSONAL_KEY (at least 32 bytes), else the file `path`, which is made
  /// with a random key and for its owner's eyes only when it is missing. Of two that make it at
  /// once, both get the one that was first.
  /// Errors: `invalid_input` for a key that is too short; `damaged` for a file that holds none;
  /// `outside`.
  [[nodiscard]] static Result<PersonalKey> open(const std::string& path);
  explicit PersonalKey(std::string secret) : secret_(std::move(secret)) {}

  [[nodiscard]] std::string pseudonym(std::string_view value) const {
    return hmac_sha256_hex(secret_, value);
  }
  /// Tells keys apart and gives nothing away: 12 digits.
  [[nodiscard]] std::string fingerprint() const;

 private:
  std::string secret_;
};

}  // namespace millgate
