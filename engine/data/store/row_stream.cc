#include "data/store/row_stream.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <vector>

#include "data/table/arrow_result.h"
#include "data/table/batch_bytes.h"

namespace millgate {

namespace {

constexpr int64_t kRowsAtOnce = 256 << 10;
constexpr int64_t kBytesAtOnce = 64 << 20;

}  // namespace

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

Result<RowStream::Taken> RowStream::take(std::optional<std::string_view> end) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
  Taken taken;
  int64_t rows_left = kRowsAtOnce;
  int64_t bytes_left = kBytesAtOnce;
  while (true) {
    MILLGATE_TRY(load());
    if (done_) break;
    const size_t stop = end ? keys_.lower_bound(*end, next_) : keys_.size();
    if (stop == next_) break;
    taken.more = rows_left <= 0 || bytes_left <= 0;
    if (taken.more) break;
    const int64_t count = std::min(static_cast<int64_t>(stop - next_),
                                   rows_that_fill(bytes_left, *batch_, rows_left));
    slices.push_back(batch_->Slice(static_cast<int64_t>(next_), count));
    rows_left -= count;
    bytes_left -= bytes_of(*slices.back());
    next_ += static_cast<size_t>(count);
    // What is left would not fill another row.
    if (next_ < stop && rows_left > 0) bytes_left = 0;
  }
  if (slices.size() == 1) {
    taken.rows = slices[0];
  } else if (slices.empty()) {
    MILLGATE_ARROW(taken.rows, arrow::RecordBatch::MakeEmpty(rows_.schema()), "rows of a table");
  } else {
    MILLGATE_ARROW(taken.rows, arrow::ConcatenateRecordBatches(slices), "rows of a table");
  }
  return taken;
}

}  // namespace millgate
