/// Which commit first broke a rule.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/check/rule.h"
#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// A commit that broke a rule, and how.
struct RuleBlame {
  Commit commit;             ///< It breaks the rule, and none of its parents does.
  int64_t broken_count = 0;  ///< Rows that break the rule in it.
  int64_t judged_count = 0;
  std::string measured;  ///< Of a rule about the table, as Finding::measured.
  /// Rows that break it there and in no parent: key, then columns of the rule. Without a key, and
  /// when more than a million rows break it, those that break it, new or not.
  std::vector<std::string> row_header;
  std::vector<std::vector<std::string>> rows;
  int64_t new_row_count = 0;    ///< All of them, of which `rows` are the first.
  bool rows_are_new = true;     ///< False: nobody could tell.
  int64_t judgement_count = 0;  ///< States of the tables that were judged to find it.
};

/// Goes back from `commit` through parents that break `rule` too, the first such parent first, to
/// where it began. Only versions of the tables that the rule reads are judged, each once; commits
/// that changed other tables cost nothing. Where the rule cannot be judged, as before the table was
/// made, it was not broken. Nothing when the rule holds on `commit`.
/// Errors: `invalid_input` at the rule's place when it cannot be judged on `commit`; `damaged`.
[[nodiscard]] Result<std::optional<RuleBlame>> blame_rule(const Repository& repository,
                                                          const Commit& commit, const Rule& rule,
                                                          size_t rows_max);

}  // namespace millgate
