#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <array>
#include <cstring>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/column_cast.h"
#include "data/table/table_file.h"

namespace millgate {

namespace {

/// What a stream ends with: a message of no length.
/// https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
constexpr std::array<uint8_t, 8> kEndOfStream = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};

Error unreadable(const std::string& path, const std::string& cause) {
  return Error{.code = ErrorCode::invalid_input,
               .what = "`" + path + "` cannot be read as Arrow IPC",
               .where = path,
               .because = {cause},
               .hint =
                   "was its writer broken off? a stream ends with an end-of-stream mark, a "
                   "file with the letters ARROW1"};
}

/// The batches of a file with a footer, read as they are asked for.
class FileBatches final : public arrow::RecordBatchReader {
 public:
  explicit FileBatches(std::shared_ptr<arrow::ipc::RecordBatchFileReader> file)
      : file_(std::move(file)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return file_->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (next_ == file_->num_record_batches()) return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(file_->ReadRecordBatch(next_++).Value(batch));
    // Offsets and texts are whatever the file says, until somebody looks.
    return (*batch)->ValidateFull();
  }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  int next_ = 0;
};

/// The batches of a stream. To Arrow, a stream that breaks off between two batches is whole; the
/// mark at its end proves that its writer was done.
class StreamBatches final : public arrow::RecordBatchReader {
 public:
  StreamBatches(std::shared_ptr<arrow::io::ReadableFile> file,
                std::shared_ptr<arrow::RecordBatchReader> stream)
      : file_(std::move(file)), stream_(std::move(stream)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return stream_->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(stream_->ReadNext(batch));
    return *batch == nullptr ? check_end() : (*batch)->ValidateFull();
  }

 private:
  arrow::Status check_end() {
    ARROW_ASSIGN_OR_RAISE(const int64_t size, file_->GetSize());
    ARROW_ASSIGN_OR_RAISE(const int64_t taken, file_->Tell());
    if (taken < size) {
      return arrow::Status::Invalid("behind the end of the stream there are ", size - taken,
                                    " bytes more");
    }
    std::array<uint8_t, kEndOfStream.size()> end{};
    const auto length = static_cast<int64_t>(end.size());
    ARROW_ASSIGN_OR_RAISE(const int64_t read,
                          file_->ReadAt(std::max<int64_t>(0, size - length), length, end.data()));
    if (read == length && end == kEndOfStream) return arrow::Status::OK();
    return arrow::Status::Invalid("the stream has no end-of-stream mark");
  }

  std::shared_ptr<arrow::io::ReadableFile> file_;
  std::shared_ptr<arrow::RecordBatchReader> stream_;
};

class ArrowFile final : public TableFile {
 public:
  ArrowFile(std::string path, bool stream) : path_(std::move(path)), stream_(stream) {}

  Result<std::optional<std::vector<std::string>>> column_names() const override {
    MILLGATE_ASSIGN(const auto schema, table_schema());
    return std::make_optional(schema->field_names());
  }

  Result<std::vector<ColumnGuess>> guess_columns() const override {
    MILLGATE_ASSIGN(const auto schema, table_schema());
    return guesses_of(*schema);
  }

  Result<std::shared_ptr<arrow::RecordBatchReader>> open(
      const std::shared_ptr<arrow::Schema>& schema) const override {
    MILLGATE_ASSIGN(auto batches, open_batches());
    return cast_rows(std::move(batches), schema, place(), [path = path_](const auto& fault) {
      return unreadable(path, fault.message());
    });
  }

 private:
  [[nodiscard]] RowsPlace place() const { return {.object = "`" + path_ + "`", .path = path_}; }

  [[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> open_batches() const {
    auto file = arrow::io::ReadableFile::Open(path_);
    if (!file.ok()) return not_found("cannot open `" + path_ + "`: " + file.status().message());
    if (stream_) {
      auto stream = arrow::ipc::RecordBatchStreamReader::Open(*file);
      if (!stream.ok()) return unreadable(path_, stream.status().message());
      return std::shared_ptr<arrow::RecordBatchReader>(
          std::make_shared<StreamBatches>(*std::move(file), *std::move(stream)));
    }
    auto reader = arrow::ipc::RecordBatchFileReader::Open(*file);
    if (!reader.ok()) return unreadable(path_, reader.status().message());
    return std::shared_ptr<arrow::RecordBatchReader>(
        std::make_shared<FileBatches>(*std::move(reader)));
  }

  [[nodiscard]] Result<std::shared_ptr<arrow::Schema>> table_schema() const {
    MILLGATE_ASSIGN(const auto batches, open_batches());
    return table_schema_of(*batches->schema(), place());
  }

  std::string path_;
  bool stream_;
};

}  // namespace

std::unique_ptr<TableFile> make_arrow_file(std::string path, bool stream) {
  return std::make_unique<ArrowFile>(std::move(path), stream);
}

}  // namespace millgate
