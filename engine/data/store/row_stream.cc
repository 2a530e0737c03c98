#include "data/store/row_stream.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <vector>

#include "data/table/arrow_result.h"

namespace millgate {

/// Makes sure that there is a row to take, unless all were.
Status RowStream::load() {
  while (!done_ && (batch_ == nullptr || next_ == keys_.size())) {
    next_ = 0;
    keys_.clear();
    MILLGATE_ARROW_TRY(rows_.ReadNext(&batch_), "rows of a table");
    done_ = batch_ == nullptr;
    if (done_) break;
    listener_(*batch_);
    encoder_.encode(*batch_, keys_);
    MILLGATE_TRY(order_.add(keys_, *batch_, encoder_));
  }
  return {};
}

Result<std::shared_ptr<arrow::RecordBatch>> RowStream::take(std::optional<std::string_view> end,
                                                            int64_t rows_max) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
  int64_t count = 0;
  while (count < rows_max) {
    MILLGATE_TRY(load());
    if (done_) break;
    const size_t stop = std::min(end ? keys_.lower_bound(*end, next_) : keys_.size(),
                                 next_ + static_cast<size_t>(rows_max - count));
    if (stop == next_) break;
    slices.push_back(
        batch_->Slice(static_cast<int64_t>(next_), static_cast<int64_t>(stop - next_)));
    count += static_cast<int64_t>(stop - next_);
    next_ = stop;
  }
  if (slices.size() == 1) return slices[0];
  if (slices.empty()) {
    MILLGATE_ARROW(auto none, arrow::RecordBatch::MakeEmpty(rows_.schema()), "rows of a table");
    return none;
  }
  MILLGATE_ARROW(auto rows, arrow::ConcatenateRecordBatches(slices), "rows of a table");
  return rows;
}

}  // namespace millgate
