#include "data/store/version_scan.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <numeric>

#include "data/store/delta_file.h"
#include "data/store/edited_rows.h"
#include "data/table/arrow_result.h"
#include "data/table/cell_cast.h"

namespace millgate {

namespace {

size_t segment_of(const std::vector<Segment>& segments, std::string_view key) {
  const auto after =
      std::upper_bound(segments.begin(), segments.end(), key,
                       [](std::string_view one, const Segment& s) { return one < s.first_key; });
  return after == segments.begin() ? 0 : static_cast<size_t>(after - segments.begin()) - 1;
}

/// Those of `changes` that lie in segments that do not hold delta `number` yet.
Result<Changes> unfolded(const TableVersion& version, size_t number, Changes changes) {
  const auto holds = [&](const Segment& segment) {
    return static_cast<size_t>(segment.folded) > number;
  };
  const auto& segments = version.segments;
  if (std::none_of(segments.begin(), segments.end(), holds)) return changes;
  MILLGATE_ASSIGN(ChangesBuilder out,
                  ChangesBuilder::make(version.schema, version.key, changes.has_before));
  for (size_t i = 0; i < segments.size(); ++i) {
    if (holds(segments[i])) continue;
    const size_t begin = i == 0 ? 0 : changes.keys.lower_bound(segments[i].first_key);
    const size_t end = i + 1 == segments.size()
                           ? changes.keys.size()
                           : changes.keys.lower_bound(segments[i + 1].first_key);
    MILLGATE_TRY(out.add_rows(changes, static_cast<int64_t>(begin), static_cast<int64_t>(end)));
  }
  return out.finish();
}

}  // namespace

Result<Changes> net_changes(const ObjectStore& objects, const TableVersion& version,
                            size_t first_delta) {
  MILLGATE_ASSIGN(Changes net, no_changes(version.schema, version.key));
  for (size_t i = first_delta; i < version.deltas.size(); ++i) {
    MILLGATE_ASSIGN(Changes delta, read_delta(objects, version, version.deltas[i]));
    MILLGATE_ASSIGN(delta, unfolded(version, i, std::move(delta)));
    MILLGATE_ASSIGN(net, combined_changes(version.schema, version.key, net, delta));
  }
  return net;
}

Result<std::shared_ptr<const VersionScan>> VersionScan::make(const ObjectStore& objects,
                                                             const TableVersion& version) {
  const std::shared_ptr<VersionScan> scan(new VersionScan(objects, version));
  MILLGATE_TRY(scan->load_changes());
  return std::shared_ptr<const VersionScan>(scan);
}

Status VersionScan::load_changes() {
  MILLGATE_ASSIGN(changes_, net_changes(objects_, version_, 0));
  begins_ = {0};
  for (size_t i = 1; i < version_.segments.size(); ++i) {
    // Without a key there are no deltas.
    begins_.push_back(static_cast<int64_t>(
        changes_.row_count() == 0 ? 0 : changes_.keys.lower_bound(version_.segments[i].first_key)));
  }
  return {};
}

size_t VersionScan::part_of(std::string_view key) const {
  return segment_of(version_.segments, key);
}

std::pair<int64_t, int64_t> VersionScan::changes_in(size_t part) const {
  return {begins_[part], part + 1 == begins_.size() ? changes_.row_count() : begins_[part + 1]};
}

int64_t VersionScan::row_count(size_t part) const {
  int64_t count = version_.segments.empty() ? 0 : version_.segments[part].row_count;
  const auto [begin, end] = changes_in(part);
  for (int64_t row = begin; row < end; ++row) {
    const ChangeKind kind = changes_.kinds[static_cast<size_t>(row)];
    if (kind == ChangeKind::inserted) ++count;
    if (kind == ChangeKind::removed) --count;
  }
  return count;
}

Result<std::shared_ptr<arrow::RecordBatch>> VersionScan::read_base(
    size_t part, const std::vector<int>& columns, const ParquetReading& reading) const {
  arrow::FieldVector fields;
  std::vector<std::string> names;
  for (const int column : columns) {
    fields.push_back(version_.schema->field(column));
    names.push_back(version_.stored_names[static_cast<size_t>(column)]);
  }
  const auto schema = arrow::schema(std::move(fields));
  if (version_.segments.empty()) {
    MILLGATE_ARROW(auto none, arrow::RecordBatch::MakeEmpty(schema), "a table without rows");
    return none;
  }
  const Segment& segment = version_.segments[part];
  MILLGATE_ASSIGN(const auto stored, read_segment(objects_, segment, names, reading));
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    std::shared_ptr<arrow::Array> array = stored->column(static_cast<int>(i));
    const auto& type = schema->field(static_cast<int>(i))->type();
    if (!array->type()->Equals(*type, true)) {
      auto widened = cast_cells(array, type);
      if (!widened.ok()) {
        Error error = damaged("segment `" + segment.object.brief() + "` does not hold column `" +
                              names[i] + "` as its table says");
        error.because = {widened.status().message()};
        error.where = ObjectStore::name_of(segment.object);
        return error;
      }
      array = *std::move(widened);
    }
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(schema, stored->num_rows(), std::move(arrays));
}

Result<std::shared_ptr<arrow::RecordBatch>> VersionScan::read(size_t part,
                                                              const std::vector<int>& columns,
                                                              const ParquetReading& reading) const {
  const auto [begin, end] = changes_in(part);
  if (begin == end) return read_base(part, columns, reading);
  // The key tells where the changes belong, so it is read even when nobody asks for it.
  std::vector<int> read_columns = columns;
  std::vector<std::string> key_names;
  for (const std::string& name : version_.key) {
    const int index = version_.schema->GetFieldIndex(name);
    if (std::find(columns.begin(), columns.end(), index) == columns.end()) {
      read_columns.push_back(index);
    }
  }
  MILLGATE_ASSIGN(const auto base, read_base(part, read_columns, reading));
  MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*base->schema(), version_.key));
  auto edits = place_edits(*base, encoder, changes_, begin, end);
  if (!edits.ok()) {
    Error error = std::move(edits).error();
    if (!version_.segments.empty()) {
      error.where = ObjectStore::name_of(version_.segments[part].object);
    }
    return error;
  }
  return edited_rows(*base, changes_, *edits, columns);
}

Result<std::shared_ptr<arrow::RecordBatch>> VersionScan::read(size_t part) const {
  std::vector<int> columns(static_cast<size_t>(version_.schema->num_fields()));
  std::iota(columns.begin(), columns.end(), 0);
  return read(part, columns, {});
}

}  // namespace millgate
