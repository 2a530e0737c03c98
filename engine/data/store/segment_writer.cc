#include "data/store/segment_writer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "data/table/arrow_result.h"

namespace millgate {

namespace {

// Part of the format: other numbers would cut equal tables into other objects.
constexpr int64_t kSegmentRowsMin = 16 << 10;
constexpr int64_t kSegmentRowsMax = 64 << 10;
constexpr uint64_t kCutMask = (16 << 10) - 1;

/// Rows of more than this are encoded one segment at a time.
constexpr int64_t kWaitingBytesMax = 48 << 20;

int64_t memory_bytes(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
  int64_t bytes = 0;
  for (const auto& batch : batches) {
    bytes += arrow::util::ReferencedBufferSize(*batch).ValueOr(0);
  }
  return bytes;
}

}  // namespace

SegmentWriter::SegmentWriter(ObjectStore& objects, std::shared_ptr<arrow::Schema> schema)
    : objects_(objects), schema_(std::move(schema)) {}

SegmentWriter::~SegmentWriter() {
  for (Slot& slot : slots_) {
    if (slot.object.valid()) slot.object.wait();
  }
}

Status SegmentWriter::add(const arrow::RecordBatch& rows, std::span<const uint64_t> row_hashes,
                          const RowKeys& keys) {
  const auto keep_rows = [&](int64_t begin, int64_t end) {
    if (begin == end) return;
    if (pending_rows_ == 0 && keys.size() > 0) first_key_ = keys[static_cast<size_t>(begin)];
    pending_.push_back(
        arrow::RecordBatch::Make(schema_, end - begin, rows.Slice(begin, end - begin)->columns()));
    pending_rows_ += end - begin;
  };
  int64_t begin = 0;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    const int64_t count = pending_rows_ + row - begin;
    const bool may_cut = count >= kSegmentRowsMin;
    if (count >= kSegmentRowsMax ||
        (may_cut && (row_hashes[static_cast<size_t>(row)] & kCutMask) == 0)) {
      keep_rows(begin, row);
      begin = row;
      MILLGATE_TRY(flush());
    }
  }
  keep_rows(begin, rows.num_rows());
  return {};
}

Status SegmentWriter::keep(const Segment& segment) {
  MILLGATE_TRY(flush());
  slots_.push_back({.segment = segment, .written = false, .object = {}});
  return {};
}

Status SegmentWriter::flush() {
  if (pending_rows_ == 0) return {};
  Slot slot;
  slot.written = true;
  slot.segment.row_count = pending_rows_;
  slot.segment.first_key = std::exchange(first_key_, {});
  auto batches = std::exchange(pending_, {});
  pending_rows_ = 0;
  slot.memory_bytes = memory_bytes(batches);
  while (next_to_wait_ < slots_.size() && waiting_bytes_ + slot.memory_bytes > kWaitingBytesMax) {
    MILLGATE_TRY(wait_for(slots_[next_to_wait_++]));
  }
  waiting_bytes_ += slot.memory_bytes;
  slot.object = std::async(
      std::launch::async, [this, batches = std::move(batches)]() mutable -> Result<ParquetObject> {
        // Pages end where chunks end, so the rows must be one chunk.
        MILLGATE_ARROW(const auto rows, arrow::ConcatenateRecordBatches(batches), "a segment");
        batches.clear();
        return write_parquet_object(objects_, *rows);
      });
  slots_.push_back(std::move(slot));
  const size_t at_once = std::max(1U, std::thread::hardware_concurrency());
  while (slots_.size() - next_to_wait_ > at_once) MILLGATE_TRY(wait_for(slots_[next_to_wait_++]));
  return {};
}

Status SegmentWriter::wait_for(Slot& slot) {
  waiting_bytes_ -= std::exchange(slot.memory_bytes, 0);
  if (!slot.object.valid()) return {};
  MILLGATE_ASSIGN(const ParquetObject written, slot.object.get());
  slot.segment.object = written.object;
  slot.segment.size_bytes = written.size_bytes;
  slot.segment.footer = written.footer;
  return {};
}

Result<std::vector<Segment>> SegmentWriter::finish(int64_t folded) {
  MILLGATE_TRY(flush());
  std::vector<Segment> segments;
  for (Slot& slot : slots_) {
    MILLGATE_TRY(wait_for(slot));
    if (slot.written) slot.segment.folded = folded;
    segments.push_back(std::move(slot.segment));
  }
  slots_.clear();
  next_to_wait_ = 0;
  return segments;
}

}  // namespace millgate
