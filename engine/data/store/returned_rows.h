/// Rows that were forgotten and that a new version of their table would bring back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "data/store/forgotten.h"
#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

struct ReturnedRows {
  int64_t event_number = 0;  ///< The `forget` that they were part of.
  std::string name;          ///< "id = 7" of one of them.
  std::vector<Id> objects;   ///< That hold them, or tell of them.
};

/// Nothing when `version`, as a version of `table`, is free of them: also what its deltas remove is
/// looked at. `known` objects are not read. Costs the columns that name rows, of new objects.
/// Errors: `not_found` when an object is gone, `damaged`.
[[nodiscard]] Result<std::optional<ReturnedRows>> find_returned_rows(
    const ObjectStore& objects, const Forgotten& forgotten, const std::string& table,
    const TableVersion& version, const std::unordered_set<Id>& known);

}  // namespace millgate
