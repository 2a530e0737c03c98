/// Merged rows as a Parquet file.
#pragma once

#include <string>

#include "data/git/merged_rows.h"
#include "ground/error.h"

namespace millgate {

/// The bytes of a file with the rows `merged` of the Parquet files `ours` and `theirs`, in the
/// types, the compression and with the metadata of ours. Cells in conflict are ours; rows that one
/// side removed are as in ours. Errors: as `read_table_files`; `outside` when memory runs out.
[[nodiscard]] Result<std::string> merged_parquet(const MergedRows& merged, const std::string& ours,
                                                 const std::string& theirs);

}  // namespace millgate
