#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "data/store/column_plan.h"
#include "data/store/column_rename.h"
#include "data/store/column_summary.h"
#include "data/store/delta_file.h"
#include "data/store/logical_hash.h"
#include "data/store/parts_ahead.h"
#include "data/store/row_match.h"
#include "data/store/row_stream.h"
#include "data/store/version_draft.h"
#include "data/store/version_scan.h"
#include "data/store/version_update.h"
#include "data/table/arrow_result.h"

namespace millgate {

namespace {

using Batch = std::shared_ptr<arrow::RecordBatch>;

/// The merge of a parent with the rows of its next version.
class NextVersion {
 public:
  NextVersion(ObjectStore& objects, ColumnPlan plan, std::shared_ptr<const VersionScan> scan,
              RowKeyEncoder old_encoder, RowKeyEncoder new_encoder, ChangesBuilder delta)
      : objects_(objects),
        plan_(std::move(plan)),
        scan_(std::move(scan)),
        old_encoder_(std::move(old_encoder)),
        new_encoder_(std::move(new_encoder)),
        draft_(objects, plan_.next, true),
        delta_(std::move(delta)) {
    for (size_t i = 0; i < plan_.recounted.size(); ++i) {
      if (plan_.recounted[i]) draft_.recount(i);
      (plan_.kept_columns[i] >= 0 ? compared_ : added_).push_back(static_cast<int>(i));
    }
  }

  /// Nothing when nothing changed.
  Result<std::optional<TableVersion>> merge(arrow::RecordBatchReader& rows) {
    MILLGATE_ASSIGN(ColumnSummary summary, ColumnSummary::make(*plan_.next.schema));
    RowStream stream(rows, new_encoder_, [&](const arrow::RecordBatch& batch) {
      summary.add(batch);
      row_count_ += batch.num_rows();
    });
    if (!added_.empty()) {
      MILLGATE_ASSIGN(delta_keys_, keys_in_deltas(objects_, scan_->version()));
    }
    std::vector<size_t> parts(scan_->part_count());
    std::iota(parts.begin(), parts.end(), size_t{0});
    PartsAhead ahead(scan_, parts);
    for (const size_t part : parts) {
      MILLGATE_ASSIGN(const Batch old_rows, ahead.next());
      MILLGATE_TRY(merge_part(part, old_rows, stream));
    }
    if (change_count_ == 0 && !plan_.changes_schema) return std::optional<TableVersion>();
    MILLGATE_ASSIGN(const Changes delta, delta_.finish());
    MILLGATE_ASSIGN(TableVersion version, draft_.finish(delta, row_count_, summary.statistics()));
    return std::make_optional(std::move(version));
  }

 private:
  Status merge_part(size_t part, const Batch& kept_rows, RowStream& stream) {
    const auto& segments = scan_->version().segments;
    const Segment* segment = segments.empty() ? nullptr : &segments[part];
    std::optional<std::string_view> end;
    if (part + 1 < segments.size()) end = segments[part + 1].first_key;
    MILLGATE_ASSIGN(const Batch old_rows, widened(*kept_rows));
    MILLGATE_ASSIGN(RowStream::Taken taken, stream.take(end));
    if (taken.more) return write_range(*old_rows, std::move(taken.rows), stream, end);
    const Batch new_rows = std::move(taken.rows);
    RowKeys old_keys;
    old_encoder_.encode(*kept_rows, old_keys);
    RowKeys new_keys;
    new_encoder_.encode(*new_rows, new_keys);
    RowMatch match(*old_rows, old_keys, *new_rows, new_keys, compared_);
    change_count_ += match.change_count();
    MILLGATE_TRY(count(*old_rows, old_keys, *new_rows, new_keys, match));
    const auto [first, last] = scan_->changes_in(part);
    if (segment == nullptr || VersionDraft::should_fold(segment, new_rows->num_rows(),
                                                        match.change_count() + last - first)) {
      return draft_.write(*new_rows, key_hashes(new_keys), new_keys);
    }
    Segment kept = *segment;
    if (!added_.empty()) MILLGATE_TRY(add_columns(part, *new_rows, new_keys, match, kept));
    MILLGATE_TRY(draft_.keep(kept));
    return match.put(delta_);
  }

  /// Old rows with the columns of the next version; new columns are null.
  Result<Batch> widened(const arrow::RecordBatch& kept_rows) const {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (size_t i = 0; i < plan_.kept_columns.size(); ++i) {
      if (plan_.kept_columns[i] >= 0) {
        columns.push_back(kept_rows.column(plan_.kept_columns[i]));
        continue;
      }
      MILLGATE_ARROW(auto nulls,
                     arrow::MakeArrayOfNull(plan_.next.schema->field(static_cast<int>(i))->type(),
                                            kept_rows.num_rows()),
                     "a new column");
      columns.push_back(std::move(nulls));
    }
    return arrow::RecordBatch::Make(plan_.next.schema, kept_rows.num_rows(), std::move(columns));
  }

  /// Many new rows between two keys: written as they come, without a look at what stayed.
  Status write_range(const arrow::RecordBatch& old_rows, Batch new_rows, RowStream& stream,
                     std::optional<std::string_view> end) {
    RowKeys old_keys;
    new_encoder_.encode(old_rows, old_keys);
    count_whole_rows(ChangeKind::removed, old_rows, old_keys);
    while (new_rows->num_rows() > 0) {
      RowKeys keys;
      new_encoder_.encode(*new_rows, keys);
      const std::vector<uint64_t> hashes = key_hashes(keys);
      count_whole_rows(ChangeKind::inserted, *new_rows, keys);
      if (draft_.recounts_any()) draft_.count_rows(*new_rows, hashes);
      MILLGATE_TRY(draft_.write(*new_rows, hashes, keys));
      change_count_ += new_rows->num_rows();
      MILLGATE_ASSIGN(RowStream::Taken taken, stream.take(end));
      new_rows = std::move(taken.rows);
    }
    return {};
  }

  void count_whole_rows(ChangeKind kind, const arrow::RecordBatch& rows, const RowKeys& keys) {
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      draft_.count_change(kind, mixed_hash(keys[static_cast<size_t>(row)]), [&](size_t i) {
        const Cell cell{.column = rows.column(static_cast<int>(i)).get(), .row = row};
        return ChangesBuilder::CellChange{.before = cell, .after = cell};
      });
    }
  }

  Status count(const arrow::RecordBatch& old_rows, const RowKeys& old_keys,
               const arrow::RecordBatch& new_rows, const RowKeys& new_keys, const RowMatch& match) {
    if (draft_.recounts_any()) draft_.count_rows(new_rows, key_hashes(new_keys));
    return match.for_each([&](ChangeKind kind, int64_t old_row, int64_t new_row) -> Status {
      const std::string_view key = kind == ChangeKind::removed
                                       ? old_keys[static_cast<size_t>(old_row)]
                                       : new_keys[static_cast<size_t>(new_row)];
      draft_.count_change(kind, mixed_hash(key), [&](size_t i) {
        const auto column = static_cast<int>(i);
        return ChangesBuilder::CellChange{
            .before = {.column = old_rows.column(column).get(), .row = old_row},
            .after = {.column = new_rows.column(column).get(), .row = new_row},
            .changed = new_row < 0 || match.cell_changed(new_row, column)};
      });
      return {};
    });
  }

  [[nodiscard]] bool in_delta(const RowKeys& keys, int64_t row) const {
    return std::binary_search(delta_keys_.begin(), delta_keys_.end(),
                              keys[static_cast<size_t>(row)]);
  }

  /// Writes the new columns of the rows of a segment beside it. Rows that any delta is about get
  /// theirs from the new delta: the older ones say nothing of the column, which is read as null, so
  /// the segment must say null, too.
  Status add_columns(size_t part, const arrow::RecordBatch& new_rows, const RowKeys& new_keys,
                     RowMatch& match, Segment& segment) const {
    std::vector<int> key_columns;
    key_columns.reserve(plan_.kept.key.size());
    for (const std::string& name : plan_.kept.key) {
      key_columns.push_back(plan_.kept.schema->GetFieldIndex(name));
    }
    MILLGATE_ASSIGN(const Batch base, scan_->read_base(part, key_columns, {}));
    MILLGATE_ASSIGN(const RowKeyEncoder encoder,
                    RowKeyEncoder::make(*base->schema(), plan_.kept.key));
    RowKeys base_keys;
    encoder.encode(*base, base_keys);
    arrow::Int64Builder indices;
    for (const MatchedRun& run : match_rows(base_keys, new_keys)) {
      for (int64_t i = 0; i < run.row_count; ++i) {
        const int64_t new_row = run.new_row + i;
        const bool in_base = run.where != MatchedRun::Where::new_only;
        const bool in_new = run.where != MatchedRun::Where::old_only;
        const bool by_delta = in_new && (!in_base || in_delta(new_keys, new_row));
        if (in_base && in_new && !by_delta) {
          MILLGATE_ARROW_TRY(indices.Append(new_row), "a new column");
        } else if (in_base) {
          MILLGATE_ARROW_TRY(indices.AppendNull(), "a new column");
        }
        // A row that is inserted has all its cells in the new delta.
        if (by_delta && match.is_in_both(new_row)) mark_added(new_rows, new_row, match);
      }
    }
    MILLGATE_ARROW(const auto order, indices.Finish(), "a new column");
    arrow::FieldVector fields;
    std::vector<std::shared_ptr<arrow::Array>> columns;
    AddedColumns added;
    for (const int column : added_) {
      added.names.push_back(plan_.next.stored_names[static_cast<size_t>(column)]);
      MILLGATE_ARROW(auto cells, arrow::compute::Take(*new_rows.column(column), *order),
                     "a new column");
      fields.push_back(arrow::field(added.names.back(), cells->type()));
      columns.push_back(std::move(cells));
    }
    MILLGATE_ASSIGN(const ParquetObject written,
                    write_parquet_object(
                        objects_, *arrow::RecordBatch::Make(arrow::schema(std::move(fields)),
                                                            base->num_rows(), std::move(columns))));
    added.object = written.object;
    added.size_bytes = written.size_bytes;
    segment.added.push_back(std::move(added));
    return {};
  }

  void mark_added(const arrow::RecordBatch& new_rows, int64_t new_row, RowMatch& match) const {
    for (const int column : added_) {
      if (new_rows.column(column)->IsValid(new_row)) match.mark_changed(new_row, column);
    }
  }

  ObjectStore& objects_;
  ColumnPlan plan_;
  std::shared_ptr<const VersionScan> scan_;
  RowKeyEncoder old_encoder_;
  RowKeyEncoder new_encoder_;
  VersionDraft draft_;
  ChangesBuilder delta_;
  std::vector<int> compared_;  ///< Columns that both have.
  std::vector<int> added_;
  std::vector<std::string> delta_keys_;  ///< When there are `added_`.
  int64_t row_count_ = 0;
  int64_t change_count_ = 0;
};

Result<TableVersion> write_rows(ObjectStore& objects, const TableVersion& parent,
                                arrow::RecordBatchReader& rows,
                                const std::vector<std::string>& key) {
  auto plan = plan_columns(parent, rows.schema(), key);
  if (!plan) return write_table_version(objects, rows, key);
  MILLGATE_ASSIGN(auto scan, VersionScan::make(objects, plan->kept));
  MILLGATE_ASSIGN(RowKeyEncoder old_encoder, RowKeyEncoder::make(*plan->kept.schema, key));
  MILLGATE_ASSIGN(RowKeyEncoder new_encoder, RowKeyEncoder::make(*plan->next.schema, key));
  MILLGATE_ASSIGN(ChangesBuilder delta, ChangesBuilder::make(plan->next.schema, key));
  NextVersion next(objects, *std::move(plan), std::move(scan), std::move(old_encoder),
                   std::move(new_encoder), std::move(delta));
  MILLGATE_ASSIGN(auto version, next.merge(rows));
  return version ? *std::move(version) : parent;
}

}  // namespace

Result<TableVersion> write_next_version(ObjectStore& objects, const TableVersion& parent,
                                        arrow::RecordBatchReader& rows,
                                        const std::vector<std::string>& key) {
  MILLGATE_ASSIGN(TableVersion version, write_rows(objects, parent, rows, key));
  const auto renames = proven_renames(parent, version);
  if (renames.empty()) return version;
  // Only now it is known that columns have new names and nothing else, so the rows are laid over
  // the parent once more, where those columns are kept.
  MILLGATE_ASSIGN(const TableVersion renamed, rename_columns(objects, parent, renames));
  if (renamed.key != key) return version;
  MILLGATE_ASSIGN(const auto written, read_rows(objects, version));
  return write_rows(objects, renamed, *written, key);
}

}  // namespace millgate
