/// Rules proposed from data, for a person to read, change and own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// One rule that the data of a commit meet.
struct ProposedRule {
  std::string table;
  std::string rule;
  double at_least = 1;
  bool is_warning = false;
  std::string because;     ///< What was seen, for a comment.
  std::string where = {};  ///< Slice; empty: all rows.
};

/// Columns that hold times of facts, by table; freshness is proposed for them.
using HappenedColumns = std::map<std::string, std::string>;

/// Looks at every table of `commit`:
///   - columns without missing values; for others a band, half again the share that is missing
///   - ranges of numbers, a tenth of their width wider on each side, not beyond 0 where none is
///   - sets of at most 20 texts that occur 5 times each on average
///   - one pattern that 99 % of the texts have
///   - keys: columns with another value in every row, and the key of the table
///   - references: a column whose values nearly all (80 %) stand in the key of another table
///   - one column that determines another, where rows agree often enough for that to say something
///   - two numbers or times of which one is never larger, and columns missing together
///   - a band of 20 % around the number of rows, and freshness of the newest time
/// Each rule is counted on all rows before it is proposed, so that all of them hold on `commit`.
/// Errors: those of the database.
[[nodiscard]] Result<std::vector<ProposedRule>> infer_rules(const Repository& repository,
                                                            const Commit& commit,
                                                            const HappenedColumns& happened);

/// The `[[check]]` sections of `rules`, each with its reason as a comment.
[[nodiscard]] std::string to_toml(const std::vector<ProposedRule>& rules);

}  // namespace millgate
