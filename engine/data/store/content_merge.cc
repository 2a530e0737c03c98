#include "data/store/content_merge.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "data/store/changes.h"
#include "data/store/column_summary.h"
#include "data/store/logical_hash.h"
#include "data/store/table_diff.h"
#include "data/store/version_draft.h"
#include "data/store/version_scan.h"
#include "data/table/arrow_result.h"
#include "data/table/row_key.h"

namespace millgate {

namespace {

using Rows = std::shared_ptr<arrow::RecordBatch>;
/// How often rows are there, by the hash of their content.
using RowCounts = std::unordered_map<uint64_t, int64_t>;

constexpr const char* kMergedRows = "rows merged by content";

/// The rows of `rows` for which `takes` says so.
template <typename Takes>
Result<Rows> rows_that(const Rows& rows, const Takes& takes) {
  const std::vector<uint64_t> hashes = content_hashes(*rows);
  arrow::Int64Builder places;
  for (size_t row = 0; row < hashes.size(); ++row) {
    if (!takes(row, hashes[row])) continue;
    MILLGATE_ARROW_TRY(places.Append(static_cast<int64_t>(row)), kMergedRows);
  }
  if (places.length() == rows->num_rows()) return rows;
  MILLGATE_ARROW(const auto taken, places.Finish(), kMergedRows);
  MILLGATE_ARROW(const arrow::Datum datum, arrow::compute::Take(rows, taken), kMergedRows);
  return datum.record_batch();
}

/// What a version has more of than its base, and less: rows, and how many of each.
struct ContentChanges {
  Rows added;
  Rows removed;
  RowCounts growth;
};

Result<ContentChanges> content_changes(const ObjectStore& objects, const TableVersion& base,
                                       const TableVersion& version) {
  MILLGATE_ASSIGN(const TableDiff diff,
                  diff_versions(objects, base, version, {.rows_max = INT64_MAX}));
  const auto of_kind = [&](const Rows& rows, ChangeKind kind) {
    return rows_that(rows, [&](size_t row, uint64_t) { return diff.changes.kinds[row] == kind; });
  };
  ContentChanges changes;
  MILLGATE_ASSIGN(changes.added, of_kind(diff.changes.after, ChangeKind::inserted));
  MILLGATE_ASSIGN(changes.removed, of_kind(diff.changes.before, ChangeKind::removed));
  for (const uint64_t hash : content_hashes(*changes.added)) ++changes.growth[hash];
  for (const uint64_t hash : content_hashes(*changes.removed)) --changes.growth[hash];
  return changes;
}

std::string row_text(const arrow::RecordBatch& rows, int64_t row) {
  std::string text;
  for (int i = 0; i < rows.num_columns(); ++i) {
    text += (i == 0 ? "" : ", ") + rows.schema()->field(i)->name() + " = " +
            value_text(*rows.column(i), row);
  }
  return text;
}

Status check_removed_once(const ContentChanges& ours, const ContentChanges& theirs) {
  const std::vector<uint64_t> hashes = content_hashes(*theirs.removed);
  for (size_t row = 0; row < hashes.size(); ++row) {
    const auto found = ours.growth.find(hashes[row]);
    if (found == ours.growth.end() || found->second >= 0) continue;
    return Error{.code = ErrorCode::conflict,
                 .what = "the table has no key, and both sides changed or removed the same row: " +
                         row_text(*theirs.removed, static_cast<int64_t>(row)),
                 .hint =
                     "undo that on one side, commit, then merge; with a `key` in millgate.toml "
                     "from the beginning, cells are merged"};
  }
  return {};
}

/// What a merge does to the rows of ours: removes some, and adds others behind the last.
struct ContentEdits {
  RowCounts to_remove;
  Rows added;
};

/// The hash of a row as the key of its change.
std::string_view as_key(const uint64_t& hash) {
  return {reinterpret_cast<const char*>(&hash), sizeof hash};
}

/// Digests and statistics of ours after `changes`.
Result<TableVersion> finish_content(VersionDraft& draft, const TableVersion& ours,
                                    const Changes& changes) {
  for (int64_t row = 0; row < changes.row_count(); ++row) {
    const auto at = static_cast<size_t>(row);
    uint64_t hash = 0;
    std::memcpy(&hash, changes.keys[at].data(), sizeof hash);
    draft.count_change(changes.kinds[at], hash, [&](size_t i) {
      const auto column = static_cast<int>(i);
      return ChangesBuilder::CellChange{
          .before = {.column = changes.before->column(column).get(), .row = row},
          .after = {.column = changes.after->column(column).get(), .row = row}};
    });
  }
  std::vector<ColumnStatistics> statistics = ours.columns;
  if (!ours.digests.empty()) {
    MILLGATE_ASSIGN(statistics,
                    changed_statistics(*ours.schema, {}, ours.columns, ours.row_count, changes));
  }
  MILLGATE_ASSIGN(const Changes none, no_changes(ours.schema, {}));
  return draft.finish(none, ours.row_count + changes.growth(), std::move(statistics));
}

/// Ours after `edits`. A segment that theirs has as well holds each row as often on both sides, so
/// all that theirs has less of is in segments of ours that it has not: only these are read, and
/// the last one, which grows.
Result<TableVersion> edited_content(ObjectStore& objects, const TableVersion& ours,
                                    const TableVersion& theirs, ContentEdits edits) {
  std::map<Id, int64_t> shared;
  for (const Segment& segment : theirs.segments) ++shared[segment.object];
  MILLGATE_ASSIGN(const auto scan, VersionScan::make(objects, ours));
  VersionDraft draft(objects, ours, !ours.digests.empty());
  MILLGATE_ASSIGN(ChangesBuilder changes, ChangesBuilder::make(ours.schema, {}));
  for (size_t part = 0; part < ours.segments.size(); ++part) {
    const Segment& segment = ours.segments[part];
    const bool grows = part + 1 == ours.segments.size() && edits.added->num_rows() > 0;
    const bool is_shared = shared[segment.object]-- > 0;
    if (is_shared && !grows) {
      MILLGATE_TRY(draft.keep(segment));
      continue;
    }
    MILLGATE_ASSIGN(const Rows rows, scan->read(part));
    Status counted;
    MILLGATE_ASSIGN(
        const Rows kept, rows_that(rows, [&](size_t row, uint64_t hash) {
          const auto found = edits.to_remove.find(hash);
          if (found == edits.to_remove.end() || found->second == 0) return true;
          --found->second;
          auto removed = changes.remove(as_key(hash), {*rows, static_cast<int64_t>(row)});
          if (!removed.ok()) counted = std::move(removed);
          return false;
        }));
    MILLGATE_TRY(std::move(counted));
    if (kept == rows && !grows) {
      MILLGATE_TRY(draft.keep(segment));
    } else {
      MILLGATE_TRY(draft.write(*kept, content_hashes(*kept), {}));
    }
  }
  const std::vector<uint64_t> hashes = content_hashes(*edits.added);
  for (size_t row = 0; row < hashes.size(); ++row) {
    MILLGATE_TRY(changes.insert(as_key(hashes[row]), {*edits.added, static_cast<int64_t>(row)}));
  }
  MILLGATE_TRY(draft.write(*edits.added, hashes, {}));
  MILLGATE_ASSIGN(const Changes net, changes.finish());
  return finish_content(draft, ours, net);
}

Status merge_side(ObjectStore& objects, const MergeSide& side, TableMerge& merge) {
  for (const auto& schema : {merge.version.schema, side.theirs.schema}) {
    if (schema->Equals(*side.base.schema, false)) continue;
    return Error{.code = ErrorCode::conflict,
                 .what = "the table has no key, and a side changed its columns",
                 .hint = "change them on both sides, commit, then merge"};
  }
  MILLGATE_ASSIGN(const ContentChanges ours, content_changes(objects, side.base, merge.version));
  MILLGATE_ASSIGN(ContentChanges theirs, content_changes(objects, side.base, side.theirs));
  MILLGATE_TRY(check_removed_once(ours, theirs));
  // Rows that both added are there already, as often as ours added them.
  RowCounts there = ours.growth;
  MILLGATE_ASSIGN(const Rows added, rows_that(theirs.added, [&](size_t, uint64_t hash) {
                    const auto found = there.find(hash);
                    if (found == there.end() || found->second <= 0) return true;
                    --found->second;
                    return false;
                  }));
  RowCounts to_remove;
  for (const auto& [hash, count] : theirs.growth) {
    if (count < 0) to_remove[hash] = -count;
  }
  const int64_t removed_count = theirs.removed->num_rows();
  if (added->num_rows() + removed_count == 0) return {};
  merge.merged_row_count += added->num_rows() + removed_count;
  MILLGATE_ASSIGN(merge.version,
                  edited_content(objects, merge.version, side.theirs,
                                 {.to_remove = std::move(to_remove), .added = added}));
  return {};
}

}  // namespace

Result<TableMerge> merge_by_content(ObjectStore& objects, const TableVersion& ours,
                                    const std::vector<MergeSide>& sides) {
  TableMerge merge;
  merge.version = ours;
  for (const MergeSide& side : sides) MILLGATE_TRY(merge_side(objects, side, merge));
  return merge;
}

}  // namespace millgate
