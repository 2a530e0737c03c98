#include "data/store/row_change.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "data/table/arrow_result.h"

namespace millgate {

namespace {

class ChangedRows : public arrow::RecordBatchReader {
 public:
  ChangedRows(std::shared_ptr<arrow::RecordBatchReader> rows,
              std::shared_ptr<const RowChange> change)
      : rows_(std::move(rows)), change_(std::move(change)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return change_->schema; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(rows_->ReadNext(batch));
    if (*batch == nullptr) return arrow::Status::OK();
    auto changed = change_->apply(**batch);
    if (!changed.ok()) return arrow_status(changed.error());
    *batch = std::move(changed).value();
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> rows_;
  std::shared_ptr<const RowChange> change_;
};

}  // namespace

bool RowChange::changes(const std::string& column) const {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

std::shared_ptr<arrow::RecordBatchReader> changed_rows(
    std::shared_ptr<arrow::RecordBatchReader> rows, std::shared_ptr<const RowChange> change) {
  if (change == nullptr) return rows;
  return std::make_shared<ChangedRows>(std::move(rows), std::move(change));
}

}  // namespace millgate
