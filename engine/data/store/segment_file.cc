#include "data/store/segment_file.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <map>

#include "data/store/logical_hash.h"
#include "data/table/arrow_result.h"
#include "data/table/cell_cast.h"

namespace millgate {

namespace {

std::string_view bytes_of(std::string_view value) { return value; }
template <typename Number>
std::string_view bytes_of(const Number& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// Whether nearly all of the first values differ: then those of the whole segment mostly do.
template <typename ArrayType>
bool first_values_differ(const arrow::Array& column) {
  constexpr int64_t kValuesMax = 4096;
  const auto& values = static_cast<const ArrayType&>(column);
  const int64_t count = std::min(kValuesMax, values.length());
  int64_t repeated_left = count / 16;
  std::array<uint64_t, 2 * kValuesMax>
      seen{};  // Hashes, each at the first free place from its own.
  for (int64_t row = 0; row < count; ++row) {
    bool is_new = values.IsValid(row);
    if (is_new) {
      const auto value = values.GetView(row);
      const uint64_t hash = mixed_hash(bytes_of(value)) | 1;  // Zero: free.
      size_t place = (hash >> 1) % seen.size();
      while (seen[place] != 0 && seen[place] != hash) place = (place + 1) % seen.size();
      is_new = seen[place] == 0;
      seen[place] = hash;
    }
    if (!is_new && --repeated_left < 0) return false;
  }
  return count > 0;
}

/// Whether a dictionary of the values would only add its indices to them.
bool mostly_differs(const arrow::Array& column) {
  switch (column.type_id()) {
    case arrow::Type::INT64:
      return first_values_differ<arrow::Int64Array>(column);
    case arrow::Type::DOUBLE:
      return first_values_differ<arrow::DoubleArray>(column);
    case arrow::Type::FLOAT:
      return first_values_differ<arrow::FloatArray>(column);
    case arrow::Type::TIMESTAMP:
      return first_values_differ<arrow::TimestampArray>(column);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return first_values_differ<arrow::BinaryArray>(column);
    default:
      return false;
  }
}

/// Calls `each(path, values)` for the plain columns in which Parquet keeps `column`, with their
/// paths as Arrow names them.
void for_leaves(const std::string& path, const std::shared_ptr<arrow::Array>& column,
                const std::function<void(const std::string&, const arrow::Array&)>& each) {
  switch (column->type_id()) {
    case arrow::Type::LIST:
      return for_leaves(path + ".list.element",
                        static_cast<const arrow::ListArray&>(*column).values(), each);
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapArray&>(*column);
      for_leaves(path + ".key_value.key", map.keys(), each);
      return for_leaves(path + ".key_value.value", map.items(), each);
    }
    case arrow::Type::STRUCT: {
      const auto& record = static_cast<const arrow::StructArray&>(*column);
      for (int i = 0; i < record.num_fields(); ++i) {
        for_leaves(path + "." + record.type()->field(i)->name(), record.field(i), each);
      }
      return;
    }
    default:
      return each(path, *column);
  }
}

/// Nothing that differs from machine to machine or from time to time goes into the file.
std::shared_ptr<parquet::WriterProperties> writer_properties(const arrow::RecordBatch& rows) {
  parquet::WriterProperties::Builder builder;
  builder.created_by("millgate")
      ->version(parquet::ParquetVersion::PARQUET_2_6)
      ->data_page_version(parquet::ParquetDataPageVersion::V1)
      ->compression(arrow::Compression::ZSTD)
      ->compression_level(1)
      ->enable_page_checksum()
      ->max_row_group_length(std::max<int64_t>(rows.num_rows(), 1));
  for (int i = 0; i < rows.num_columns(); ++i) {
    for_leaves(rows.schema()->field(i)->name(), rows.column(i),
               [&](const std::string& path, const arrow::Array& values) {
                 if (!mostly_differs(values)) return;
                 builder.disable_dictionary(path);
                 if (values.type_id() == arrow::Type::INT64 ||
                     values.type_id() == arrow::Type::TIMESTAMP) {
                   builder.encoding(path, parquet::Encoding::DELTA_BINARY_PACKED);
                 }
               });
  }
  return builder.build();
}

/// The type in which Parquet keeps values of `type`: it knows no lists of fixed size.
std::shared_ptr<arrow::DataType> parquet_type(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LIST:
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::list(arrow::field("element", parquet_type(*type.field(0)->type())));
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return arrow::map(map.key_type(), parquet_type(*map.item_type()));
    }
    case arrow::Type::STRUCT: {
      arrow::FieldVector members;
      for (const auto& field : type.fields()) {
        members.push_back(arrow::field(field->name(), parquet_type(*field->type())));
      }
      return arrow::struct_(members);
    }
    default:
      return type.GetSharedPtr();
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> as_parquet_keeps(const arrow::RecordBatch& rows) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < rows.num_columns(); ++i) {
    fields.push_back(arrow::field(rows.schema()->field(i)->name(),
                                  parquet_type(*rows.schema()->field(i)->type())));
    MILLGATE_ARROW(auto column, cast_cells(rows.column(i), fields.back()->type()), "a segment");
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(),
                                  std::move(columns));
}

Error not_as_written(const Id& object, const std::string& why) {
  Error error = damaged("object `" + object.brief() + "` does not hold what its table says",
                        "restore it from a backup, or import the data again");
  error.because = {why};
  error.where = ObjectStore::name_of(object);
  return error;
}

/// The end of a Parquet file, from its footer on; all of it when it has none.
std::string_view footer_of(std::string_view bytes) {
  constexpr size_t kTailBytes = 8;
  uint32_t length = 0;  // Lowest byte first, as on every machine that we run on.
  if (bytes.size() < kTailBytes) return bytes;
  std::memcpy(&length, bytes.data() + bytes.size() - kTailBytes, sizeof length);
  return bytes.substr(bytes.size() - std::min(bytes.size(), length + kTailBytes));
}

/// Whether the file ends with the footer that was noted.
bool ends_with_footer(arrow::io::RandomAccessFile& file, const Id& footer) {
  constexpr int64_t kUsualBytes = 16 << 10;
  const auto size = file.GetSize();
  if (!size.ok()) return false;
  for (int64_t count = std::min(kUsualBytes, *size);; count = *size) {
    const auto end = file.ReadAt(*size - count, count);
    if (!end.ok()) return false;
    const std::string_view found = footer_of(std::string_view(**end));
    if (found.size() < static_cast<size_t>(count) || count == *size) {
      return hash_of(found) == footer;
    }
  }
}

/// The bytes of an object, checked or as they are asked for.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_object(const ObjectStore& objects,
                                                                 const Id& object,
                                                                 const ParquetReading& reading) {
  using File = std::shared_ptr<arrow::io::RandomAccessFile>;
  if (!reading.check_hash) {
    const auto path = objects.local_path(object);
    if (path.ok()) {
      auto file = arrow::io::ReadableFile::Open(*path);
      if (!file.ok()) return not_as_written(object, file.status().message());
      if (!ends_with_footer(**file, reading.footer)) {
        return not_as_written(object, "its footer is damaged");
      }
      return File(std::move(file).ValueUnsafe());
    }
    if (path.error().code != ErrorCode::outside) return path.error();
  }
  MILLGATE_ASSIGN(std::string bytes, objects.get(object));
  return File(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(bytes))));
}

Result<std::unique_ptr<parquet::arrow::FileReader>> open_parquet(const ObjectStore& objects,
                                                                 const Id& object,
                                                                 const ParquetReading& reading) {
  MILLGATE_ASSIGN(const auto file, open_object(objects, object, reading));
  parquet::ReaderProperties checks;
  checks.set_page_checksum_verification(true);  // Of the pages that have one.
  parquet::arrow::FileReaderBuilder builder;
  if (const auto opened = builder.Open(file, checks); !opened.ok()) {
    return not_as_written(object, opened.message());
  }
  parquet::ArrowReaderProperties properties;
  properties.set_use_threads(reading.use_threads);
  properties.set_pre_buffer(false);
  std::unique_ptr<parquet::arrow::FileReader> reader;
  const auto built = builder.properties(properties)->Build(&reader);
  if (!built.ok()) return not_as_written(object, built.message());
  return reader;
}

}  // namespace

Result<ParquetObject> write_parquet_object(ObjectStore& objects, const arrow::RecordBatch& rows) {
  const std::string object = "cannot write a segment";
  MILLGATE_ARROW(auto file, arrow::io::BufferOutputStream::Create(), object);
  MILLGATE_ASSIGN(const auto kept, as_parquet_keeps(rows));
  const auto table = arrow::Table::Make(kept->schema(), kept->columns(), kept->num_rows());
  MILLGATE_ARROW_TRY(
      parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file,
                                 std::max<int64_t>(rows.num_rows(), 1), writer_properties(*kept)),
      object);
  MILLGATE_ARROW(const auto bytes, file->Finish(), object);
  ParquetObject written;
  written.size_bytes = bytes->size();
  written.footer = hash_of(footer_of(std::string_view(*bytes)));
  MILLGATE_ASSIGN(written.object, objects.put(std::string_view(*bytes)));
  return written;
}

Result<std::shared_ptr<arrow::RecordBatch>> read_parquet_object(
    const ObjectStore& objects, const Id& object, const std::vector<std::string>& names,
    int64_t row_count, const ParquetReading& reading) {
  MILLGATE_ASSIGN(const auto reader, open_parquet(objects, object, reading));
  const parquet::SchemaDescriptor& columns = *reader->parquet_reader()->metadata()->schema();
  std::vector<int> indices;
  for (const std::string& name : names) {
    const int before = static_cast<int>(indices.size());
    for (int i = 0; i < columns.num_columns(); ++i) {
      if (columns.GetColumnRoot(i)->name() == name) indices.push_back(i);
    }
    if (static_cast<int>(indices.size()) == before) {
      return not_as_written(object, "it has no column `" + name + "`");
    }
  }
  std::shared_ptr<arrow::Table> table;
  if (!names.empty()) {
    auto read = reader->ReadTable(indices);
    if (!read.ok()) return not_as_written(object, read.status().message());
    table = std::move(read).ValueUnsafe();
  }
  const int64_t found =
      table == nullptr ? reader->parquet_reader()->metadata()->num_rows() : table->num_rows();
  if (row_count >= 0 && found != row_count) {
    return not_as_written(object, "it has " + std::to_string(found) + " rows instead of " +
                                      std::to_string(row_count));
  }
  arrow::FieldVector fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const std::string& name : names) {
    const int index = table->schema()->GetFieldIndex(name);
    if (index < 0) return not_as_written(object, "it has no single column `" + name + "`");
    const auto column = table->column(index);
    std::shared_ptr<arrow::Array> array;
    if (column->num_chunks() == 1) {
      array = column->chunk(0);
    } else {
      MILLGATE_ARROW(array,
                     column->num_chunks() == 0 ? arrow::MakeEmptyArray(column->type())
                                               : arrow::Concatenate(column->chunks()),
                     "a segment");
    }
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), found, std::move(arrays));
}

Result<std::shared_ptr<arrow::RecordBatch>> read_whole_parquet_object(const ObjectStore& objects,
                                                                      const Id& object,
                                                                      int64_t row_count) {
  MILLGATE_ASSIGN(const auto reader, open_parquet(objects, object, {}));
  auto read = reader->ReadTable();
  if (!read.ok()) return not_as_written(object, read.status().message());
  const auto table = std::move(read).ValueUnsafe();
  if (table->num_rows() != row_count) {
    return not_as_written(object, "it has " + std::to_string(table->num_rows()) +
                                      " rows instead of " + std::to_string(row_count));
  }
  MILLGATE_ARROW(auto rows, table->CombineChunksToBatch(), "a segment");
  return rows;
}

Result<std::shared_ptr<arrow::RecordBatch>> read_segment(const ObjectStore& objects,
                                                         const Segment& segment,
                                                         const std::vector<std::string>& names,
                                                         const ParquetReading& reading) {
  // The object of each name: the last that was added under it, else the segment itself.
  std::map<Id, std::vector<std::string>> names_in;
  for (const std::string& name : names) {
    const Id* object = &segment.object;
    for (const AddedColumns& added : segment.added) {
      const auto& held = added.names;
      if (std::find(held.begin(), held.end(), name) != held.end()) object = &added.object;
    }
    names_in[*object].push_back(name);
  }
  std::map<std::string, std::shared_ptr<arrow::Array>> arrays;
  for (const auto& [object, wanted] : names_in) {
    ParquetReading how = reading;
    how.footer = object == segment.object ? segment.footer : Id{};
    how.check_hash |= how.footer == Id{};
    MILLGATE_ASSIGN(const auto part,
                    read_parquet_object(objects, object, wanted, segment.row_count, how));
    for (size_t i = 0; i < wanted.size(); ++i)
      arrays[wanted[i]] = part->column(static_cast<int>(i));
  }
  arrow::FieldVector fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const std::string& name : names) {
    fields.push_back(arrow::field(name, arrays[name]->type()));
    columns.push_back(arrays[name]);
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), segment.row_count,
                                  std::move(columns));
}

}  // namespace millgate
