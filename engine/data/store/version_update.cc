#include "data/store/version_update.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "data/store/column_summary.h"
#include "data/store/edited_rows.h"
#include "data/store/logical_hash.h"
#include "data/store/version_draft.h"
#include "data/store/version_scan.h"
#include "data/table/arrow_result.h"

namespace millgate {

namespace {

/// A part of the parent with changes laid over its rows, written as new segments.
Status fold_part(const VersionScan& scan, size_t part, const Changes& changes, int64_t begin,
                 int64_t end, VersionDraft& draft) {
  MILLGATE_ASSIGN(const auto rows, scan.read(part));
  MILLGATE_ASSIGN(const RowKeyEncoder encoder,
                  RowKeyEncoder::make(*rows->schema(), scan.version().key));
  MILLGATE_ASSIGN(const auto edits, place_edits(*rows, encoder, changes, begin, end));
  std::vector<int> columns(static_cast<size_t>(rows->num_columns()));
  std::iota(columns.begin(), columns.end(), 0);
  MILLGATE_ASSIGN(const auto edited, edited_rows(*rows, changes, edits, columns));
  RowKeys keys;
  encoder.encode(*edited, keys);
  return draft.write(*edited, key_hashes(keys), keys);
}

}  // namespace

Result<TableVersion> apply_changes(ObjectStore& objects, const TableVersion& parent,
                                   const Changes& changes) {
  if (changes.row_count() == 0) return parent;
  if (parent.key.empty()) return bug("changes by key need a table with a key");
  if (!changes.after->schema()->Equals(*parent.schema, false)) {
    return bug("changes have other columns than their table");
  }
  const bool counts = changes.has_before && !parent.digests.empty();
  MILLGATE_ASSIGN(const auto scan, VersionScan::make(objects, parent));
  VersionDraft draft(objects, parent, counts);
  MILLGATE_ASSIGN(ChangesBuilder delta,
                  ChangesBuilder::make(parent.schema, parent.key, changes.has_before));
  const auto& segments = parent.segments;
  int64_t begin = 0;
  for (size_t part = 0; part < scan->part_count(); ++part) {
    const int64_t end = part + 1 == scan->part_count()
                            ? changes.row_count()
                            : static_cast<int64_t>(changes.keys.lower_bound(
                                  segments[part + 1].first_key, static_cast<size_t>(begin)));
    const Segment* segment = segments.empty() ? nullptr : &segments[part];
    const auto [first, last] = scan->changes_in(part);
    const int64_t edit_count = end - begin + last - first;
    if (begin < end &&
        VersionDraft::should_fold(segment, scan->row_count(part) + end - begin, edit_count)) {
      MILLGATE_TRY(fold_part(*scan, part, changes, begin, end, draft));
    } else {
      if (segment != nullptr) MILLGATE_TRY(draft.keep(*segment));
      MILLGATE_TRY(delta.add_rows(changes, begin, end));
    }
    begin = end;
  }
  std::vector<ColumnStatistics> statistics = parent.columns;
  if (counts) {
    draft.count_changes(changes);
    MILLGATE_ASSIGN(statistics, changed_statistics(*parent.schema, parent.key, parent.columns,
                                                   parent.row_count, changes));
  }
  MILLGATE_ASSIGN(const Changes kept, delta.finish());
  return draft.finish(kept, parent.row_count + changes.growth(), std::move(statistics));
}

Result<TableVersion> counted_version(const ObjectStore& objects, const TableVersion& version) {
  if (!version.digests.empty()) return version;
  TableVersion counted = version;
  MILLGATE_ASSIGN(const auto rows, read_rows(objects, version));
  MILLGATE_ASSIGN(ColumnSummary summary, ColumnSummary::make(*version.schema));
  MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*version.schema, version.key));
  ColumnDigests digests(*version.schema);
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(rows->ReadNext(&batch), "rows of a table");
    if (batch == nullptr) break;
    summary.add(*batch);
    RowKeys keys;
    encoder.encode(*batch, keys);
    digests.add(*batch, version.key.empty() ? content_hashes(*batch) : key_hashes(keys));
  }
  counted.columns = summary.statistics();
  counted.digests = digests.values();
  counted.logical_hash = logical_hash_of(*counted.schema, counted.key, counted.digests);
  return counted;
}

}  // namespace millgate
