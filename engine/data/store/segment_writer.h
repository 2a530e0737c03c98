/// Rows in the order of a table, cut into segments by content.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "data/store/segment_file.h"
#include "data/store/table_version.h"
#include "data/table/row_key.h"
#include "ground/error.h"

namespace millgate {

/// Segments have 16 to 64 thousand rows, fewer when their texts reach 4 to 16 MB; between those,
/// one ends where the hash of the next row says so, so that equal ranges of rows become equal
/// objects. Segments are encoded by other threads, at most one a core at a time, and fewer when
/// they are large. One thread at a time.
class SegmentWriter {
 public:
  /// `schema` has the stored names.
  SegmentWriter(ObjectStore& objects, std::shared_ptr<arrow::Schema> schema);
  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  /// `row_hashes` decide where to cut. `keys` are empty for a table without a key.
  /// Errors: `outside` when the disk refuses, also for rows that were added before.
  [[nodiscard]] Status add(const arrow::RecordBatch& rows, std::span<const uint64_t> row_hashes,
                           const RowKeys& keys);
  /// A segment that is there already comes next.
  [[nodiscard]] Status keep(const Segment& segment);
  /// All segments in order; those written anew hold the first `folded` deltas.
  [[nodiscard]] Result<std::vector<Segment>> finish(int64_t folded);

 private:
  struct Slot {
    Segment segment;
    bool written = false;      ///< By this writer.
    int64_t memory_bytes = 0;  ///< Of the rows that wait to be encoded.
    std::future<Result<ParquetObject>> object;
  };
  [[nodiscard]] Status flush();
  [[nodiscard]] Status wait_for(Slot& slot);

  ObjectStore& objects_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> pending_;
  int64_t pending_rows_ = 0;
  int64_t pending_text_bytes_ = 0;
  std::string first_key_;
  std::deque<Slot> slots_;
  size_t next_to_wait_ = 0;
  int64_t waiting_bytes_ = 0;  ///< Of the slots from `next_to_wait_` on.
};

}  // namespace millgate
