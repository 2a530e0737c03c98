#include "data/store/table_diff.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "data/store/edited_rows.h"
#include "data/store/logical_hash.h"
#include "data/store/parts_ahead.h"
#include "data/store/row_match.h"
#include "data/store/row_stream.h"
#include "data/store/version_scan.h"
#include "data/table/arrow_result.h"

namespace millgate {

namespace {

using Batch = std::shared_ptr<arrow::RecordBatch>;

std::vector<ColumnChange> column_changes(const arrow::Schema& before, const arrow::Schema& after) {
  std::vector<ColumnChange> changes;
  for (const auto& field : before.fields()) {
    const auto now = after.GetFieldByName(field->name());
    if (now != nullptr && now->type()->Equals(*field->type())) continue;
    changes.push_back(
        {field->name(), field->type()->ToString(), now == nullptr ? "" : now->type()->ToString()});
  }
  for (const auto& field : after.fields()) {
    if (before.GetFieldIndex(field->name()) >= 0) continue;
    changes.push_back({field->name(), "", field->type()->ToString()});
  }
  return changes;
}

/// Columns of one name and one type, in the order of `after`.
std::shared_ptr<arrow::Schema> common_schema(const arrow::Schema& before,
                                             const arrow::Schema& after) {
  arrow::FieldVector fields;
  for (const auto& field : after.fields()) {
    const auto was = before.GetFieldByName(field->name());
    if (was != nullptr && was->type()->Equals(*field->type())) fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

/// The rows of the next `count` parts of a version.
class PartsReader final : public arrow::RecordBatchReader {
 public:
  PartsReader(PartsAhead& parts, size_t count) : parts_(parts), left_(count) {}
  std::shared_ptr<arrow::Schema> schema() const override { return parts_.scan().version().schema; }
  arrow::Status ReadNext(Batch* batch) override {
    batch->reset();
    if (left_ == 0) return arrow::Status::OK();
    --left_;
    auto read = parts_.next();
    if (!read.ok()) return arrow_status(std::move(read).error());
    *batch = *std::move(read);
    return arrow::Status::OK();
  }

 private:
  PartsAhead& parts_;
  size_t left_;
};

/// Parts of both versions that lie in one range of keys.
struct Range {
  size_t old_begin = 0, old_end = 0;
  size_t new_begin = 0, new_end = 0;
  bool shared = false;  ///< One part each, with the same segment.
};

/// Where the cells of a column of a segment lie.
Id object_of(const Segment& segment, const std::string& name) {
  Id object = segment.object;
  for (const AddedColumns& added : segment.added) {
    if (std::find(added.names.begin(), added.names.end(), name) != added.names.end()) {
      object = added.object;
    }
  }
  return object;
}

class VersionDiff {
 public:
  VersionDiff(TableDiff& diff, const DiffOptions& options,
              std::shared_ptr<const VersionScan> before, std::shared_ptr<const VersionScan> after,
              RowKeyEncoder encoder, ChangesBuilder out)
      : diff_(diff),
        options_(options),
        old_scan_(std::move(before)),
        new_scan_(std::move(after)),
        encoder_(std::move(encoder)),
        out_(std::move(out)) {
    const auto& old_deltas = old_scan_->version().deltas;
    const auto& new_deltas = new_scan_->version().deltas;
    const size_t count = std::min(old_deltas.size(), new_deltas.size());
    while (common_deltas_ < count && old_deltas[common_deltas_] == new_deltas[common_deltas_]) {
      ++common_deltas_;
    }
    columns_.resize(static_cast<size_t>(new_scan_->version().schema->num_fields()));
    std::iota(columns_.begin(), columns_.end(), 0);
  }

  Status run(const ObjectStore& objects) {
    const std::vector<Range> ranges = find_ranges();
    MILLGATE_ASSIGN(const Changes old_own, changes_of_own(objects, *old_scan_));
    MILLGATE_ASSIGN(const Changes new_own, changes_of_own(objects, *new_scan_));
    MILLGATE_ASSIGN(const Changes between, changes_in_shared(old_own, new_own, ranges));
    std::vector<Way> ways;
    std::vector<size_t> old_parts;
    std::vector<size_t> new_parts;
    for (const Range& range : ranges) {
      ways.push_back(way_of(range, between.has_before, old_own, new_own));
      const bool reads_old = ways.back() == Way::rows || ways.back() == Way::old_rows;
      const bool reads_new = ways.back() == Way::rows || ways.back() == Way::new_rows;
      for (size_t i = range.old_begin; i < range.old_end && reads_old; ++i) old_parts.push_back(i);
      for (size_t i = range.new_begin; i < range.new_end && reads_new; ++i) new_parts.push_back(i);
    }
    PartsAhead old_ahead(old_scan_, std::move(old_parts));
    PartsAhead new_ahead(new_scan_, std::move(new_parts));
    for (size_t i = 0; i < ranges.size(); ++i) {
      switch (ways[i]) {
        case Way::none:
          break;
        case Way::deltas:
          MILLGATE_TRY(take_changes(between, ranges[i]));
          break;
        case Way::old_rows: {
          MILLGATE_ASSIGN(const EditedRows rows, edited_rows_of(old_ahead, new_own, ranges[i]));
          MILLGATE_TRY(compare(*rows.as_they_are, *rows.edited));
          break;
        }
        case Way::new_rows: {
          MILLGATE_ASSIGN(const EditedRows rows, edited_rows_of(new_ahead, old_own, ranges[i]));
          MILLGATE_TRY(compare(*rows.edited, *rows.as_they_are));
          break;
        }
        case Way::rows:
          MILLGATE_TRY(compare_range(ranges[i], old_ahead, new_ahead));
          break;
      }
    }
    MILLGATE_ASSIGN(diff_.changes, out_.finish());
    return {};
  }

 private:
  /// How a range is compared. Deltas that do not say what was before are laid over the rows of the
  /// version that has none of its own there.
  enum class Way { none, deltas, old_rows, new_rows, rows };

  [[nodiscard]] Way way_of(const Range& range, bool deltas_tell, const Changes& old_own,
                           const Changes& new_own) const {
    if (!range.shared) return Way::rows;
    if (deltas_tell) return Way::deltas;
    const auto none_in = [&](const Changes& changes) {
      const auto [begin, end] = rows_of(changes, range);
      return begin == end;
    };
    if (none_in(old_own)) return none_in(new_own) ? Way::none : Way::old_rows;
    return none_in(new_own) ? Way::new_rows : Way::rows;
  }

  /// The rows of a part that changes are about, and what the changes make of them.
  struct EditedRows {
    Batch as_they_are;
    Batch edited;
  };

  Result<EditedRows> edited_rows_of(PartsAhead& parts, const Changes& changes,
                                    const Range& range) const {
    MILLGATE_ASSIGN(const Batch part, parts.next());
    const auto [begin, end] = rows_of(changes, range);
    RowKeys keys;
    encoder_.encode(*part, keys);
    arrow::Int64Builder places;
    size_t place = 0;
    for (int64_t row = begin; row < end; ++row) {
      const std::string_view key = changes.keys[static_cast<size_t>(row)];
      place = keys.lower_bound(key, place);
      if (place == keys.size() || keys[place] != key) continue;
      MILLGATE_ARROW_TRY(places.Append(static_cast<int64_t>(place)), "changed rows");
    }
    MILLGATE_ARROW(const auto taken, places.Finish(), "changed rows");
    MILLGATE_ARROW(const arrow::Datum datum, arrow::compute::Take(part, taken), "changed rows");
    EditedRows rows{.as_they_are = datum.record_batch(), .edited = nullptr};
    MILLGATE_ASSIGN(const auto edits,
                    place_edits(*rows.as_they_are, encoder_, changes, begin, end));
    MILLGATE_ASSIGN(rows.edited, edited_rows(*rows.as_they_are, changes, edits, columns_));
    return rows;
  }

  [[nodiscard]] const std::vector<Segment>& old_segments() const {
    return old_scan_->version().segments;
  }
  [[nodiscard]] const std::vector<Segment>& new_segments() const {
    return new_scan_->version().segments;
  }

  [[nodiscard]] bool same_rows(const Segment& one, const Segment& other) const {
    if (one.row_count != other.row_count || one.first_key != other.first_key) return false;
    // Deltas that both have must be folded in both, or in none.
    if (common_deltas_ > 0 && one.folded != other.folded) return false;
    const auto& old_names = old_scan_->version().stored_names;
    const auto& new_names = new_scan_->version().stored_names;
    for (size_t i = 0; i < new_names.size(); ++i) {
      if (old_names[i] != new_names[i]) return false;
      if (object_of(one, old_names[i]) != object_of(other, new_names[i])) return false;
    }
    return true;
  }

  /// Ranges between keys at which both versions begin a segment.
  [[nodiscard]] std::vector<Range> find_ranges() const {
    std::vector<Range> ranges;
    const size_t old_count = old_scan_->part_count();
    const size_t new_count = new_scan_->part_count();
    if (old_segments().empty() || new_segments().empty()) {
      return {{.old_begin = 0, .old_end = old_count, .new_begin = 0, .new_end = new_count}};
    }
    Range range;
    while (range.old_begin < old_count && range.new_begin < new_count) {
      range.old_end = range.old_begin + 1;
      range.new_end = range.new_begin + 1;
      // To the next key that begins a segment in both.
      while (range.old_end < old_count || range.new_end < new_count) {
        if (range.old_end == old_count) {
          range.new_end = new_count;
        } else if (range.new_end == new_count) {
          range.old_end = old_count;
        } else {
          const int order = old_segments()[range.old_end].first_key.compare(
              new_segments()[range.new_end].first_key);
          if (order == 0) break;
          ++(order < 0 ? range.old_end : range.new_end);
        }
      }
      range.shared = range.old_end == range.old_begin + 1 && range.new_end == range.new_begin + 1 &&
                     same_rows(old_segments()[range.old_begin], new_segments()[range.new_begin]);
      ranges.push_back(range);
      range = {.old_begin = range.old_end, .old_end = 0, .new_begin = range.new_end, .new_end = 0};
    }
    return ranges;
  }

  /// The key at which a range begins: before all others for the first.
  [[nodiscard]] std::string_view first_key(const Range& range) const {
    return range.new_begin == 0 ? std::string_view() : new_segments()[range.new_begin].first_key;
  }

  /// What lies between the two versions in their shared segments, read off the deltas.
  Result<Changes> changes_in_shared(const Changes& old_own, const Changes& new_own,
                                    const std::vector<Range>& ranges) const {
    if (!old_own.has_before || !new_own.has_before) {
      Changes unknown;
      unknown.has_before = false;
      return unknown;
    }
    MILLGATE_ASSIGN(const Changes old_net, in_shared(old_own, ranges));
    MILLGATE_ASSIGN(const Changes new_net, in_shared(new_own, ranges));
    const auto& version = new_scan_->version();
    return combined_changes(version.schema, version.key, inverse_changes(old_net), new_net);
  }

  /// What the deltas of a version hold that the other one has not.
  Result<Changes> changes_of_own(const ObjectStore& objects, const VersionScan& scan) const {
    if (common_deltas_ == 0) return scan.changes();  // Which the scan has read already.
    return net_changes(objects, scan.version(), common_deltas_);
  }

  Result<Changes> in_shared(const Changes& changes, const std::vector<Range>& ranges) const {
    const auto& version = new_scan_->version();
    MILLGATE_ASSIGN(ChangesBuilder kept, ChangesBuilder::make(version.schema, version.key));
    for (size_t i = 0; i < ranges.size(); ++i) {
      if (!ranges[i].shared) continue;
      const auto [begin, end] = rows_of(changes, ranges[i]);
      MILLGATE_TRY(kept.add_rows(changes, begin, end));
    }
    return kept.finish();
  }

  [[nodiscard]] std::pair<int64_t, int64_t> rows_of(const Changes& changes,
                                                    const Range& range) const {
    const size_t begin = changes.keys.lower_bound(first_key(range));
    const size_t end = range.new_end == new_segments().size() || new_segments().empty()
                           ? changes.keys.size()
                           : changes.keys.lower_bound(new_segments()[range.new_end].first_key);
    return {static_cast<int64_t>(begin), static_cast<int64_t>(end)};
  }

  Status take_changes(const Changes& between, const Range& range) {
    const auto [begin, end] = rows_of(between, range);
    for (int64_t row = begin; row < end; ++row) {
      count(between.kinds[static_cast<size_t>(row)],
            [&](int column) { return between.cell_changed(row, column); });
    }
    const int64_t room = std::max<int64_t>(0, options_.rows_max - out_.row_count());
    if (end - begin > room) diff_.complete = false;
    return out_.add_rows(between, begin, begin + std::min(room, end - begin));
  }

  template <typename Changed>
  void count(ChangeKind kind, const Changed& changed) {
    if (kind == ChangeKind::inserted) ++diff_.inserted_count;
    if (kind == ChangeKind::removed) ++diff_.removed_count;
    if (kind != ChangeKind::updated) return;
    ++diff_.updated_count;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (changed(static_cast<int>(i))) ++diff_.changed_cells[i];
    }
  }

  Status compare_range(const Range& range, PartsAhead& old_parts, PartsAhead& new_parts) {
    PartsReader reader(new_parts, range.new_end - range.new_begin);
    RowStream stream(reader, encoder_, [](const arrow::RecordBatch&) {});
    for (size_t part = range.old_begin; part < range.old_end; ++part) {
      std::optional<std::string_view> end;
      if (part + 1 < range.old_end) end = old_segments()[part + 1].first_key;
      MILLGATE_ASSIGN(Batch old_rows, old_parts.next());
      while (true) {
        MILLGATE_ASSIGN(const RowStream::Taken taken, stream.take(end));
        Batch beside = old_rows;
        if (taken.more) {
          const int64_t split = rows_until(*old_rows, *taken.rows);
          beside = old_rows->Slice(0, split);
          old_rows = old_rows->Slice(split);
        }
        MILLGATE_TRY(compare(*beside, *taken.rows));
        if (!taken.more) break;
      }
    }
    return {};
  }

  /// How many of the old rows have keys up to the last of the new ones.
  [[nodiscard]] int64_t rows_until(const arrow::RecordBatch& old_rows,
                                   const arrow::RecordBatch& new_rows) const {
    RowKeys keys;
    encoder_.encode(old_rows, keys);
    std::string last;
    encoder_.encode_row(new_rows, new_rows.num_rows() - 1, last);
    last += '\0';  // The smallest key behind it.
    return static_cast<int64_t>(keys.lower_bound(last));
  }

  Status compare(const arrow::RecordBatch& old_rows, const arrow::RecordBatch& new_rows) {
    RowKeys old_keys;
    RowKeys new_keys;
    encoder_.encode(old_rows, old_keys);
    encoder_.encode(new_rows, new_keys);
    const RowMatch match(old_rows, old_keys, new_rows, new_keys, columns_);
    MILLGATE_TRY(match.for_each([&](ChangeKind kind, int64_t, int64_t new_row) -> Status {
      count(kind, [&](int column) { return match.cell_changed(new_row, column); });
      return {};
    }));
    if (out_.row_count() + match.change_count() <= options_.rows_max) return match.put(out_);
    diff_.complete = false;
    MILLGATE_ASSIGN(ChangesBuilder some,
                    ChangesBuilder::make(new_scan_->version().schema, new_scan_->version().key));
    MILLGATE_TRY(match.put(some));
    MILLGATE_ASSIGN(const Changes found, some.finish());
    return out_.add_rows(found, 0,
                         std::min(found.row_count(), options_.rows_max - out_.row_count()));
  }

  TableDiff& diff_;
  const DiffOptions& options_;
  std::shared_ptr<const VersionScan> old_scan_;
  std::shared_ptr<const VersionScan> new_scan_;
  RowKeyEncoder encoder_;
  ChangesBuilder out_;
  size_t common_deltas_ = 0;
  std::vector<int> columns_;
};

/// Tables without a key: how often each row is there, by its content.
class ContentDiff {
 public:
  ContentDiff(TableDiff& diff, const DiffOptions& options) : diff_(diff), options_(options) {}

  Status run(const ObjectStore& objects, const TableVersion& before, const TableVersion& after) {
    std::map<Id, int> balance;  // Segments that both have as often are not read.
    for (const Segment& segment : before.segments) --balance[segment.object];
    for (const Segment& segment : after.segments) ++balance[segment.object];
    const auto differing = [&](TableVersion version, int sign) {
      std::map<Id, int> left = balance;
      std::erase_if(version.segments, [&](const Segment& segment) {
        int& count = left[segment.object];
        const bool differs = count * sign > 0;
        if (differs) count -= sign;
        return !differs;
      });
      return version;
    };
    const TableVersion old_part = differing(before, -1);
    const TableVersion new_part = differing(after, 1);
    MILLGATE_TRY(for_each_row(objects, old_part, [&](const auto&, int64_t, uint64_t hash) {
      --surplus_[hash];
      return Status();
    }));
    MILLGATE_TRY(for_each_row(objects, new_part, [&](const auto&, int64_t, uint64_t hash) {
      ++surplus_[hash];
      return Status();
    }));
    MILLGATE_ASSIGN(ChangesBuilder out, ChangesBuilder::make(after.schema, {}));
    MILLGATE_TRY(put(objects, old_part, ChangeKind::removed, out));
    MILLGATE_TRY(put(objects, new_part, ChangeKind::inserted, out));
    MILLGATE_ASSIGN(diff_.changes, out.finish());
    return {};
  }

 private:
  template <typename Each>
  static Status for_each_row(const ObjectStore& objects, const TableVersion& version,
                             const Each& each) {
    MILLGATE_ASSIGN(const auto rows, read_rows(objects, version));
    while (true) {
      Batch batch;
      MILLGATE_ARROW_TRY(rows->ReadNext(&batch), "rows of a table");
      if (batch == nullptr) return {};
      const std::vector<uint64_t> hashes = content_hashes(*batch);
      for (size_t row = 0; row < hashes.size(); ++row) {
        MILLGATE_TRY(each(*batch, static_cast<int64_t>(row), hashes[row]));
      }
    }
  }

  Status put(const ObjectStore& objects, const TableVersion& version, ChangeKind kind,
             ChangesBuilder& out) {
    const bool inserted = kind == ChangeKind::inserted;
    return for_each_row(
        objects, version,
        [&](const arrow::RecordBatch& rows, int64_t row, uint64_t hash) -> Status {
          int64_t& surplus = surplus_[hash];
          if (inserted ? surplus <= 0 : surplus >= 0) return {};
          surplus += inserted ? -1 : 1;
          ++(inserted ? diff_.inserted_count : diff_.removed_count);
          if (out.row_count() >= options_.rows_max) {
            diff_.complete = false;
            return {};
          }
          const std::string_view key(reinterpret_cast<const char*>(&hash), sizeof(hash));
          return inserted ? out.insert(key, {rows, row}) : out.remove(key, {rows, row});
        });
  }

  TableDiff& diff_;
  const DiffOptions& options_;
  std::unordered_map<uint64_t, int64_t> surplus_;
};

}  // namespace

TableVersion version_with_columns(const TableVersion& version,
                                  const std::shared_ptr<arrow::Schema>& schema) {
  TableVersion view = version;
  view.schema = schema;
  view.columns.clear();
  view.digests.clear();
  view.logical_hash.reset();
  view.stored_names.clear();
  for (const auto& field : schema->fields()) {
    view.stored_names.push_back(
        version.stored_names[static_cast<size_t>(version.schema->GetFieldIndex(field->name()))]);
  }
  return view;
}

Result<TableDiff> diff_versions(const ObjectStore& objects, const TableVersion& named_before,
                                const TableVersion& after, const DiffOptions& options) {
  TableDiff diff;
  diff.renames = column_renames(named_before, after);
  const TableVersion before = with_renamed_columns(named_before, diff.renames);
  diff.columns = column_changes(*before.schema, *after.schema);
  diff.schema = common_schema(*before.schema, *after.schema);
  diff.changed_cells.resize(static_cast<size_t>(diff.schema->num_fields()));
  diff.key_changed = before.key != after.key;
  for (const std::string& name : after.key) {
    diff.key_changed |= diff.schema->GetFieldIndex(name) < 0;
  }
  if (before.id == after.id || diff.key_changed) {
    MILLGATE_ASSIGN(diff.changes, no_changes(diff.schema, {}));
    return diff;
  }
  const TableVersion old_view = version_with_columns(before, diff.schema);
  const TableVersion new_view = version_with_columns(after, diff.schema);
  if (after.key.empty()) {
    MILLGATE_TRY(ContentDiff(diff, options).run(objects, old_view, new_view));
    return diff;
  }
  MILLGATE_ASSIGN(auto old_scan, VersionScan::make(objects, old_view));
  MILLGATE_ASSIGN(auto new_scan, VersionScan::make(objects, new_view));
  MILLGATE_ASSIGN(RowKeyEncoder encoder, RowKeyEncoder::make(*diff.schema, after.key));
  MILLGATE_ASSIGN(ChangesBuilder out, ChangesBuilder::make(diff.schema, after.key));
  MILLGATE_TRY(VersionDiff(diff, options, std::move(old_scan), std::move(new_scan),
                           std::move(encoder), std::move(out))
                   .run(objects));
  return diff;
}

}  // namespace millgate
