#include "data/table/parquet_bytes.h"

#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/writer.h>

#include <algorithm>

#include "data/table/arrow_result.h"

namespace millgate {

Result<std::string> parquet_bytes(const arrow::Table& table, const std::string& object) {
  MILLGATE_ARROW(const auto sink, arrow::io::BufferOutputStream::Create(), object);
  parquet::WriterProperties::Builder properties;
  if (arrow::util::Codec::IsAvailable(arrow::Compression::ZSTD)) {
    properties.compression(arrow::Compression::ZSTD);
  }
  MILLGATE_ARROW_TRY(
      parquet::arrow::WriteTable(table, arrow::default_memory_pool(), sink,
                                 std::max<int64_t>(1, table.num_rows()), properties.build(),
                                 parquet::ArrowWriterProperties::Builder().store_schema()->build()),
      object);
  MILLGATE_ARROW(const auto buffer, sink->Finish(), object);
  return buffer->ToString();
}

}  // namespace millgate
