#include "data/table/read_ahead.h"

#include <arrow/record_batch.h>
#include <arrow/result.h>

#include <future>
#include <utility>

namespace millgate {

namespace {

class ReadAhead final : public arrow::RecordBatchReader {
 public:
  explicit ReadAhead(std::shared_ptr<arrow::RecordBatchReader> rows) : rows_(std::move(rows)) {}
  ~ReadAhead() override {
    if (next_.valid()) next_.wait();
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (done_) return arrow::Status::OK();
    auto read = next_.valid() ? next_.get() : rows_->Next();
    done_ = !read.ok() || *read == nullptr;
    if (!done_) next_ = std::async(std::launch::async, [this] { return rows_->Next(); });
    return std::move(read).Value(batch);
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> rows_;
  std::future<arrow::Result<std::shared_ptr<arrow::RecordBatch>>> next_;
  bool done_ = false;
};

}  // namespace

std::shared_ptr<arrow::RecordBatchReader> read_ahead(
    std::shared_ptr<arrow::RecordBatchReader> rows) {
  return std::make_shared<ReadAhead>(std::move(rows));
}

}  // namespace millgate
