/// Rows as PostgreSQL sends them: `copy ... to stdout (format binary)`.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "data/postgres/postgres_type.h"
#include "ground/error.h"

namespace millgate {

/// Takes pieces of the stream and gives record batches. A row lies whole in one piece, as servers
/// send it. One thread at a time.
class PostgresCopy {
 public:
  PostgresCopy(std::vector<PostgresColumn> columns, std::shared_ptr<arrow::Schema> schema)
      : columns_(std::move(columns)), schema_(std::move(schema)) {}

  /// Errors: those of the columns, with the number of the row; `damaged` for what is no such
  /// stream.
  [[nodiscard]] Status add(std::string_view piece);
  /// Whether the mark of the end was seen: a stream without it was cut off.
  [[nodiscard]] bool ended() const { return ended_; }

  [[nodiscard]] int64_t batch_rows() const { return batch_rows_; }
  [[nodiscard]] int64_t batch_bytes() const { return batch_bytes_; }
  [[nodiscard]] int64_t row_count() const { return row_count_; }
  /// What was added since the last call. Errors: `outside` when memory ran out.
  [[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> finish_batch();

 private:
  [[nodiscard]] Status add_header(std::string_view& rest);
  [[nodiscard]] Status add_row(std::string_view& rest);

  std::vector<PostgresColumn> columns_;
  std::shared_ptr<arrow::Schema> schema_;
  bool began_ = false, ended_ = false;
  int64_t batch_rows_ = 0, batch_bytes_ = 0, row_count_ = 0;
};

}  // namespace millgate
