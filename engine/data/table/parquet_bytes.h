/// A small table as a Parquet file in memory.
#pragma once

#include <arrow/type_fwd.h>

#include <string>

#include "ground/error.h"

namespace millgate {

/// One row group, compressed with Zstandard where Arrow has it, with Arrow's schema in its footer.
/// Errors: `outside` naming `object` when there is no memory.
[[nodiscard]] Result<std::string> parquet_bytes(const arrow::Table& table,
                                                const std::string& object);

}  // namespace millgate
