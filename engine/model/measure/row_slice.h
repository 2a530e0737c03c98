/// Chosen rows measured under a name of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/measure/evidence.h"
#include "model/measure/quality.h"

namespace millgate {

/// Chosen rows by a name of their own.
struct RowSlice {
  std::string name;            ///< Slice of the evidence; empty: all rows.
  std::vector<uint32_t> rows;  ///< Row numbers, each once.
};

/// Evidence about slices, and which of them hold too few rows to be judged.
struct MeasuredSlices {
  std::vector<Evidence> evidence;
  std::vector<Unmeasured> unmeasured;  ///< Without a metric: none of the slice could be.
};

/// All metrics of each slice, with intervals as in `measure_quality`. A slice of fewer than
/// `kGroupRowsMin` rows is told, with how many rows the whole would need, and not judged; so is a
/// metric that is not defined. Errors: as measure_quality.
[[nodiscard]] Result<MeasuredSlices> measure_slices(const Outcome& rows,
                                                    const std::vector<RowSlice>& slices,
                                                    const MeasureOptions& options);

}  // namespace millgate
