#include "data/store/segment_file.h"

#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "data/table/arrow_result.h"
#include "ground/durable_file.h"

namespace millgate {

namespace {

constexpr int64_t kReadBatchRows = 65'536;

/// Nothing that differs from machine to machine or from time to time goes into the file.
std::shared_ptr<parquet::WriterProperties> writer_properties(int64_t row_count) {
  return parquet::WriterProperties::Builder()
      .created_by("millgate")
      ->version(parquet::ParquetVersion::PARQUET_2_6)
      ->data_page_version(parquet::ParquetDataPageVersion::V1)
      ->compression(arrow::Compression::ZSTD)
      ->compression_level(1)
      ->max_row_group_length(std::max<int64_t>(row_count, 1))
      ->build();
}

Status write_parquet(const arrow::Table& table, const std::string& path) {
  const std::string object = "cannot write the segment `" + path + "`";
  MILLGATE_ARROW(auto file, arrow::io::FileOutputStream::Open(path), object);
  MILLGATE_ARROW_TRY(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), file,
                                                std::max<int64_t>(table.num_rows(), 1),
                                                writer_properties(table.num_rows())),
                     object);
  MILLGATE_ARROW_TRY(file->Close(), object);
  return {};
}

Error not_as_written(const Segment& segment, const std::string& why) {
  Error error =
      damaged("segment `" + segment.object.brief() + "` does not hold what its table says",
              "restore it from a backup, or import the data again");
  error.because = {why};
  error.where = ObjectStore::name_of(segment.object);
  return error;
}

arrow::Result<std::shared_ptr<arrow::Table>> read_parquet(const std::string& bytes) {
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(std::make_shared<arrow::io::BufferReader>(
      std::make_shared<arrow::Buffer>(std::string_view(bytes)))));
  std::unique_ptr<parquet::arrow::FileReader> reader;
  ARROW_RETURN_NOT_OK(builder.Build(&reader));
  reader->set_use_threads(true);
  return reader->ReadTable();
}

}  // namespace

Result<Segment> write_segment(ObjectStore& objects, const std::shared_ptr<arrow::Schema>& schema,
                              const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                              const std::string& scratch_folder) {
  MILLGATE_ARROW(auto table, arrow::Table::FromRecordBatches(schema, batches), "a segment");
  // Pages end where chunks end, so the rows must be one chunk.
  MILLGATE_ARROW(table, table->CombineChunks(), "a segment");
  const std::string path = scratch_folder + "/" + unique_name("segment-");
  const Status written = write_parquet(*table, path);
  if (!written.ok()) {
    ::unlink(path.c_str());
    return written.error();
  }
  std::error_code failed;
  const auto size_bytes = static_cast<int64_t>(std::filesystem::file_size(path, failed));
  auto object = objects.put_file(path);
  if (!object.ok()) {
    ::unlink(path.c_str());
    return std::move(object).error();
  }
  return Segment{.object = *object, .row_count = table->num_rows(), .size_bytes = size_bytes};
}

Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> read_segment(
    const ObjectStore& objects, const std::shared_ptr<arrow::Schema>& schema,
    const Segment& segment) {
  MILLGATE_ASSIGN(const std::string bytes, objects.get(segment.object));
  const auto table = read_parquet(bytes);
  if (!table.ok()) return not_as_written(segment, table.status().message());
  if ((*table)->num_rows() != segment.row_count) {
    return not_as_written(segment, "it has " + std::to_string((*table)->num_rows()) +
                                       " rows instead of " + std::to_string(segment.row_count));
  }
  if (!(*table)->schema()->Equals(*schema, false)) {
    return not_as_written(segment, "its columns are " + (*table)->schema()->ToString());
  }
  arrow::TableBatchReader reader(**table);
  reader.set_chunksize(kReadBatchRows);
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(reader.ReadNext(&batch), "a segment");
    if (batch == nullptr) return batches;
    batches.push_back(arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns()));
  }
}

}  // namespace millgate
