/// What a rule says, taken apart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/check/rule.h"
#include "ground/error.h"

namespace millgate {

/// A name inside the text of a rule.
struct NameInRule {
  std::string name;
  uint32_t offset = 0;  ///< In bytes from the start of the rule's text.
};

/// The three forms of a rule.
enum class RuleKind { condition, unique, reference };

/// A rule taken apart; its names are not looked up yet.
struct RuleForm {
  RuleKind kind = RuleKind::condition;
  std::vector<NameInRule> columns;        ///< Of uniqueness and references.
  NameInRule other_table;                 ///< Of references.
  std::vector<NameInRule> other_columns;  ///< Of references, as many as `columns`.
};

/// Errors: `invalid_input` at the place in the rule: brackets, quotes or comments that do not
/// close, a list of columns that is none, references of unequal length or to several tables.
[[nodiscard]] Result<RuleForm> parse_rule(const Rule& rule);

}  // namespace millgate
