#include "data/store/row_finder.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <string>
#include <utility>

#include "data/store/table_diff.h"

namespace millgate {

Result<RowFinder> RowFinder::make(const ObjectStore& objects, const TableVersion& version,
                                  const arrow::FieldVector& fields) {
  arrow::FieldVector read;
  for (const std::string& name : version.key) read.push_back(version.schema->GetFieldByName(name));
  std::vector<int> columns;
  for (const auto& field : fields) {
    const bool there = version.schema->GetFieldIndex(field->name()) >= 0;
    columns.push_back(there ? static_cast<int>(read.size()) : -1);
    if (there) read.push_back(field);
  }
  const TableVersion view = version_with_columns(version, arrow::schema(std::move(read)));
  MILLGATE_ASSIGN(auto scan, VersionScan::make(objects, view));
  MILLGATE_ASSIGN(RowKeyEncoder encoder, RowKeyEncoder::make(*view.schema, view.key));
  return RowFinder(std::move(scan), std::move(encoder), std::move(columns));
}

RowFinder::RowFinder(std::shared_ptr<const VersionScan> scan, RowKeyEncoder encoder,
                     std::vector<int> columns)
    : scan_(std::move(scan)), encoder_(std::move(encoder)), columns_(std::move(columns)) {}

Status RowFinder::find(std::string_view key) {
  if (const size_t part = scan_->part_of(key); part_ != part) {
    MILLGATE_ASSIGN(rows_, scan_->read(part));
    keys_.clear();
    encoder_.encode(*rows_, keys_);
    part_ = part;
    row_ = 0;
  }
  row_ = keys_.lower_bound(key, row_);
  has_row_ = row_ < keys_.size() && keys_[row_] == key;
  return {};
}

Cell RowFinder::cell_at(size_t column) const {
  return {.column = rows_->column(static_cast<int>(column)).get(),
          .row = static_cast<int64_t>(row_)};
}

}  // namespace millgate
