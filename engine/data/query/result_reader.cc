#include "data/query/result_reader.h"

#include <arrow/api.h>
#include <arrow/c/bridge.h>

#include <utility>
#include <vector>

#include "data/table/arrow_result.h"

namespace millgate {

namespace {

constexpr int64_t kBatchRows = 65'536;

/// Errors: `bug`, since DuckDB made the value that it now cannot hand over.
Status arrow_handed_over(duckdb_error_data raw) {
  const DuckErrorData error(raw);
  if (!error || !duckdb().error_data_has_error(error.get())) return {};
  return bug(std::string("SQL: the answer has no form in Arrow: ") +
             duckdb().error_data_message(error.get()));
}

}  // namespace

Result<std::shared_ptr<ResultReader>> ResultReader::make(std::shared_ptr<DuckConnection> connection,
                                                         std::unique_ptr<DuckResult> result,
                                                         std::string sql) {
  std::shared_ptr<ResultReader> reader(new ResultReader());
  reader->connection_ = std::move(connection);
  reader->result_ = std::move(result);
  reader->sql_ = std::move(sql);
  duckdb_result* raw = reader->result_->get();
  reader->options_.reset(duckdb().result_get_arrow_options(raw));
  std::vector<DuckType> owned_types;
  std::vector<duckdb_logical_type> types;
  std::vector<const char*> names;
  for (idx_t i = 0; i < duckdb().column_count(raw); ++i) {
    owned_types.emplace_back(duckdb().column_logical_type(raw, i));
    types.push_back(owned_types.back().get());
    names.push_back(duckdb().column_name(raw, i));
  }
  ArrowSchema schema{};
  MILLGATE_TRY(arrow_handed_over(duckdb().to_arrow_schema(reader->options_.get(), types.data(),
                                                          names.data(), types.size(), &schema)));
  MILLGATE_ARROW(reader->schema_, arrow::ImportSchema(&schema), "the answer of the SQL");
  return reader;
}

arrow::Status ResultReader::ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) {
  auto read = next();
  if (read.ok()) {
    *batch = std::move(read).value();
    return arrow::Status::OK();
  }
  const Error& error = read.error();
  const std::string text = error.what + (error.excerpt.empty() ? "" : "\n" + error.excerpt);
  return error.code == ErrorCode::outside ? arrow::Status::IOError(text)
                                          : arrow::Status::Invalid(text);
}

Result<std::shared_ptr<arrow::RecordBatch>> ResultReader::next() {
  // DuckDB's chunks of two thousand rows are too small to be handled one by one.
  std::vector<std::shared_ptr<arrow::RecordBatch>> chunks;
  int64_t row_count = 0;
  while (!done_ && row_count < kBatchRows) {
    MILLGATE_ASSIGN(auto chunk, next_chunk());
    if (chunk == nullptr) break;
    row_count += chunk->num_rows();
    if (chunk->num_rows() > 0) chunks.push_back(std::move(chunk));
  }
  if (chunks.empty()) return std::shared_ptr<arrow::RecordBatch>();
  if (chunks.size() == 1) return chunks.front();
  MILLGATE_ARROW(auto batch, arrow::ConcatenateRecordBatches(chunks), "the answer of the SQL");
  return batch;
}

Result<std::shared_ptr<arrow::RecordBatch>> ResultReader::next_chunk() {
  const DuckChunk chunk(duckdb().fetch_chunk(*result_->get()));
  if (chunk == nullptr) {
    done_ = true;
    const char* message = duckdb().result_error(result_->get());
    if (message == nullptr || *message == '\0') return std::shared_ptr<arrow::RecordBatch>();
    SqlError error = read_sql_error(message, sql_);
    error_offset_ = error.offset;
    return std::move(error.error);
  }
  ArrowArray array{};
  MILLGATE_TRY(
      arrow_handed_over(duckdb().data_chunk_to_arrow(options_.get(), chunk.get(), &array)));
  MILLGATE_ARROW(auto batch, arrow::ImportRecordBatch(&array, schema_), "the answer of the SQL");
  return batch;
}

}  // namespace millgate
