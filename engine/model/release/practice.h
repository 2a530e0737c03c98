/// Things that a careful team does again and again, as the ledger tells that they were done.
#pragma once

#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/ledger.h"

namespace millgate {

/// One time that something was done.
struct Practice {
  std::string name;     ///< "check", "test", "integration", "specification", "replay" ...
  std::string subject;  ///< Hex id of the commit or the model that it was done to.
  bool passed = false;
  std::string detail;      ///< In words, with numbers: "6 rules on 4,032 rows".
  bool automated = false;  ///< By a machine: in continuous integration, and not by hand.
  int64_t event = 0;       ///< Set by the ledger, as is the rest.
  Time time = {};
  std::string by = {};
};

[[nodiscard]] Status record_practice(Ledger& ledger, const Practice& practice,
                                     const std::string& author);
/// All of that name, oldest first. Errors: `damaged`.
[[nodiscard]] Result<std::vector<Practice>> practices(const Ledger& ledger,
                                                      const std::string& name);

}  // namespace millgate
