#include "data/store/table_version.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <optional>
#include <utility>

#include "data/store/column_summary.h"
#include "data/store/logical_hash.h"
#include "data/store/segment_writer.h"
#include "data/store/table_manifest.h"
#include "data/store/version_scan.h"
#include "data/table/arrow_result.h"
#include "data/table/column_type.h"
#include "data/table/row_key.h"
#include "data/table/sort.h"

namespace millgate {

namespace {

/// The schema with table types, without metadata. Errors: `invalid_input` for other types.
Result<std::shared_ptr<arrow::Schema>> plain_schema(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    const auto type = table_type_of(*field->type());
    if (type == nullptr || !type->Equals(*field->type(), true)) {
      return invalid_input("column `" + field->name() + "` is of type " +
                           field->type()->ToString() + ", which tables do not hold");
    }
    fields.push_back(arrow::field(field->name(), type));
  }
  return arrow::schema(std::move(fields));
}

class VersionReader final : public arrow::RecordBatchReader {
 public:
  explicit VersionReader(std::shared_ptr<const VersionScan> scan) : scan_(std::move(scan)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return scan_->version().schema; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    while (next_part_ < scan_->part_count()) {
      auto read = scan_->read(next_part_++);
      if (!read.ok()) return arrow_status(std::move(read).error());
      if ((*read)->num_rows() == 0) continue;
      *batch = *std::move(read);
      return arrow::Status::OK();
    }
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<const VersionScan> scan_;
  size_t next_part_ = 0;
};

}  // namespace

Result<TableVersion> write_table_version(ObjectStore& objects, arrow::RecordBatchReader& rows,
                                         const std::vector<std::string>& key) {
  TableVersion version;
  version.key = key;
  MILLGATE_ASSIGN(version.schema, plain_schema(*rows.schema()));
  version.stored_names = version.schema->field_names();
  MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*version.schema, key));
  MILLGATE_ASSIGN(ColumnSummary summary, ColumnSummary::make(*version.schema));
  ColumnDigests digests(*version.schema);
  SegmentWriter writer(objects, version.schema);
  RisingKeys order;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(rows.ReadNext(&batch), "rows of a table");
    if (batch == nullptr) break;
    summary.add(*batch);
    version.row_count += batch->num_rows();
    RowKeys keys;
    std::vector<uint64_t> row_hashes;
    if (key.empty()) {
      row_hashes = content_hashes(*batch);
    } else {
      encoder.encode(*batch, keys);
      MILLGATE_TRY(order.add(keys, *batch, encoder));
      row_hashes = key_hashes(keys);
    }
    digests.add(*batch, row_hashes);
    MILLGATE_TRY(writer.add(*batch, row_hashes, keys));
  }
  MILLGATE_ASSIGN(version.segments, writer.finish(0));
  version.columns = summary.statistics();
  version.digests = digests.values();
  MILLGATE_TRY(write_manifest(objects, version));
  return version;
}

Result<TableVersion> read_table_version(const ObjectStore& objects, const Id& id) {
  MILLGATE_ASSIGN(const std::string text, objects.get(id));
  MILLGATE_ASSIGN(TableVersion version, parse_manifest(text, id));
  MILLGATE_ASSIGN(const std::string list, objects.get(version.base));
  MILLGATE_ASSIGN(version.segments, parse_segment_list(list, version.base));
  int64_t row_count = 0;
  for (const Segment& segment : version.segments) row_count += segment.row_count;
  if (version.deltas.empty() && row_count != version.row_count) {
    return damaged("table version `" + id.brief() + "` counts " +
                   std::to_string(version.row_count) + " rows, its segments " +
                   std::to_string(row_count));
  }
  return version;
}

Result<std::shared_ptr<arrow::RecordBatchReader>> read_rows(const ObjectStore& objects,
                                                            const TableVersion& version) {
  MILLGATE_ASSIGN(auto scan, VersionScan::make(objects, version));
  return std::shared_ptr<arrow::RecordBatchReader>(
      std::make_shared<VersionReader>(std::move(scan)));
}

std::vector<Id> objects_of(const TableVersion& version) {
  std::vector<Id> ids = {version.id, version.base};
  for (const Segment& segment : version.segments) {
    ids.push_back(segment.object);
    for (const AddedColumns& added : segment.added) ids.push_back(added.object);
  }
  for (const Delta& delta : version.deltas) ids.push_back(delta.object);
  return ids;
}

}  // namespace millgate
