/// Signatures by SSH keys, made and checked by ssh-keygen.
#pragma once

#include <string>

#include "ground/error.h"

namespace millgate {

/// A text, and what it is signed as: a signature over something else is never taken for one over
/// this.
struct SignedText {
  std::string text;
  std::string name_space;  ///< "millgate-package".
};

/// The armored signature with the key in the file `key` (a public key is signed by the agent's).
/// Errors: `not_found` without that file; `outside` when ssh-keygen is not there; `refused` when it
/// cannot sign with that key.
[[nodiscard]] Result<std::string> sign_with_key(const SignedText& signs, const std::string& key);

/// Whether `signature` is of `principal`, as the file of allowed signers names that person.
/// Errors: `outside` when ssh-keygen is not there.
[[nodiscard]] Result<bool> is_signed_by(const SignedText& signs, const std::string& signature,
                                        const std::string& signers_path,
                                        const std::string& principal);

/// Who of the allowed signers made `signature`; empty: nobody, or
/// not over this text. Errors: `not_found` without the file of signers; `outside` as above.
[[nodiscard]] Result<std::string> find_signer(const SignedText& signs, const std::string& signature,
                                              const std::string& signers_path);

/// Errors: `not_found` with how to write such a file.
[[nodiscard]] Status check_signers_file(const std::string& signers_path);

}  // namespace millgate
