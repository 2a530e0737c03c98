#include "data/table/sort.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/row_key.h"
#include "data/table/sorted_run.h"

namespace millgate {

namespace {

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

constexpr std::string_view kOutOfOrder = "the rows of a table do not rise by its key at ";

/// Batches in memory as a stream.
class BatchesReader final : public arrow::RecordBatchReader {
 public:
  BatchesReader(std::shared_ptr<arrow::Schema> schema, Batches batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    // Each batch is let go as soon as it was given out.
    if (next_ < batches_.size()) *batch = std::move(batches_[next_++]);
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  Batches batches_;
  size_t next_ = 0;
};

/// Rows gathered until they fill the memory.
class Gathering {
 public:
  explicit Gathering(const RowKeyEncoder& encoder) : encoder_(encoder) {}

  void add(std::shared_ptr<arrow::RecordBatch> batch) {
    encoder_.encode(*batch, keys_);
    bytes_ += arrow::util::TotalBufferSize(*batch);
    batches_.push_back(std::move(batch));
  }
  [[nodiscard]] bool empty() const { return batches_.empty(); }
  /// Sorting holds the rows twice for a while, and an index of 16 bytes a row.
  [[nodiscard]] int64_t memory_bytes() const {
    return 2 * bytes_ + static_cast<int64_t>(keys_.memory_bytes() + 16 * keys_.size());
  }
  /// The rows in order; empty again afterwards.
  Result<Batches> take_sorted() {
    MILLGATE_ASSIGN(Batches sorted, sort_batches(std::exchange(batches_, {}), keys_));
    keys_ = {};
    bytes_ = 0;
    return sorted;
  }

 private:
  const RowKeyEncoder& encoder_;
  Batches batches_;
  RowKeys keys_;
  int64_t bytes_ = 0;
};

Status check_no_duplicates(const Batches& sorted, const RowKeyEncoder& encoder) {
  int64_t repeated_count = 0;
  std::string repeated_key;
  std::string last;
  bool has_last = false;
  for (const auto& batch : sorted) {
    RowKeys keys;
    encoder.encode(*batch, keys);
    for (size_t row = 0; row < keys.size(); ++row) {
      const bool repeated = row > 0 ? keys[row] == keys[row - 1] : has_last && keys[row] == last;
      if (repeated && repeated_count++ == 0) {
        repeated_key = encoder.describe(*batch, static_cast<int64_t>(row));
      }
    }
    if (keys.size() == 0) continue;
    last = keys[keys.size() - 1];
    has_last = true;
  }
  if (repeated_count > 0) return duplicate_keys_error(repeated_key, repeated_count);
  return {};
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> sort_by_key(
    std::shared_ptr<arrow::RecordBatchReader> rows, const std::vector<std::string>& key,
    const SortOptions& options) {
  const auto schema = rows->schema();
  MILLGATE_ASSIGN(RowKeyEncoder encoder, RowKeyEncoder::make(*schema, key));
  if (key.empty()) return rows;
  std::vector<std::shared_ptr<RunFile>> runs;
  Gathering gathering(encoder);
  const auto spill = [&]() -> Status {
    MILLGATE_ASSIGN(const Batches sorted, gathering.take_sorted());
    MILLGATE_ASSIGN(auto run, RunFile::write(options.spill_folder, sorted));
    runs.push_back(std::move(run));
    return {};
  };
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(rows->ReadNext(&batch), "rows to sort");
    if (batch == nullptr) break;
    if (batch->num_rows() == 0) continue;
    gathering.add(std::move(batch));
    if (gathering.memory_bytes() > options.memory_bytes_max) MILLGATE_TRY(spill());
  }
  if (runs.empty()) {
    MILLGATE_ASSIGN(Batches sorted, gathering.take_sorted());
    MILLGATE_TRY(check_no_duplicates(sorted, encoder));
    return std::shared_ptr<arrow::RecordBatchReader>(
        std::make_shared<BatchesReader>(schema, std::move(sorted)));
  }
  if (!gathering.empty()) MILLGATE_TRY(spill());
  return merge_runs(schema, std::move(encoder), std::move(runs));
}

Status RisingKeys::add(const RowKeys& keys, const arrow::RecordBatch& rows,
                       const RowKeyEncoder& encoder) {
  for (size_t row = 0; row < keys.size(); ++row) {
    const std::string_view before = row == 0 ? std::string_view(last_) : keys[row - 1];
    if (row == 0 && !any_) continue;
    if (keys[row] > before) continue;
    return bug(std::string(kOutOfOrder) + encoder.describe(rows, static_cast<int64_t>(row)));
  }
  if (keys.size() > 0) {
    last_ = keys[keys.size() - 1];
    any_ = true;
  }
  return {};
}

bool is_out_of_order(const Error& error) {
  return error.code == ErrorCode::bug && error.what.starts_with(kOutOfOrder);
}

}  // namespace millgate
