/// A new version of a table while it is made, segment by segment.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/store/changes.h"
#include "data/store/logical_hash.h"
#include "data/store/segment_writer.h"
#include "data/store/table_version.h"
#include "data/store/version_scan.h"
#include "ground/error.h"

namespace millgate {

/// Goes through the parts of a parent in order; each is kept or written anew. One thread at a
/// time. For .cc files of this room.
class VersionDraft {
 public:
  /// `next` has the key, schema, names, deltas and digests of the parent as the new version sees
  /// them. Without `has_before` the changes tell too little for digests.
  VersionDraft(ObjectStore& objects, TableVersion next, bool has_before);

  /// Counts the digest of this column anew: each row must be given to `count_rows`.
  void recount(size_t column);
  [[nodiscard]] bool recounts_any() const { return recounts_any_; }
  void count_rows(const arrow::RecordBatch& rows, std::span<const uint64_t> row_hashes);

  /// Whether a part of `row_count` rows, of which `edit_count` lie in deltas then, is better
  /// written anew.
  [[nodiscard]] static bool should_fold(const Segment* segment, int64_t row_count,
                                        int64_t edit_count);

  [[nodiscard]] Status keep(const Segment& segment) { return writer_.keep(segment); }
  [[nodiscard]] Status write(const arrow::RecordBatch& rows, std::span<const uint64_t> row_hashes,
                             const RowKeys& keys);
  /// Counts one change into the digests that are not counted anew.
  void count_change(ChangeKind kind, uint64_t row_hash, const ChangesBuilder::CellChanges& cells);
  void count_changes(const Changes& changes);

  /// Writes `delta` (those changes that lie in kept segments), and the manifest.
  [[nodiscard]] Result<TableVersion> finish(const Changes& delta, int64_t row_count,
                                            std::vector<ColumnStatistics> statistics);

 private:
  [[nodiscard]] Status compact_deltas();
  ObjectStore& objects_;
  TableVersion next_;
  bool has_before_;
  SegmentWriter writer_;
  ColumnDigests digests_;
  std::vector<bool> recounted_;
  bool recounts_any_ = false;
};

/// The schema of `version` under the names that its files use.
[[nodiscard]] std::shared_ptr<arrow::Schema> stored_schema(const TableVersion& version);

}  // namespace millgate
