#include "data/store/table_version.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <optional>
#include <utility>

#include "data/store/column_summary.h"
#include "data/store/logical_hash.h"
#include "data/store/segment_file.h"
#include "data/store/table_manifest.h"
#include "data/table/arrow_result.h"
#include "data/table/column_type.h"
#include "data/table/row_key.h"
#include "ground/durable_file.h"

namespace millgate {

namespace {

// Part of the format: other numbers would cut equal tables into other objects.
constexpr int64_t kSegmentRowsMin = 16 << 10;
constexpr int64_t kSegmentRowsMax = 64 << 10;
constexpr uint64_t kCutMask = (16 << 10) - 1;

/// The schema with table types, without metadata. Errors: `invalid_input` for other types.
Result<std::shared_ptr<arrow::Schema>> plain_schema(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    const auto type = table_type_of(*field->type());
    if (type == nullptr || !type->Equals(*field->type())) {
      return invalid_input("column `" + field->name() + "` is of type " +
                           field->type()->ToString() + ", which tables do not hold");
    }
    fields.push_back(arrow::field(field->name(), type));
  }
  return arrow::schema(std::move(fields));
}

/// Cuts a stream of rows into segments and writes each when it is whole.
class SegmentWriter {
 public:
  SegmentWriter(ObjectStore& objects, std::shared_ptr<arrow::Schema> schema,
                const std::string& scratch_folder)
      : objects_(objects), schema_(std::move(schema)), scratch_folder_(scratch_folder) {}

  /// `cut_hash` of a row decides whether a segment begins with it.
  template <typename CutHash>
  Status add(const arrow::RecordBatch& batch, const CutHash& cut_hash) {
    int64_t begin = 0;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      const int64_t count = pending_rows_ + row - begin;
      const bool may_cut = count >= kSegmentRowsMin;
      if (count >= kSegmentRowsMax ||
          (may_cut && (cut_hash(static_cast<size_t>(row)) & kCutMask) == 0)) {
        keep(batch, begin, row);
        begin = row;
        MILLGATE_TRY(flush());
      }
    }
    keep(batch, begin, batch.num_rows());
    return {};
  }

  Result<std::vector<Segment>> finish() {
    if (pending_rows_ > 0) MILLGATE_TRY(flush());
    return std::move(segments_);
  }

 private:
  void keep(const arrow::RecordBatch& batch, int64_t begin, int64_t end) {
    if (begin == end) return;
    pending_.push_back(
        arrow::RecordBatch::Make(schema_, end - begin, batch.Slice(begin, end - begin)->columns()));
    pending_rows_ += end - begin;
  }
  Status flush() {
    MILLGATE_ASSIGN(Segment segment, write_segment(objects_, schema_, pending_, scratch_folder_));
    segments_.push_back(segment);
    pending_.clear();
    pending_rows_ = 0;
    return {};
  }

  ObjectStore& objects_;
  std::shared_ptr<arrow::Schema> schema_;
  std::string scratch_folder_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> pending_;
  int64_t pending_rows_ = 0;
  std::vector<Segment> segments_;
};

/// Proves that keys rise from row to row: whoever reads a table relies on it.
class OrderCheck {
 public:
  Status add(const RowKeys& keys) {
    for (size_t row = 0; row < keys.size(); ++row) {
      const std::string_view before = row == 0 ? std::string_view(last_) : keys[row - 1];
      if ((row > 0 || any_) && keys[row] <= before) {
        return bug("rows of a table version are not sorted by a key without repetitions");
      }
    }
    if (keys.size() > 0) {
      last_ = keys[keys.size() - 1];
      any_ = true;
    }
    return {};
  }

 private:
  std::string last_;
  bool any_ = false;
};

class SegmentsReader final : public arrow::RecordBatchReader {
 public:
  SegmentsReader(const ObjectStore& objects, const TableVersion& version)
      : objects_(objects), schema_(version.schema), segments_(version.segments) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    while (next_batch_ == batches_.size()) {
      if (next_segment_ == segments_.size()) return arrow::Status::OK();
      auto read = read_segment(objects_, schema_, segments_[next_segment_++]);
      if (!read.ok()) return arrow_status(std::move(read).error());
      batches_ = *std::move(read);
      next_batch_ = 0;
    }
    *batch = std::move(batches_[next_batch_++]);
    return arrow::Status::OK();
  }

 private:
  ObjectStore objects_;  // A copy shares the files, so the reader may outlive its store.
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Segment> segments_;
  size_t next_segment_ = 0;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  size_t next_batch_ = 0;
};

}  // namespace

Result<TableVersion> write_table_version(ObjectStore& objects, arrow::RecordBatchReader& rows,
                                         const std::vector<std::string>& key,
                                         const std::string& scratch_folder) {
  TableVersion version;
  version.key = key;
  MILLGATE_ASSIGN(version.schema, plain_schema(*rows.schema()));
  MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*version.schema, key));
  MILLGATE_ASSIGN(ColumnSummary summary, ColumnSummary::make(*version.schema));
  MILLGATE_TRY(make_folders(scratch_folder));
  LogicalHash logical_hash(*version.schema);
  SegmentWriter writer(objects, version.schema, scratch_folder);
  OrderCheck order;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(rows.ReadNext(&batch), "rows of a table");
    if (batch == nullptr) break;
    summary.add(*batch);
    const std::vector<RowDigest>& digests = logical_hash.add(*batch);
    version.row_count += batch->num_rows();
    if (key.empty()) {
      MILLGATE_TRY(writer.add(*batch, [&](size_t row) { return digests[row][0]; }));
      continue;
    }
    RowKeys keys;
    encoder.encode(*batch, keys);
    MILLGATE_TRY(order.add(keys));
    MILLGATE_TRY(writer.add(*batch, [&](size_t row) { return mixed_hash(keys[row]); }));
  }
  MILLGATE_ASSIGN(version.segments, writer.finish());
  version.columns = summary.statistics();
  version.logical_hash = logical_hash.value();
  MILLGATE_ASSIGN(version.id, objects.put(manifest_text(version)));
  return version;
}

Result<TableVersion> read_table_version(const ObjectStore& objects, const Id& id) {
  MILLGATE_ASSIGN(const std::string text, objects.get(id));
  return parse_manifest(text, id);
}

Result<std::shared_ptr<arrow::RecordBatchReader>> read_rows(const ObjectStore& objects,
                                                            const TableVersion& version) {
  return std::shared_ptr<arrow::RecordBatchReader>(
      std::make_shared<SegmentsReader>(objects, version));
}

}  // namespace millgate
