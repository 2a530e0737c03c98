/// One row through the versions of its table: which commit gave each cell its value.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// The key bytes of the row whose key columns have the values `texts`, in the order of the key;
/// "null" is none. Errors: `invalid_input` when there are too many or too few, or one does not
/// fit its column.
[[nodiscard]] Result<std::string> key_from_texts(const TableVersion& version,
                                                 const std::vector<std::string>& texts);

/// The same values as the table writes them (`value_text`): "007" of an integer is 7.
/// Errors: as `key_from_texts`.
[[nodiscard]] Result<std::vector<std::string>> key_as_written(
    const TableVersion& version, const std::vector<std::string>& texts);

/// The row with the key bytes `key` as a batch of one; null when there is none. Reads one segment
/// and the deltas. Errors: `not_found`, `damaged`.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> read_row(const ObjectStore& objects,
                                                                   const TableVersion& version,
                                                                   const std::string& key);

/// A cell and the commit that made it what it is.
struct BlamedCell {
  std::string column;
  std::string value;       ///< As text.
  bool is_nested = false;  ///< A list, struct or map: `value` is JSON.
  Commit commit;
};

/// Of each column of the row at `revision`. A commit that took a cell over from a parent unchanged
/// is not the one, nor is one that gave the column another name; after a merge the side that has
/// the value is followed. Errors: `not_found` for the table and the row.
[[nodiscard]] Result<std::vector<BlamedCell>> blame_row(const Repository& repository,
                                                        const Commit& revision,
                                                        const std::string& table,
                                                        const std::string& key);

}  // namespace millgate
