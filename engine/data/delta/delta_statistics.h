/// What a Delta log says about the rows of a file, so that readers can leave it out.
#pragma once

#include <arrow/type_fwd.h>

#include <string>

#include "ground/error.h"

namespace millgate {

/// The JSON of `stats`: numRecords, and by column minValues, maxValues and nullCount. Columns whose
/// extremes JSON cannot hold exactly (texts beyond 256 bytes, decimals of more than 15 digits,
/// numbers with a NaN among them) have none; of times, the milliseconds at or around them.
[[nodiscard]] Result<std::string> delta_statistics(const arrow::RecordBatch& rows);

}  // namespace millgate
