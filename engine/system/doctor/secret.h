/// Secrets in text: keys of known makers, private keys, passwords in URLs, and values that look
/// random where a name says that they are secret.
///
/// Few false alarms count more than the last secret: who is shown placeholders stops to look. So a
/// value beside a name like `api_key` counts only when it looks random, and names of things
/// (`token-of-the-day-v2`), variables (`${TOKEN}`) and calls do not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millgate {

struct Secret {
  std::string kind;   ///< "AWS access key".
  int64_t line = 0;   ///< From 1.
  std::string shown;  ///< Its beginning alone, "AKIA... (20 characters)": reports are passed on.
};

/// In the order of the text; a line that says `millgate:allow`, `gitleaks:allow` or `pragma:
/// allowlist secret` is passed over. Thread-safe.
[[nodiscard]] std::vector<Secret> find_secrets(std::string_view text);

}  // namespace millgate
