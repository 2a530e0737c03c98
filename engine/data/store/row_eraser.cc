#include "data/store/row_eraser.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "data/store/column_summary.h"
#include "data/store/delta_file.h"
#include "data/store/logical_hash.h"
#include "data/store/row_history.h"
#include "data/store/segment_file.h"
#include "data/store/table_manifest.h"
#include "data/store/version_scan.h"
#include "data/store/version_update.h"
#include "data/table/arrow_result.h"
#include "data/table/row_key.h"

namespace millgate {

namespace {

using Batch = std::shared_ptr<arrow::RecordBatch>;

constexpr const char* kWork = "rows to forget";

/// Names and types of columns, as one text.
std::string signature_of(const TableVersion& version, const std::vector<std::string>& columns) {
  std::string signature;
  for (const std::string& name : columns) {
    signature += name + '\0' + version.schema->GetFieldByName(name)->type()->ToString() + '\0';
  }
  return signature;
}

Result<Batch> filtered(const Batch& rows, const std::shared_ptr<arrow::BooleanArray>& mask) {
  MILLGATE_ARROW(const auto kept, arrow::compute::Filter(rows, mask), kWork);
  return kept.record_batch();
}

Result<std::shared_ptr<arrow::BooleanArray>> boolean_array(const std::vector<bool>& values) {
  arrow::BooleanBuilder builder;
  MILLGATE_ARROW_TRY(builder.AppendValues(values), kWork);
  std::shared_ptr<arrow::BooleanArray> array;
  MILLGATE_ARROW_TRY(builder.Finish(&array), kWork);
  return array;
}

/// The columns `names` of the table, read under `stored` names, in the types of the table.
Result<Batch> as_table_columns(const arrow::RecordBatch& stored, const TableVersion& version,
                               const std::vector<std::string>& names) {
  arrow::FieldVector fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (size_t i = 0; i < names.size(); ++i) {
    fields.push_back(version.schema->GetFieldByName(names[i]));
    auto column = stored.column(static_cast<int>(i));
    if (!column->type()->Equals(*fields.back()->type())) {
      MILLGATE_ARROW(column, arrow::compute::Cast(*column, fields.back()->type()), kWork);
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), stored.num_rows(),
                                  std::move(columns));
}

std::vector<std::string> stored_names_of(const TableVersion& version,
                                         const std::vector<std::string>& names) {
  std::vector<std::string> stored;
  stored.reserve(names.size());
  for (const std::string& name : names) {
    const auto index = static_cast<size_t>(version.schema->GetFieldIndex(name));
    stored.push_back(version.stored_names[index]);
  }
  return stored;
}

/// The name of the table's column that a column of a delta is about.
std::string column_of_delta(const std::string& name) {
  for (const std::string_view prefix : {"key.", "before.", "after."}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

/// All rows of a version but those whose key `goes` says.
class StayingRows final : public arrow::RecordBatchReader {
 public:
  using Goes = std::function<bool(std::string_view key)>;
  StayingRows(std::shared_ptr<const VersionScan> scan, RowKeyEncoder encoder, Goes goes)
      : scan_(std::move(scan)), encoder_(std::move(encoder)), goes_(std::move(goes)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return scan_->version().schema; }

  arrow::Status ReadNext(Batch* batch) override {
    batch->reset();
    while (next_part_ < scan_->part_count()) {
      auto rows = scan_->read(next_part_++);
      if (!rows.ok()) return arrow_status(std::move(rows).error());
      RowKeys keys;
      encoder_.encode(**rows, keys);
      std::vector<bool> stays;
      stays.reserve(keys.size());
      for (size_t row = 0; row < keys.size(); ++row) stays.push_back(!goes_(keys[row]));
      auto mask = boolean_array(stays);
      if (!mask.ok()) return arrow_status(std::move(mask).error());
      auto kept = filtered(*rows, *mask);
      if (!kept.ok()) return arrow_status(std::move(kept).error());
      if ((*kept)->num_rows() == 0) continue;
      *batch = *std::move(kept);
      break;
    }
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<const VersionScan> scan_;
  RowKeyEncoder encoder_;
  Goes goes_;
  size_t next_part_ = 0;
};

}  // namespace

bool RowEraser::Mask::all_stay() const { return kept_count == stays->length(); }

RowEraser::RowEraser(ObjectStore& objects, std::vector<std::string> columns,
                     std::set<std::vector<std::string>> rows)
    : objects_(objects), columns_(std::move(columns)), rows_(std::move(rows)) {}

bool RowEraser::can_search(const TableVersion& version) const {
  return std::all_of(columns_.begin(), columns_.end(), [&](const std::string& name) {
    return version.schema->GetFieldIndex(name) >= 0;
  });
}

/// Bytes of the values that name the rows, in the types of `version`.
const RowEraser::Keys& RowEraser::named(const TableVersion& version) {
  const auto [found, added] = named_.try_emplace(signature_of(version, columns_));
  if (!added) return found->second;
  TableVersion by_columns;
  by_columns.schema = version.schema;
  by_columns.key = columns_;
  for (const auto& texts : rows_) {
    // What is no value of the type is the name of no row.
    if (auto key = key_from_texts(by_columns, texts); key.ok()) {
      found->second.insert(std::move(key).value());
    }
  }
  return found->second;
}

const RowEraser::Keys& RowEraser::keys_of(const TableVersion& version) {
  if (version.key == columns_ || version.key.empty()) return named(version);
  return learned_[signature_of(version, version.key)];
}

Status RowEraser::learn(const TableVersion& version) {
  if (version.key == columns_ || version.key.empty() || !can_search(version)) return {};
  const Keys& wanted = named(version);
  Keys& keys = learned_[signature_of(version, version.key)];
  MILLGATE_ASSIGN(const auto scan, VersionScan::make(objects_, version));
  std::vector<int> columns;
  std::vector<std::string> names_read = columns_;
  names_read.insert(names_read.end(), version.key.begin(), version.key.end());
  for (const std::string& name : names_read) {
    const int index = version.schema->GetFieldIndex(name);
    if (std::find(columns.begin(), columns.end(), index) == columns.end()) columns.push_back(index);
  }
  for (size_t part = 0; part < scan->part_count(); ++part) {
    MILLGATE_ASSIGN(const Batch rows, scan->read(part, columns, {}));
    MILLGATE_ASSIGN(const RowKeyEncoder by_columns, RowKeyEncoder::make(*rows->schema(), columns_));
    MILLGATE_ASSIGN(const RowKeyEncoder by_key, RowKeyEncoder::make(*rows->schema(), version.key));
    RowKeys names;
    by_columns.encode(*rows, names);
    for (size_t row = 0; row < names.size(); ++row) {
      if (!wanted.contains(names[row])) continue;
      std::string key;
      by_key.encode_row(*rows, static_cast<int64_t>(row), key);
      keys.insert(std::move(key));
    }
  }
  return {};
}

/// The parts whose range holds a key that goes; without a key all of them.
std::set<size_t> RowEraser::parts_with(const TableVersion& version) {
  std::set<size_t> parts;
  const auto& segments = version.segments;
  if (version.key.empty()) {
    for (size_t part = 0; part < segments.size(); ++part) parts.insert(part);
    return parts;
  }
  for (const std::string& key : keys_of(version)) {
    const auto after = std::upper_bound(
        segments.begin(), segments.end(), key,
        [](const std::string& one, const Segment& s) { return one < s.first_key; });
    parts.insert(after == segments.begin() ? 0 : static_cast<size_t>(after - segments.begin()) - 1);
  }
  return parts;
}

/// `stored` has the columns that tell: those of the key, or `columns_` without one.
Result<RowEraser::Mask> RowEraser::mask_of(const Batch& stored, const TableVersion& version) {
  const std::vector<std::string>& names = version.key.empty() ? columns_ : version.key;
  MILLGATE_ASSIGN(const Batch rows, as_table_columns(*stored, version, names));
  MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*rows->schema(), names));
  RowKeys keys;
  encoder.encode(*rows, keys);
  const Keys& going = keys_of(version);
  Mask mask;
  std::vector<bool> stays;
  for (size_t row = 0; row < keys.size(); ++row) {
    stays.push_back(!going.contains(keys[row]));
    if (!stays.back()) continue;
    if (mask.kept_count++ == 0) mask.first_kept_key = keys[row];
  }
  MILLGATE_ASSIGN(mask.stays, boolean_array(stays));
  return mask;
}

Result<const RowEraser::Mask*> RowEraser::segment_mask(const TableVersion& version, size_t part) {
  const Segment& segment = version.segments[part];
  const auto known = masks_.find(segment.object);
  if (known != masks_.end()) return &known->second;
  const auto names = stored_names_of(version, version.key.empty() ? columns_ : version.key);
  MILLGATE_ASSIGN(const Batch stored,
                  read_segment(objects_, segment, names, {.check_hash = false, .footer = {}}));
  MILLGATE_ASSIGN(Mask mask, mask_of(stored, version));
  return &masks_.emplace(segment.object, std::move(mask)).first->second;
}

Result<const RowEraser::Mask*> RowEraser::delta_mask(const TableVersion& version,
                                                     const Delta& delta) {
  const auto known = masks_.find(delta.object);
  if (known != masks_.end()) return &known->second;
  std::vector<std::string> names;
  for (const std::string& name : stored_names_of(version, version.key)) {
    names.push_back("key." + name);
  }
  MILLGATE_ASSIGN(const Batch stored,
                  read_parquet_object(objects_, delta.object, names, delta.row_count(), {}));
  MILLGATE_ASSIGN(Mask mask, mask_of(stored, version));
  return &masks_.emplace(delta.object, std::move(mask)).first->second;
}

/// Notes the cells of the rows that go.
Status RowEraser::collect_texts(const Id& object, int64_t row_count, const Mask& mask) {
  if (!collected_.insert(object).second) return {};
  MILLGATE_ASSIGN(const Batch rows, read_whole_parquet_object(objects_, object, row_count));
  for (int i = 0; i < rows->num_columns(); ++i) {
    auto& texts = texts_[column_of_delta(rows->schema()->field(i)->name())];
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      if (mask.stays->Value(row) || rows->column(i)->IsNull(row)) continue;
      texts.insert(statistic_text(*rows->column(i), row));
    }
  }
  return {};
}

/// Of the table, with what the deltas changed.
Result<RowEraser::Batch> RowEraser::rows_that_go(const TableVersion& version) {
  MILLGATE_ASSIGN(const auto scan, VersionScan::make(objects_, version));
  std::vector<Batch> found;
  const std::vector<std::string>& names = version.key.empty() ? columns_ : version.key;
  for (const size_t part : parts_with(version)) {
    if (part >= scan->part_count()) continue;
    if (version.key.empty()) {
      MILLGATE_ASSIGN(const Mask* mask, segment_mask(version, part));
      if (mask->all_stay()) continue;
    }
    MILLGATE_ASSIGN(const Batch rows, scan->read(part));
    MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*rows->schema(), names));
    RowKeys keys;
    encoder.encode(*rows, keys);
    std::vector<bool> goes;
    goes.reserve(keys.size());
    for (size_t row = 0; row < keys.size(); ++row) {
      goes.push_back(keys_of(version).contains(keys[row]));
    }
    MILLGATE_ASSIGN(const auto mask, boolean_array(goes));
    MILLGATE_ASSIGN(Batch gone, filtered(rows, mask));
    found.push_back(std::move(gone));
  }
  if (found.empty()) {
    MILLGATE_ARROW(auto none, arrow::RecordBatch::MakeEmpty(version.schema), kWork);
    return none;
  }
  MILLGATE_ARROW(auto all, arrow::ConcatenateRecordBatches(found), kWork);
  return all;
}

Result<ErasableRows> RowEraser::look(const TableVersion& version) {
  ErasableRows found;
  if (!can_search(version)) {
    // Rows of a key that is known from other versions go all the same.
    found.searched = false;
    if (version.key.empty() || keys_of(version).empty()) return found;
  }
  for (const size_t part : parts_with(version)) {
    if (part >= version.segments.size()) continue;
    const Segment& segment = version.segments[part];
    found.stored |= !version.key.empty() && keys_of(version).contains(segment.first_key);
    MILLGATE_ASSIGN(const Mask* mask, segment_mask(version, part));
    if (mask->all_stay()) continue;
    found.stored = true;
    MILLGATE_TRY(collect_texts(segment.object, segment.row_count, *mask));
    for (const AddedColumns& added : segment.added) {
      MILLGATE_TRY(collect_texts(added.object, segment.row_count, *mask));
    }
  }
  for (const Delta& delta : version.deltas) {
    MILLGATE_ASSIGN(const Mask* mask, delta_mask(version, delta));
    if (mask->all_stay()) continue;
    found.stored = true;
    MILLGATE_TRY(collect_texts(delta.object, delta.row_count(), *mask));
  }
  if (!found.stored) return found;
  MILLGATE_ASSIGN(Batch going, rows_that_go(version));
  found.row_count = going->num_rows();
  going_.insert_or_assign(version.id, std::move(going));
  return found;
}

/// Whether an extreme is a value of the rows and need not be one of the rows that stay.
bool RowEraser::tells_of_values(const TableVersion& version, bool any_row_goes) const {
  if (version.digests.empty()) return false;
  for (size_t i = 0; i < version.columns.size(); ++i) {
    const ColumnStatistics& column = version.columns[i];
    // An exact one is the value of a row that is there.
    if (column.exact && !any_row_goes) continue;
    const std::string& stored = version.stored_names[i];
    const auto texts = texts_.find(stored);
    if (texts == texts_.end()) continue;
    const auto& widened = version.widened_names;
    if (std::find(widened.begin(), widened.end(), stored) != widened.end()) return true;
    if (texts->second.contains(column.minimum) || texts->second.contains(column.maximum)) {
      return true;
    }
  }
  return false;
}

Result<TableVersion> RowEraser::rewrite(const TableVersion& version) {
  const auto going = going_.find(version.id);
  const bool stored = going != going_.end();
  const bool tells = tells_of_values(version, stored && going->second->num_rows() > 0);
  if (!stored && !tells) return version;
  TableVersion next = version;
  if (stored) {
    next.row_count -= going->second->num_rows();
    MILLGATE_TRY(rewrite_deltas(version, next));
    MILLGATE_ASSIGN(const bool in_place, rewrite_segments(version, next));
    if (!in_place) {
      MILLGATE_ASSIGN(next, write_anew(version));
      note_replaced(version, next);
      return next;
    }
  }
  if (tells) {
    next.digests.clear();
    next.columns.clear();
    MILLGATE_ASSIGN(next, counted_version(objects_, next));
  } else if (stored && !next.digests.empty()) {
    MILLGATE_TRY(recount(version, next));
  }
  MILLGATE_TRY(write_manifest(objects_, next));
  note_replaced(version, next);
  return next;
}

/// Takes the rows out of digests and counts of nulls; the extremes are of rows that stay.
Status RowEraser::recount(const TableVersion& version, TableVersion& next) {
  const Batch& going = going_.at(version.id);
  std::vector<uint64_t> hashes;
  if (version.key.empty()) {
    hashes = content_hashes(*going);
  } else {
    MILLGATE_ASSIGN(const RowKeyEncoder encoder,
                    RowKeyEncoder::make(*going->schema(), version.key));
    RowKeys keys;
    encoder.encode(*going, keys);
    hashes = key_hashes(keys);
  }
  ColumnDigests digests(*version.schema, version.digests);
  for (size_t i = 0; i < next.columns.size(); ++i) {
    const auto& cells = *going->column(static_cast<int>(i));
    for (int64_t row = 0; row < going->num_rows(); ++row) {
      digests.remove_cell(i, cells, row, hashes[static_cast<size_t>(row)]);
    }
    next.columns[i].null_count -= cells.null_count();
  }
  next.digests = digests.values();
  return {};
}

Result<Segment> RowEraser::without_rows(const Segment& segment, const Mask& mask) {
  Segment next = segment;
  const auto known = new_segments_.find(segment.object);
  if (known == new_segments_.end()) {
    MILLGATE_ASSIGN(const Batch rows,
                    read_whole_parquet_object(objects_, segment.object, segment.row_count));
    MILLGATE_ASSIGN(const Batch kept, filtered(rows, mask.stays));
    MILLGATE_ASSIGN(const ParquetObject written, write_parquet_object(objects_, *kept));
    next.object = written.object;
    next.size_bytes = written.size_bytes;
    next.footer = written.footer;
    new_segments_.emplace(segment.object, next);
  } else {
    next.object = known->second.object;
    next.size_bytes = known->second.size_bytes;
    next.footer = known->second.footer;
  }
  next.row_count = mask.kept_count;
  for (AddedColumns& added : next.added) {
    const std::pair place = {segment.object, added.object};
    if (!new_added_.contains(place)) {
      MILLGATE_ASSIGN(const Batch rows,
                      read_whole_parquet_object(objects_, added.object, segment.row_count));
      MILLGATE_ASSIGN(const Batch kept, filtered(rows, mask.stays));
      MILLGATE_ASSIGN(const ParquetObject written, write_parquet_object(objects_, *kept));
      new_added_[place] = {.object = written.object, .size_bytes = written.size_bytes, .names = {}};
    }
    const AddedColumns& written = new_added_[place];
    added.object = written.object;
    added.size_bytes = written.size_bytes;
  }
  return next;
}

Result<Delta> RowEraser::without_rows(const Delta& delta, const Mask& mask) {
  const auto known = new_deltas_.find(delta.object);
  if (known != new_deltas_.end()) return known->second;
  MILLGATE_ASSIGN(const Batch rows,
                  read_whole_parquet_object(objects_, delta.object, delta.row_count()));
  MILLGATE_ASSIGN(Batch kept, filtered(rows, mask.stays));
  Delta next = delta;
  next.inserted_count = next.updated_count = next.removed_count = 0;
  const auto kinds = kept->GetColumnByName("change");
  for (int64_t row = 0; row < kept->num_rows(); ++row) {
    switch (static_cast<ChangeKind>(static_cast<const arrow::Int32Array&>(*kinds).Value(row))) {
      case ChangeKind::inserted:
        ++next.inserted_count;
        break;
      case ChangeKind::updated:
        ++next.updated_count;
        break;
      case ChangeKind::removed:
        ++next.removed_count;
        break;
    }
  }
  // As a writer does: a column that is null everywhere is left out.
  for (int i = kept->num_columns() - 1; i >= 0 && delta.has_before; --i) {
    const std::string& name = kept->schema()->field(i)->name();
    const bool may_go = name.starts_with("before.") || name.starts_with("after.");
    if (!may_go || kept->column(i)->null_count() < kept->num_rows()) continue;
    MILLGATE_ARROW(kept, kept->RemoveColumn(i), kWork);
  }
  MILLGATE_ASSIGN(const ParquetObject written, write_parquet_object(objects_, *kept));
  next.object = written.object;
  next.size_bytes = written.size_bytes;
  new_deltas_.emplace(delta.object, next);
  return next;
}

/// Leaves out deltas that become empty; segments that hold them count one less.
Status RowEraser::rewrite_deltas(const TableVersion& version, TableVersion& next) {
  next.deltas.clear();
  std::vector<int64_t> dropped_before = {0};
  for (const Delta& delta : version.deltas) {
    MILLGATE_ASSIGN(const Mask* mask, delta_mask(version, delta));
    const bool is_empty = mask->kept_count == 0;
    dropped_before.push_back(dropped_before.back() + (is_empty ? 1 : 0));
    if (is_empty) continue;
    if (mask->all_stay()) {
      next.deltas.push_back(delta);
      continue;
    }
    MILLGATE_ASSIGN(const Delta written, without_rows(delta, *mask));
    next.deltas.push_back(written);
  }
  for (Segment& segment : next.segments) {
    segment.folded -= dropped_before[static_cast<size_t>(segment.folded)];
  }
  return {};
}

/// Keys of all deltas that stay, sorted.
Result<std::vector<std::string>> RowEraser::kept_delta_keys(const TableVersion& version) {
  MILLGATE_ASSIGN(std::vector<std::string> keys, keys_in_deltas(objects_, version));
  std::erase_if(keys, [&](const std::string& key) { return keys_of(version).contains(key); });
  return keys;
}

/// False when the bounds that stay cannot say where the rows of deltas belong.
Result<bool> RowEraser::rewrite_segments(const TableVersion& version, TableVersion& next) {
  std::vector<Segment> segments;
  const std::set<size_t> parts = parts_with(version);
  std::vector<std::string> delta_keys;
  bool has_delta_keys = false;
  for (size_t part = 0; part < version.segments.size(); ++part) {
    Segment segment = next.segments[part];
    if (!parts.contains(part)) {
      segments.push_back(std::move(segment));
      continue;
    }
    MILLGATE_ASSIGN(const Mask* mask, segment_mask(version, part));
    const bool loses_bound =
        !version.key.empty() &&
        (mask->kept_count == 0 || keys_of(version).contains(version.segments[part].first_key));
    if (loses_bound && !std::exchange(has_delta_keys, true)) {
      MILLGATE_ASSIGN(delta_keys, kept_delta_keys(version));
    }
    // The keys of deltas in the range must stay in it, also those that the segment holds already.
    auto first_change = delta_keys.begin();
    if (loses_bound && part > 0) {
      first_change =
          std::lower_bound(delta_keys.begin(), delta_keys.end(), version.segments[part].first_key);
    }
    const bool any_change = loses_bound && first_change != delta_keys.end() &&
                            (part + 1 == version.segments.size() ||
                             *first_change < version.segments[part + 1].first_key);
    if (mask->kept_count == 0) {
      if (any_change) return false;
      continue;
    }
    if (loses_bound) {
      segment.first_key =
          any_change ? std::min(*first_change, mask->first_kept_key) : mask->first_kept_key;
    }
    if (!mask->all_stay()) {
      MILLGATE_ASSIGN(segment, without_rows(segment, *mask));
    }
    segments.push_back(std::move(segment));
  }
  next.segments = std::move(segments);
  return true;
}

Result<TableVersion> RowEraser::write_anew(const TableVersion& version) {
  MILLGATE_ASSIGN(auto scan, VersionScan::make(objects_, version));
  MILLGATE_ASSIGN(RowKeyEncoder encoder, RowKeyEncoder::make(*version.schema, version.key));
  StayingRows rows(std::move(scan), std::move(encoder), [this, &version](std::string_view key) {
    return keys_of(version).contains(key);
  });
  return write_table_version(objects_, rows, version.key);
}

bool RowEraser::is_marked(const Id& object) const {
  const auto mask = masks_.find(object);
  return mask != masks_.end() && !mask->second.all_stay();
}

std::vector<Id> RowEraser::objects_with_rows(const TableVersion& version) const {
  std::vector<Id> ids = {version.id};
  for (const Segment& segment : version.segments) {
    if (!is_marked(segment.object)) continue;
    ids.push_back(segment.object);
    for (const AddedColumns& added : segment.added) ids.push_back(added.object);
  }
  for (const Delta& delta : version.deltas) {
    if (is_marked(delta.object)) ids.push_back(delta.object);
  }
  return ids;
}

bool RowEraser::holds(const Id& object) const {
  for (const char* prefix : {"", "key."}) {
    std::vector<std::string> names;
    names.reserve(columns_.size());
    for (const std::string& name : columns_) names.push_back(prefix + name);
    const auto read = read_parquet_object(objects_, object, names, -1, {});
    if (!read.ok()) continue;
    const arrow::RecordBatch& rows = **read;
    std::vector<std::string> texts(names.size());
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      for (int i = 0; i < rows.num_columns(); ++i) {
        texts[static_cast<size_t>(i)] = value_text(*rows.column(i), row);
      }
      if (rows_.contains(texts)) return true;
    }
  }
  return false;
}

void RowEraser::note_replaced(const TableVersion& version, const TableVersion& next) {
  for (const Id& object : objects_with_rows(version)) replaced_.insert(object);
  if (version.base != next.base) replaced_.insert(version.base);
}

}  // namespace millgate
