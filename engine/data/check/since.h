/// Since when a rule has failed.
#pragma once

#include <string>
#include <vector>

#include "data/check/rule.h"
#include "data/check/rule_sql.h"
#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// A rule that fails on a commit.
struct FailingRule {
  const Rule* rule = nullptr;
  std::vector<std::string> reads;  ///< The tables that it reads there.
};

/// For each of `failing`, which fail on `commit`: the brief id of the commit from which on they
/// have failed all the time, going back by first parents, at most 1000 commits. A commit in
/// which none of the tables of a rule changed is not judged again; one in which the rule cannot
/// be judged (a table or column did not exist yet) ends the search.
[[nodiscard]] Result<std::vector<std::string>> failing_since(
    const Repository& repository, const Commit& commit, const std::vector<FailingRule>& failing);

}  // namespace millgate
