#include "data/git/parquet_rows.h"

#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <memory>
#include <utility>

#include "data/table/arrow_result.h"
#include "data/table/column_type.h"

namespace millgate {

namespace {

/// A file as it is, without the changes of type that tables make.
struct ParquetContent {
  std::shared_ptr<arrow::Table> table;
  arrow::Compression::type compression = arrow::Compression::SNAPPY;
  bool has_arrow_schema = false;
};

Result<ParquetContent> read_content(const std::string& path) {
  const std::string object = "`" + path + "`";
  MILLGATE_ARROW(auto file, arrow::io::ReadableFile::Open(path), object);
  MILLGATE_ARROW(auto reader,
                 parquet::arrow::OpenFile(std::move(file), arrow::default_memory_pool()), object);
  ParquetContent content;
  MILLGATE_ARROW(content.table, reader->ReadTable(), object);
  const auto metadata = reader->parquet_reader()->metadata();
  if (metadata->num_row_groups() > 0 && metadata->num_columns() > 0) {
    content.compression = metadata->RowGroup(0)->ColumnChunk(0)->compression();
  }
  const auto& notes = metadata->key_value_metadata();
  content.has_arrow_schema = notes != nullptr && notes->Contains("ARROW:schema");
  return content;
}

/// The column of both files one behind the other; in the type of a table where theirs differs.
Result<std::shared_ptr<arrow::ChunkedArray>> both_columns(const ParquetContent& ours,
                                                          const ParquetContent& theirs,
                                                          const std::string& name) {
  const std::string object = "column `" + name + "`";
  std::shared_ptr<arrow::ChunkedArray> our_column = ours.table->GetColumnByName(name);
  std::shared_ptr<arrow::ChunkedArray> their_column = theirs.table->GetColumnByName(name);
  const auto empty = [&](const std::shared_ptr<arrow::DataType>& type,
                         int64_t row_count) -> Result<std::shared_ptr<arrow::ChunkedArray>> {
    MILLGATE_ARROW(auto nulls, arrow::MakeArrayOfNull(type, row_count), object);
    return std::make_shared<arrow::ChunkedArray>(std::move(nulls));
  };
  if (our_column == nullptr) {
    MILLGATE_ASSIGN(our_column, empty(their_column->type(), ours.table->num_rows()));
  }
  if (their_column == nullptr) {
    MILLGATE_ASSIGN(their_column, empty(our_column->type(), theirs.table->num_rows()));
  }
  if (!our_column->type()->Equals(*their_column->type())) {
    TypeGuess guess;
    guess.add_type(table_type_of(*our_column->type()));
    guess.add_type(table_type_of(*their_column->type()));
    const auto type = guess.type();
    for (auto* column : {&our_column, &their_column}) {
      MILLGATE_ARROW(const auto changed, arrow::compute::Cast(arrow::Datum(*column), type), object);
      *column = changed.chunked_array();
    }
  }
  arrow::ArrayVector chunks = our_column->chunks();
  chunks.insert(chunks.end(), their_column->chunks().begin(), their_column->chunks().end());
  MILLGATE_ARROW(auto column, arrow::ChunkedArray::Make(std::move(chunks), our_column->type()),
                 object);
  return column;
}

/// Where each merged row's cell of column number `column` stands in `both_columns`.
Result<std::shared_ptr<arrow::Array>> places_of(const MergedRows& merged, size_t column,
                                                int64_t our_row_count) {
  arrow::Int64Builder places;
  for (const MergedRow& row : merged.rows) {
    if (row.is_removal_conflict && !row.ours) continue;
    const bool from_theirs = row.takes_theirs[column];
    const size_t place = from_theirs ? row.theirs.value_or(0) : row.ours.value_or(0);
    MILLGATE_ARROW_TRY(
        places.Append(static_cast<int64_t>(place) + (from_theirs ? our_row_count : 0)),
        "merged rows");
  }
  MILLGATE_ARROW(auto array, places.Finish(), "merged rows");
  return array;
}

}  // namespace

Result<std::string> merged_parquet(const MergedRows& merged, const std::string& ours,
                                   const std::string& theirs) {
  MILLGATE_ASSIGN(const ParquetContent our_content, read_content(ours));
  MILLGATE_ASSIGN(const ParquetContent their_content, read_content(theirs));
  arrow::FieldVector fields;
  arrow::ChunkedArrayVector columns;
  for (size_t i = 0; i < merged.columns.size(); ++i) {
    const std::string& name = merged.columns[i];
    MILLGATE_ASSIGN(const auto both, both_columns(our_content, their_content, name));
    MILLGATE_ASSIGN(const auto places, places_of(merged, i, our_content.table->num_rows()));
    MILLGATE_ARROW(const auto taken, arrow::compute::Take(arrow::Datum(both), arrow::Datum(places)),
                   name);
    auto field = our_content.table->schema()->GetFieldByName(name);
    if (field == nullptr) field = their_content.table->schema()->GetFieldByName(name);
    fields.push_back(field->WithType(both->type())->WithNullable(true));
    columns.push_back(taken.chunked_array());
  }
  const auto table = arrow::Table::Make(
      arrow::schema(std::move(fields), our_content.table->schema()->metadata()), columns);
  const auto properties =
      parquet::WriterProperties::Builder().compression(our_content.compression)->build();
  parquet::ArrowWriterProperties::Builder arrow_properties;
  if (our_content.has_arrow_schema) arrow_properties.store_schema();
  MILLGATE_ARROW(const auto sink, arrow::io::BufferOutputStream::Create(), "a merged file");
  MILLGATE_ARROW_TRY(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 1 << 20,
                                                properties, arrow_properties.build()),
                     "a merged file");
  MILLGATE_ARROW(const auto buffer, sink->Finish(), "a merged file");
  return buffer->ToString();
}

}  // namespace millgate
