/// What a `forget` did to a table, as an object. Format: docs/formats/forget.md.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// Rows that every version of a table has lost, told without saying whose they were.
struct ForgetRecord {
  std::string table;
  /// Columns whose values name a row; all columns of a table without a key.
  std::vector<std::string> columns;
  /// Goes into every hash of `rows`. All records of a project share one.
  std::string salt;
  std::set<Id> rows;          ///< `forgotten_row_hash` of each.
  std::map<Id, Id> versions;  ///< Table version -> the one to read in its place.
  std::set<Id> removed;       ///< Objects that hold those rows and must not stay anywhere.
};

/// Salted hash of the values that name a row, as texts (table/row_key.h, `value_text`), so that a
/// column that became wider names the same rows.
[[nodiscard]] Id forgotten_row_hash(std::string_view salt, const std::vector<std::string>& texts);

/// A salt that nobody can guess. Errors: `outside`.
[[nodiscard]] Result<std::string> new_forget_salt();

/// The same record gives the same bytes.
[[nodiscard]] std::string forget_record_text(const ForgetRecord& record);
/// Errors: `damaged` when `text` is no such record; `invalid_input` when a newer program wrote it.
[[nodiscard]] Result<ForgetRecord> parse_forget_record(std::string_view text, const Id& id);

}  // namespace millgate
