/// Changes laid over the rows of one segment.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "data/store/changes.h"
#include "data/table/row_key.h"
#include "ground/error.h"

namespace millgate {

/// Where one changed row belongs among the rows of a segment.
struct Edit {
  int64_t change = 0;  ///< Row of the changes.
  int64_t row = 0;     ///< Its row in the segment; for an inserted one: the row it stands before.
};

/// Places rows [begin, end) of `changes` in `base`, whose keys `encoder` reads.
/// Errors: `damaged` when a row to insert is there, or another is not.
[[nodiscard]] Result<std::vector<Edit>> place_edits(const arrow::RecordBatch& base,
                                                    const RowKeyEncoder& encoder,
                                                    const Changes& changes, int64_t begin,
                                                    int64_t end);

/// Columns of `base` with `edits` done. `columns` are the columns of the table that the first
/// columns of `base` are; further ones are not given back.
/// Errors: `outside` when memory runs out.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> edited_rows(
    const arrow::RecordBatch& base, const Changes& changes, const std::vector<Edit>& edits,
    const std::vector<int>& columns);

}  // namespace millgate
