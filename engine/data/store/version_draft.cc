#include "data/store/version_draft.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "data/store/delta_file.h"
#include "data/store/table_manifest.h"

namespace millgate {

namespace {

/// A segment with more than one changed row in so many is written anew: reading stays cheap, and
/// the changes of all deltas fit into memory.
constexpr int64_t kRowsPerEditMin = 8;
/// A segment this small is not worth a delta.
constexpr int64_t kSmallSegmentBytes = 32 << 10;
/// So many deltas are combined into one.
constexpr size_t kDeltasMax = 16;

/// Deltas at the front that every segment holds are not needed any more.
void drop_folded_deltas(TableVersion& version) {
  auto everywhere = static_cast<int64_t>(version.deltas.size());
  for (const Segment& segment : version.segments) everywhere = std::min(everywhere, segment.folded);
  if (version.segments.empty() && version.row_count > 0) everywhere = 0;
  version.deltas.erase(version.deltas.begin(), version.deltas.begin() + everywhere);
  for (Segment& segment : version.segments) segment.folded -= everywhere;
}

}  // namespace

std::shared_ptr<arrow::Schema> stored_schema(const TableVersion& version) {
  arrow::FieldVector fields;
  for (int i = 0; i < version.schema->num_fields(); ++i) {
    fields.push_back(arrow::field(version.stored_names[static_cast<size_t>(i)],
                                  version.schema->field(i)->type()));
  }
  return arrow::schema(std::move(fields));
}

VersionDraft::VersionDraft(ObjectStore& objects, TableVersion next, bool has_before)
    : objects_(objects),
      next_(std::move(next)),
      has_before_(has_before),
      writer_(objects, stored_schema(next_)),
      digests_(*next_.schema, next_.digests),
      recounted_(static_cast<size_t>(next_.schema->num_fields())) {
  next_.segments.clear();
}

void VersionDraft::recount(size_t column) {
  recounted_[column] = true;
  recounts_any_ = true;
  digests_.reset(column);
}

void VersionDraft::count_rows(const arrow::RecordBatch& rows,
                              std::span<const uint64_t> row_hashes) {
  for (size_t i = 0; i < recounted_.size(); ++i) {
    if (recounted_[i]) digests_.add_column(i, *rows.column(static_cast<int>(i)), row_hashes);
  }
}

bool VersionDraft::should_fold(const Segment* segment, int64_t row_count, int64_t edit_count) {
  if (edit_count == 0) return false;
  if (segment == nullptr || segment->size_bytes < kSmallSegmentBytes) return true;
  return edit_count * kRowsPerEditMin > std::max(row_count, segment->row_count);
}

Status VersionDraft::write(const arrow::RecordBatch& rows, std::span<const uint64_t> row_hashes,
                           const RowKeys& keys) {
  return writer_.add(rows, row_hashes, keys);
}

void VersionDraft::count_change(ChangeKind kind, uint64_t row_hash,
                                const ChangesBuilder::CellChanges& cells) {
  if (!has_before_) return;
  for (size_t i = 0; i < recounted_.size(); ++i) {
    if (recounted_[i]) continue;
    const ChangesBuilder::CellChange cell = cells(i);
    if (kind == ChangeKind::updated && !cell.changed) continue;
    if (kind != ChangeKind::inserted) {
      digests_.remove_cell(i, *cell.before.column, cell.before.row, row_hash);
    }
    if (kind != ChangeKind::removed) {
      digests_.add_cell(i, *cell.after.column, cell.after.row, row_hash);
    }
  }
}

void VersionDraft::count_changes(const Changes& changes) {
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    const auto at = static_cast<size_t>(row);
    count_change(changes.kinds[at], mixed_hash(changes.keys[at]), [&](size_t i) {
      const auto column = static_cast<int>(i);
      return ChangesBuilder::CellChange{
          .before = {.column = changes.before->column(column).get(), .row = row},
          .after = {.column = changes.after->column(column).get(), .row = row},
          .changed = changes.cell_changed(row, column)};
    });
  }
}

Result<TableVersion> VersionDraft::finish(const Changes& delta, int64_t row_count,
                                          std::vector<ColumnStatistics> statistics) {
  next_.row_count = row_count;
  next_.columns = std::move(statistics);
  next_.digests = has_before_ ? digests_.values() : std::vector<Id>();
  if (!has_before_) {
    for (ColumnStatistics& column : next_.columns) {
      column = {.name = column.name, .type = column.type, .minimum = {}, .maximum = {}};
    }
  }
  if (delta.row_count() > 0) {
    MILLGATE_ASSIGN(const Delta written, write_delta(objects_, next_, delta));
    next_.deltas.push_back(written);
  }
  MILLGATE_ASSIGN(next_.segments, writer_.finish(static_cast<int64_t>(next_.deltas.size())));
  drop_folded_deltas(next_);
  if (next_.deltas.size() > kDeltasMax) MILLGATE_TRY(compact_deltas());
  MILLGATE_TRY(write_manifest(objects_, next_));
  return std::move(next_);
}

Status VersionDraft::compact_deltas() {
  MILLGATE_ASSIGN(const Changes net, net_changes(objects_, next_, 0));
  next_.deltas.clear();
  for (Segment& segment : next_.segments) segment.folded = 0;
  if (net.row_count() == 0) return {};
  MILLGATE_ASSIGN(const Delta written, write_delta(objects_, next_, net));
  next_.deltas.push_back(written);
  return {};
}

}  // namespace millgate
