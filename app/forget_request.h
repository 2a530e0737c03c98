/// Which rows a `forget` is about, from what was typed.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// What the call names rows by; one of them.
struct RowsToForget {
  std::vector<std::string> key;  ///< A value for each column of the key.
  std::string keys_file;         ///< A file with these columns.
  std::string where;             ///< An SQL condition.
};

/// Rows named by the values of the same columns.
struct NamedRows {
  std::vector<std::string> columns;
  std::set<std::vector<std::string>> rows;  ///< As texts.
};

/// The rows by the key of the newest version of `table`. With a condition, those that meet it in
/// any version that has its columns, by the key that they have there; without a key by all columns.
/// Errors: `not_found` for the table; `invalid_input` when a value does not fit its column, for a
/// table without a key unless a condition is given, or when no version can be asked.
[[nodiscard]] Result<std::vector<NamedRows>> rows_to_forget(const Repository& repository,
                                                            const std::string& table,
                                                            const RowsToForget& asked);

}  // namespace millgate
