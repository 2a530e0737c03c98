/// Named sign-offs: people who the project file asks to answer for a model with their own key.
///
/// What is signed is a short text (`sign_off_statement`) that names model and verdict; the
/// signature is that of `ssh-keygen -Y sign`, held against the allowed signers of the project by
/// `ssh-keygen -Y verify`, when it is given and again when the model goes live. So an event that
/// somebody made up opens nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/ledger.h"
#include "ground/settings.h"
#include "model/release/environment.h"
#include "model/release/gate.h"

namespace millgate {

/// One `[[sign_off]]`: who has to answer for what.
struct SignOffRule {
  std::string role;             ///< For example "risk".
  std::vector<std::string> by;  ///< Who may: principals of the allowed signers; one is enough.
  std::string environment;      ///< Key of the environment whose gate waits for it.
};

struct SignOffRules {
  std::vector<SignOffRule> rules;
  std::string project;       ///< Its name; part of what is signed.
  std::string signers_path;  ///< The file of allowed signers, as ssh-keygen(1) describes it.

  /// Those of one environment.
  [[nodiscard]] std::vector<SignOffRule> of(std::string_view environment) const;
};

/// Reads `[[sign_off]]` and `allowed_signers` of `[gate]` (default "allowed_signers" in `folder`).
/// Errors: `invalid_input` with the place: nobody who may sign, a role twice, an unknown
/// environment.
[[nodiscard]] Result<SignOffRules> read_sign_offs(Section& root,
                                                  const std::vector<Environment>& environments,
                                                  const std::string& folder);

/// A sign-off as the ledger holds it.
struct SignOff {
  std::string role;
  std::string principal;
  std::string signature;  ///< Armored, as ssh-keygen writes it.
  Time since;
};

/// The text that is signed: version, project, role, environment, ids of model and verdict.
[[nodiscard]] std::string sign_off_statement(const SignOffRules& rules, const SignOffRule& rule,
                                             const Verdict& verdict);

/// Signs `statement` with the key in the file `key` (a public key is signed by the agent's).
/// Errors: as sign_with_key of ssh_signature.h.
[[nodiscard]] Result<std::string> sign_statement(const std::string& statement,
                                                 const std::string& key);

/// Whose signature this is by the allowed signers. Errors: `refused` when nobody's that may sign
/// for `rule`, or over another text; `not_found` without a file of allowed signers.
[[nodiscard]] Result<std::string> signer_of(const SignOffRules& rules, const SignOffRule& rule,
                                            const Verdict& verdict, const std::string& signature);

/// Verifies and appends. Errors: as `signer_of`; `conflict` when that person has signed this for
/// that role; `refused` when a newer verdict came.
[[nodiscard]] Result<SignOff> record_sign_off(Ledger& ledger, const SignOffRules& rules,
                                              const SignOffRule& rule, const Verdict& verdict,
                                              const std::string& signature,
                                              const std::string& author);

/// Those given over `verdict`, oldest first, whether or not they verify.
[[nodiscard]] Result<std::vector<SignOff>> sign_offs(const Ledger& ledger, const Verdict& verdict);

/// Errors: `refused` naming each role of the verdict's environment for which no signature over this
/// verdict verifies.
[[nodiscard]] Status check_signed(const Ledger& ledger, const SignOffRules& rules,
                                  const Verdict& verdict);

}  // namespace millgate
