/// Rows as they leave the project under its policy for personal data.
#pragma once

#include <memory>
#include <string>

#include "data/personal/personal_key.h"
#include "data/personal/personal_policy.h"
#include "data/store/repository.h"
#include "data/store/row_change.h"
#include "ground/error.h"

namespace millgate {

/// Null when the policy lets all columns of `version` leave as they are. A pseudonym is of the
/// value's text, so that 42 and "42" have one. `key` is needed where a column is hashed.
[[nodiscard]] Result<std::shared_ptr<const RowChange>> guarded_rows(
    const TablePolicy& policy, const TableVersion& version,
    const std::shared_ptr<const PersonalKey>& key);

/// Changes the rows of any version of any table as `policies` ask today. A column that an older
/// version calls otherwise is known by its rename: `repository`'s current branch has the names of
/// the policies. The key is opened when it is needed; keeps a reference to `repository`.
/// One thread at a time.
[[nodiscard]] RowChanges guarding(const Repository& repository, PersonalPolicies policies);

/// `policy` with the names that `version`, one of its table, has for the same columns.
[[nodiscard]] Result<TablePolicy> policy_with_names_of(TablePolicy policy,
                                                       const Repository& repository,
                                                       const TableVersion& version);

/// Where the key of a project lies.
[[nodiscard]] std::string personal_key_path(const Repository& repository);

}  // namespace millgate
