/// Deletion vectors of a Delta table: rows of a file that are not in the table any more.
/// Format: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vector-format
/// and for the bitmaps inside https://github.com/RoaringBitmap/RoaringFormatSpec.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/delta/delta_action.h"
#include "ground/error.h"

namespace millgate {

/// Rows [begin, end) of a file, counted from 0 as they lie in it.
struct RowRange {
  uint64_t begin = 0;
  uint64_t end = 0;

  bool operator==(const RowRange&) const = default;
};

/// The rows that `vector` deletes, in rising order, no two ranges touching. `folder` is that of the
/// table. Errors: `not_found` for its file; `damaged` where bytes do not follow the format, have
/// another checksum, or delete another number of rows than the log says; `invalid_input` for a file
/// outside of the folder.
[[nodiscard]] Result<std::vector<RowRange>> read_deletion_vector(const std::string& folder,
                                                                 const DeltaDeletionVector& vector);

/// The same from the serialized bitmaps. Errors: `damaged` naming `object`.
[[nodiscard]] Result<std::vector<RowRange>> parse_row_bitmaps(std::string_view bytes,
                                                              const std::string& object);

/// Four bytes for five letters (ZeroMQ's Z85). Errors: `damaged`.
[[nodiscard]] Result<std::string> z85_decoded(std::string_view text);

}  // namespace millgate
