#include "model/release/ssh_signature.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "ground/program.h"
#include "model/release/refusal.h"

namespace millgate {

Result<std::string> sign_with_key(const SignedText& signs, const std::string& key) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(key, failed)) {
    return not_found("there is no key `" + key + "`",
                     "name the file of your SSH key, for example ~/.ssh/id_ed25519");
  }
  MILLGATE_ASSIGN(
      ProgramAnswer answer,
      run_program({.words = {"ssh-keygen", "-Y", "sign", "-q", "-n", signs.name_space, "-f", key},
                   .input = signs.text}));
  if (answer.exit_code == 0 && !answer.output.empty()) return std::move(answer.output);
  return refused("ssh-keygen cannot sign with key `" + key + "`",
                 "see why: `echo test | ssh-keygen -Y sign -n test -f " + key + "`");
}

Result<bool> is_signed_by(const SignedText& signs, const std::string& signature,
                          const std::string& signers_path, const std::string& principal) {
  MILLGATE_ASSIGN(const ProgramAnswer answer,
                  run_program({.words = {"ssh-keygen", "-Y", "verify", "-f", signers_path, "-I",
                                         principal, "-n", signs.name_space, "-s", kMoreInput},
                               .input = signs.text,
                               .more = signature}));
  return answer.exit_code == 0;
}

Result<std::string> find_signer(const SignedText& signs, const std::string& signature,
                                const std::string& signers_path) {
  MILLGATE_TRY(check_signers_file(signers_path));
  MILLGATE_ASSIGN(const ProgramAnswer answer,
                  run_program({.words = {"ssh-keygen", "-Y", "find-principals", "-f", signers_path,
                                         "-s", kMoreInput},
                               .more = signature}));
  for (size_t at = 0; answer.exit_code == 0 && at < answer.output.size();) {
    const size_t end = std::min(answer.output.find('\n', at), answer.output.size());
    std::string principal = answer.output.substr(at, end - at);
    at = end + 1;
    MILLGATE_ASSIGN(const bool is_right, is_signed_by(signs, signature, signers_path, principal));
    if (is_right) return principal;
  }
  return std::string();
}

Status check_signers_file(const std::string& signers_path) {
  std::error_code failed;
  if (std::filesystem::is_regular_file(signers_path, failed)) return {};
  return not_found("there is no file of allowed signers `" + signers_path + "`",
                   "write one line a person: `ada@example.org ssh-ed25519 AAAA...` (ssh-keygen(1), "
                   "ALLOWED SIGNERS)");
}

}  // namespace millgate
