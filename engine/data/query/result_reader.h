/// The answer to a query as Arrow record batches. Include in .cc files only.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <string>

#include "data/query/duckdb_handle.h"
#include "data/query/sql_error.h"
#include "ground/error.h"

namespace millgate {

/// Fetches the rows of one result as they are asked for, in batches of about 64 thousand.
/// One thread at a time.
class ResultReader final : public arrow::RecordBatchReader {
 public:
  /// Takes a filled result; `connection` is kept open as long. `sql` is for messages.
  [[nodiscard]] static Result<std::shared_ptr<ResultReader>> make(
      std::shared_ptr<DuckConnection> connection, std::unique_ptr<DuckResult> result,
      std::string sql);

  [[nodiscard]] std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  /// For other rooms: an error carries our message as text.
  [[nodiscard]] arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override;
  /// Null at the end.
  [[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> next();
  /// Where in the SQL the last error lies.
  [[nodiscard]] std::optional<size_t> error_offset() const { return error_offset_; }

 private:
  ResultReader() = default;
  [[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> next_chunk();

  std::shared_ptr<DuckConnection> connection_;  // Before the result: it goes last.
  std::unique_ptr<DuckResult> result_;
  DuckArrowOptions options_;
  std::shared_ptr<arrow::Schema> schema_;
  std::string sql_;
  std::optional<size_t> error_offset_;
  bool done_ = false;
};

}  // namespace millgate
