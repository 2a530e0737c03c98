#include "data/store/segment_writer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/batch_bytes.h"
#include "data/table/type_name.h"

namespace millgate {

namespace {

// Part of the format: other numbers would cut equal tables into other objects.
constexpr int64_t kSegmentRowsMin = 16 << 10;
constexpr int64_t kSegmentRowsMax = 64 << 10;
constexpr int64_t kSegmentTextBytesMin = 4 << 20;
constexpr int64_t kSegmentTextBytesMax = 16 << 20;
constexpr uint64_t kCutMask = (16 << 10) - 1;
constexpr uint64_t kTextBytesPerChance = 256;

/// Rows of more than this are encoded one segment at a time.
constexpr int64_t kWaitingBytesMax = 48 << 20;

int64_t memory_bytes(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
  int64_t bytes = 0;
  for (const auto& batch : batches) bytes += bytes_of(*batch);
  return bytes;
}

/// What the items [begin, end) of a nested cell count as: texts their bytes, else as in memory.
int64_t nested_bytes(const arrow::Array& items, int64_t begin, int64_t end) {
  const auto count_slots = [&](const auto& list, const arrow::Array& parts) {
    int64_t bytes = 0;
    for (int64_t i = begin; i < end; ++i) {
      if (list.IsNull(i)) continue;
      bytes += nested_bytes(parts, list.value_offset(i), list.value_offset(i + 1));
    }
    return bytes;
  };
  switch (items.type_id()) {
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(items);
      return count_slots(list, *list.values());
    }
    case arrow::Type::FIXED_SIZE_LIST: {
      const auto& list = static_cast<const arrow::FixedSizeListArray&>(items);
      return count_slots(list, *list.values());
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapArray&>(items);
      return count_slots(map, *map.keys()) + count_slots(map, *map.items());
    }
    case arrow::Type::STRUCT: {
      const auto& record = static_cast<const arrow::StructArray&>(items);
      int64_t bytes = 0;
      for (int64_t i = begin; i < end; ++i) {
        if (record.IsNull(i)) continue;
        for (const auto& member : record.fields()) bytes += nested_bytes(*member, i, i + 1);
      }
      return bytes;
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      const auto& texts = static_cast<const arrow::BinaryArray&>(items);
      int64_t bytes = 0;
      for (int64_t i = begin; i < end; ++i) bytes += texts.IsNull(i) ? 0 : texts.value_length(i);
      return bytes;
    }
    default:
      return (end - begin) * (items.type_id() == arrow::Type::FLOAT ? 4 : 8);
  }
}

/// The bytes of all texts of each row, and of what its nested cells hold.
std::vector<int64_t> text_bytes(const arrow::RecordBatch& rows) {
  std::vector<int64_t> bytes(static_cast<size_t>(rows.num_rows()));
  for (const auto& column : rows.columns()) {
    if (is_nested_type(*column->type())) {
      for (int64_t row = 0; row < column->length(); ++row) {
        bytes[static_cast<size_t>(row)] += nested_bytes(*column, row, row + 1);
      }
      continue;
    }
    if (!arrow::is_base_binary_like(column->type_id())) continue;
    const auto& texts = static_cast<const arrow::BinaryArray&>(*column);
    for (int64_t row = 0; row < texts.length(); ++row) {
      if (texts.IsValid(row)) bytes[static_cast<size_t>(row)] += texts.value_length(row);
    }
  }
  return bytes;
}

/// Whether a segment may begin with this row: one row in 16 Ki; of longer texts so many more that
/// one begins about every 4 MB.
bool may_begin_segment(uint64_t row_hash, int64_t row_text_bytes) {
  return (row_hash & kCutMask) * kTextBytesPerChance <= static_cast<uint64_t>(row_text_bytes);
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
  const std::vector<int64_t> bytes = text_bytes(rows);
  int64_t begin = 0;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    const auto at = static_cast<size_t>(row);
    const int64_t count = pending_rows_ + row - begin;
    const bool is_full =
        count >= kSegmentRowsMax || pending_text_bytes_ + bytes[at] > kSegmentTextBytesMax;
    const bool may_end = count >= kSegmentRowsMin || pending_text_bytes_ >= kSegmentTextBytesMin;
    if (count > 0 && (is_full || (may_end && may_begin_segment(row_hashes[at], bytes[at])))) {
      keep_rows(begin, row);
      begin = row;
      MILLGATE_TRY(flush());
    }
    pending_text_bytes_ += bytes[at];
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
  pending_text_bytes_ = 0;
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
