#include "data/table/sorted_run.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "data/table/arrow_result.h"
#include "data/table/batch_bytes.h"
#include "ground/durable_file.h"

namespace millgate {

namespace {

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

constexpr int64_t kBatchRows = 65'536;
constexpr int64_t kBatchBytes = 16 << 20;
/// Small batches keep a merge of many runs within its memory.
constexpr int64_t kRunBatchRows = kBatchRows / 8;
constexpr int64_t kRunBatchBytes = 1 << 20;

/// The order of the rows; stable.
std::vector<int64_t> sorted_order(const RowKeys& keys) {
  // The first eight bytes decide most comparisons without a look at the key itself.
  struct Entry {
    uint64_t prefix;
    int64_t row;
  };
  std::vector<Entry> entries(keys.size());
  for (size_t row = 0; row < keys.size(); ++row) {
    const std::string_view key = keys[row];
    uint64_t prefix = 0;
    for (size_t i = 0; i < 8; ++i) {
      prefix = prefix << 8 | (i < key.size() ? static_cast<uint8_t>(key[i]) : 0);
    }
    entries[row] = {.prefix = prefix, .row = static_cast<int64_t>(row)};
  }
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    const int order = keys[static_cast<size_t>(a.row)].compare(keys[static_cast<size_t>(b.row)]);
    return order != 0 ? order < 0 : a.row < b.row;
  });
  std::vector<int64_t> order(entries.size());
  std::transform(entries.begin(), entries.end(), order.begin(),
                 [](const Entry& entry) { return entry.row; });
  return order;
}

bool is_sorted(const RowKeys& keys) {
  for (size_t row = 1; row < keys.size(); ++row) {
    if (keys[row] < keys[row - 1]) return false;
  }
  return true;
}

/// The batch whose run is merged at the moment, and a place in it.
class RunCursor {
 public:
  explicit RunCursor(std::shared_ptr<arrow::RecordBatchReader> reader)
      : reader_(std::move(reader)) {}

  /// To the next batch that has rows; `done` when there is none.
  Status load(const RowKeyEncoder& encoder) {
    row_ = 0;
    batch_.keys.clear();
    do {
      MILLGATE_ARROW_TRY(reader_->ReadNext(&batch_.rows), "a sorted run");
    } while (batch_.rows != nullptr && batch_.rows->num_rows() == 0);
    if (batch_.rows == nullptr) return {};
    encoder.encode(*batch_.rows, batch_.keys);
    row_bytes_ = bytes_of(*batch_.rows) / batch_.rows->num_rows();
    return {};
  }

  [[nodiscard]] bool done() const { return batch_.rows == nullptr; }
  [[nodiscard]] bool at_end_of_batch() const { return row_ == batch_.keys.size(); }
  [[nodiscard]] size_t row() const { return row_; }
  /// Of the rows of this batch, on average.
  [[nodiscard]] int64_t row_bytes() const { return row_bytes_; }
  [[nodiscard]] std::string_view key() const { return batch_.keys[row_]; }
  [[nodiscard]] const KeyedBatch& batch() const { return batch_; }
  void move_to(size_t row) { row_ = row; }

  /// The first row from here on that does not come before `key` (or, if `with_equals`, that
  /// comes after it).
  [[nodiscard]] size_t end_of_rows_before(std::string_view key, bool with_equals) const {
    size_t begin = row_ + 1;  // This row is known to come before.
    size_t end = batch_.keys.size();
    while (begin < end) {
      const size_t middle = begin + (end - begin) / 2;
      const int order = batch_.keys[middle].compare(key);
      (order < 0 || (with_equals && order == 0) ? begin : end) =
          order < 0 || (with_equals && order == 0) ? middle + 1 : middle;
    }
    return begin;
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> reader_;
  KeyedBatch batch_;
  int64_t row_bytes_ = 0;
  size_t row_ = 0;
};

class MergeReader final : public arrow::RecordBatchReader {
 public:
  MergeReader(std::shared_ptr<arrow::Schema> schema, RowKeyEncoder encoder,
              std::vector<std::shared_ptr<RunFile>> files)
      : schema_(std::move(schema)), encoder_(std::move(encoder)), files_(std::move(files)) {}

  Status prepare() {
    for (const auto& file : files_) {
      MILLGATE_ASSIGN(auto reader, file->open());
      cursors_.emplace_back(std::move(reader));
      MILLGATE_TRY(cursors_.back().load(encoder_));
      if (!cursors_.back().done()) push(cursors_.size() - 1);
    }
    return {};
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    Batches slices;
    int64_t count = 0;
    int64_t bytes = 0;
    while (!heap_.empty() && count < kBatchRows && bytes < kBatchBytes) {
      std::shared_ptr<arrow::RecordBatch> slice;
      const int64_t row_bytes = cursors_[heap_.front()].row_bytes();
      MILLGATE_ARROW_PASS(take_slice(slice));
      count += slice->num_rows();
      bytes += slice->num_rows() * row_bytes;
      // After a duplicate the rows are only counted, for the message.
      if (repeated_count_ == 0) slices.push_back(std::move(slice));
    }
    if (repeated_count_ > 0) {
      while (!heap_.empty()) {
        std::shared_ptr<arrow::RecordBatch> slice;
        MILLGATE_ARROW_PASS(take_slice(slice));
      }
      return arrow_status(duplicate_keys_error(repeated_key_, repeated_count_));
    }
    if (slices.empty()) return arrow::Status::OK();
    if (slices.size() == 1) {
      *batch = slices[0];
      return arrow::Status::OK();
    }
    return arrow::ConcatenateRecordBatches(slices).Value(batch);
  }

 private:
  /// Whether cursor `a` comes after cursor `b`.
  [[nodiscard]] bool after(size_t a, size_t b) const {
    const int order = cursors_[a].key().compare(cursors_[b].key());
    return order != 0 ? order > 0 : a > b;
  }
  void push(size_t index) {
    heap_.push_back(index);
    std::push_heap(heap_.begin(), heap_.end(), [this](size_t a, size_t b) { return after(a, b); });
  }

  /// Takes the longest range of rows of the first run that comes before all other runs.
  Status take_slice(std::shared_ptr<arrow::RecordBatch>& slice) {
    std::pop_heap(heap_.begin(), heap_.end(), [this](size_t a, size_t b) { return after(a, b); });
    const size_t index = heap_.back();
    heap_.pop_back();
    RunCursor& cursor = cursors_[index];
    const size_t begin = cursor.row();
    size_t end = cursor.batch().keys.size();
    if (!heap_.empty()) {
      const size_t rival = heap_.front();
      end = cursor.end_of_rows_before(cursors_[rival].key(), index < rival);
    }
    note_duplicates(cursor, begin, end);
    slice =
        cursor.batch().rows->Slice(static_cast<int64_t>(begin), static_cast<int64_t>(end - begin));
    cursor.move_to(end);
    if (cursor.at_end_of_batch()) MILLGATE_TRY(cursor.load(encoder_));
    if (!cursor.done()) push(index);
    return {};
  }

  void note_duplicates(const RunCursor& cursor, size_t begin, size_t end) {
    const RowKeys& keys = cursor.batch().keys;
    for (size_t row = begin; row < end; ++row) {
      const bool repeated =
          row > begin ? keys[row] == keys[row - 1] : has_last_ && keys[row] == last_;
      if (repeated && repeated_count_++ == 0) {
        repeated_key_ = encoder_.describe(*cursor.batch().rows, static_cast<int64_t>(row));
      }
    }
    last_ = keys[end - 1];
    has_last_ = true;
  }

  std::shared_ptr<arrow::Schema> schema_;
  RowKeyEncoder encoder_;
  std::vector<std::shared_ptr<RunFile>> files_;
  std::vector<RunCursor> cursors_;
  std::vector<size_t> heap_;  ///< Indices of cursors; the first comes first.
  std::string last_;          ///< The key that was given out last.
  bool has_last_ = false;
  int64_t repeated_count_ = 0;
  std::string repeated_key_;
};

}  // namespace

Result<Batches> sort_batches(Batches batches, const RowKeys& keys) {
  if (batches.empty() || is_sorted(keys)) return batches;
  const std::vector<int64_t> order = sorted_order(keys);
  MILLGATE_ARROW(auto all, arrow::ConcatenateRecordBatches(batches), "rows to sort");
  batches.clear();
  const auto rows_max = static_cast<size_t>(rows_that_fill(kBatchBytes, *all, kBatchRows));
  Batches sorted;
  for (size_t begin = 0; begin < order.size(); begin += rows_max) {
    const size_t count = std::min(order.size() - begin, rows_max);
    arrow::Int64Builder builder;
    MILLGATE_ARROW_TRY(builder.AppendValues(order.data() + begin, static_cast<int64_t>(count)),
                       "rows to sort");
    MILLGATE_ARROW(auto indices, builder.Finish(), "rows to sort");
    MILLGATE_ARROW(auto taken,
                   arrow::compute::Take(all, indices, arrow::compute::TakeOptions::NoBoundsCheck()),
                   "rows to sort");
    sorted.push_back(taken.record_batch());
  }
  return sorted;
}

Result<std::shared_ptr<RunFile>> RunFile::write(const std::string& folder, const Batches& batches) {
  auto run = std::make_shared<RunFile>(folder + "/" + unique_name("run-"));
  MILLGATE_ARROW(auto file, arrow::io::FileOutputStream::Open(run->path_), run->path_);
  MILLGATE_ARROW(auto writer, arrow::ipc::MakeStreamWriter(file, batches[0]->schema()), run->path_);
  for (const auto& batch : batches) {
    const int64_t rows_max = rows_that_fill(kRunBatchBytes, *batch, kRunBatchRows);
    for (int64_t begin = 0; begin < batch->num_rows(); begin += rows_max) {
      MILLGATE_ARROW_TRY(writer->WriteRecordBatch(*batch->Slice(begin, rows_max)),
                         "cannot write the sorted run " + run->path_);
    }
  }
  MILLGATE_ARROW_TRY(writer->Close(), "cannot write the sorted run " + run->path_);
  MILLGATE_ARROW_TRY(file->Close(), "cannot write the sorted run " + run->path_);
  return run;
}

Result<std::shared_ptr<arrow::RecordBatchReader>> RunFile::open() const {
  MILLGATE_ARROW(auto file, arrow::io::ReadableFile::Open(path_), path_);
  MILLGATE_ARROW(auto reader, arrow::ipc::RecordBatchStreamReader::Open(file), path_);
  return std::shared_ptr<arrow::RecordBatchReader>(std::move(reader));
}

RunFile::~RunFile() { ::unlink(path_.c_str()); }

Result<std::shared_ptr<arrow::RecordBatchReader>> merge_runs(
    std::shared_ptr<arrow::Schema> schema, RowKeyEncoder encoder,
    std::vector<std::shared_ptr<RunFile>> files) {
  auto reader =
      std::make_shared<MergeReader>(std::move(schema), std::move(encoder), std::move(files));
  MILLGATE_TRY(reader->prepare());
  return std::shared_ptr<arrow::RecordBatchReader>(std::move(reader));
}

Error duplicate_keys_error(const std::string& key_values, int64_t repeated_count) {
  const bool one = repeated_count == 1;
  return invalid_input("two rows have the same key: " + key_values + " (" +
                           std::to_string(repeated_count) +
                           (one ? " row repeats" : " rows repeat") + " the key of another)",
                       "a key names one row: add a column to `key`, or remove the repeated rows");
}

}  // namespace millgate
