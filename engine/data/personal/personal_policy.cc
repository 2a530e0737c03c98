#include "data/personal/personal_policy.h"

#include <algorithm>
#include <optional>

#include "ground/nearest_name.h"

namespace millgate {

namespace {

constexpr const char* kForbid = "forbid";

std::optional<PersonalExit> exit_from(const std::string& word) {
  if (word == "allow") return PersonalExit::as_they_are;
  if (word == "mask") return PersonalExit::masked;
  if (word == "hash") return PersonalExit::hashed;
  return std::nullopt;
}

Result<ColumnPolicy> read_column(Section& section, const std::string& column) {
  MILLGATE_ASSIGN(const auto words, section.texts(column));
  ColumnPolicy policy{.column = column, .is_forbidden = false, .exit = PersonalExit::masked};
  bool has_exit = false;
  const std::vector<std::string> known = {"allow", "mask", "hash", kForbid};
  for (const std::string& word : words) {
    const auto exit = exit_from(word);
    if (!exit && word != kForbid) {
      return section.error_at(column, "`" + word + "` is no policy for personal data",
                              name_hint(word, known));
    }
    if (exit ? has_exit : policy.is_forbidden) {
      return section.error_at(column, "column `" + column + "` has two policies of one kind",
                              "one of allow, mask and hash says how its values leave the project; "
                              "beside it `forbid` keeps them out of features");
    }
    if (exit) {
      policy.exit = *exit;
      has_exit = true;
    } else {
      policy.is_forbidden = true;
    }
  }
  if (words.empty()) {
    return section.error_at(column, "column `" + column + "` has an empty policy",
                            "write allow, mask, hash or forbid");
  }
  return policy;
}

}  // namespace

std::string ColumnPolicy::text() const {
  const std::string leaves = exit == PersonalExit::hashed   ? "hash"
                             : exit == PersonalExit::masked ? "mask"
                                                            : "allow";
  return is_forbidden ? std::string(kForbid) + ", " + leaves : leaves;
}

const ColumnPolicy* TablePolicy::find(const std::string& column) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const ColumnPolicy& one) { return one.column == column; });
  return found == columns.end() ? nullptr : &*found;
}

Result<TablePolicy> read_personal_policy(Section& source, const std::string& table) {
  TablePolicy policy{.table = table, .columns = {}, .section = {}};
  MILLGATE_ASSIGN(policy.section, source.section("personal"));
  for (const std::string& column : policy.section.keys()) {
    MILLGATE_ASSIGN(ColumnPolicy one, read_column(policy.section, column));
    policy.columns.push_back(std::move(one));
  }
  MILLGATE_TRY(policy.section.finish());
  return policy;
}

PersonalPolicies with_pseudonyms(PersonalPolicies policies) {
  for (TablePolicy& policy : policies) {
    for (ColumnPolicy& one : policy.columns) {
      if (one.exit == PersonalExit::masked) one.exit = PersonalExit::hashed;
    }
  }
  return policies;
}

const TablePolicy* policy_of(const PersonalPolicies& policies, const std::string& table) {
  const auto found = std::find_if(policies.begin(), policies.end(),
                                  [&](const TablePolicy& one) { return one.table == table; });
  return found == policies.end() ? nullptr : &*found;
}

}  // namespace millgate
