#include "data/delta/delta_checkpoint.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <array>
#include <utility>

#include "data/table/arrow_result.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr std::array<const char*, 6> kActions = {"txn",      "add",      "remove",
                                                 "metaData", "protocol", "sidecar"};

std::shared_ptr<arrow::Schema> checkpoint_schema() {
  const auto& text = arrow::utf8();
  const auto& number = arrow::int64();
  const auto texts = arrow::map(text, text);
  const auto list = arrow::list(text);
  const auto format =
      arrow::struct_({arrow::field("provider", text), arrow::field("options", texts)});
  return arrow::schema(
      {arrow::field("txn",
                    arrow::struct_({arrow::field("appId", text), arrow::field("version", number)})),
       arrow::field(
           "add",
           arrow::struct_({arrow::field("path", text), arrow::field("partitionValues", texts),
                           arrow::field("size", number), arrow::field("modificationTime", number),
                           arrow::field("dataChange", arrow::boolean()),
                           arrow::field("tags", texts), arrow::field("stats", text)})),
       arrow::field(
           "remove",
           arrow::struct_({arrow::field("path", text), arrow::field("deletionTimestamp", number),
                           arrow::field("dataChange", arrow::boolean()),
                           arrow::field("extendedFileMetadata", arrow::boolean()),
                           arrow::field("partitionValues", texts), arrow::field("size", number)})),
       arrow::field(
           "metaData",
           arrow::struct_(
               {arrow::field("id", text), arrow::field("name", text),
                arrow::field("description", text), arrow::field("format", format),
                arrow::field("schemaString", text), arrow::field("partitionColumns", list),
                arrow::field("configuration", texts), arrow::field("createdTime", number)})),
       arrow::field("protocol", arrow::struct_({arrow::field("minReaderVersion", arrow::int32()),
                                                arrow::field("minWriterVersion", arrow::int32()),
                                                arrow::field("readerFeatures", list),
                                                arrow::field("writerFeatures", list)}))});
}

/// Appends `json` as a value of the builder's type; null where it is missing or null.
arrow::Status append(arrow::ArrayBuilder& builder, const Json* json) {
  if (json == nullptr || json->is_null()) return builder.AppendNull();
  switch (builder.type()->id()) {
    case arrow::Type::STRING:
      return static_cast<arrow::StringBuilder&>(builder).Append(json->get<std::string>());
    case arrow::Type::INT64:
      return static_cast<arrow::Int64Builder&>(builder).Append(json->get<int64_t>());
    case arrow::Type::INT32:
      return static_cast<arrow::Int32Builder&>(builder).Append(json->get<int32_t>());
    case arrow::Type::BOOL:
      return static_cast<arrow::BooleanBuilder&>(builder).Append(json->get<bool>());
    case arrow::Type::LIST: {
      auto& list = static_cast<arrow::ListBuilder&>(builder);
      ARROW_RETURN_NOT_OK(list.Append());
      for (const Json& one : *json) ARROW_RETURN_NOT_OK(append(*list.value_builder(), &one));
      return arrow::Status::OK();
    }
    case arrow::Type::MAP: {
      auto& map = static_cast<arrow::MapBuilder&>(builder);
      ARROW_RETURN_NOT_OK(map.Append());
      for (const auto& [name, value] : json->items()) {
        const Json key = name;
        ARROW_RETURN_NOT_OK(append(*map.key_builder(), &key));
        ARROW_RETURN_NOT_OK(append(*map.item_builder(), &value));
      }
      return arrow::Status::OK();
    }
    default: {
      auto& record = static_cast<arrow::StructBuilder&>(builder);
      ARROW_RETURN_NOT_OK(record.Append());
      for (int i = 0; i < record.num_fields(); ++i) {
        const auto found = json->find(builder.type()->field(i)->name());
        const Json* member = found == json->end() ? nullptr : &*found;
        ARROW_RETURN_NOT_OK(append(*record.field_builder(i), member));
      }
      return arrow::Status::OK();
    }
  }
}

/// The value of a slot; null for types that no action has.
Json json_of(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return nullptr;
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return std::string(static_cast<const arrow::StringArray&>(array).GetView(row));
    case arrow::Type::LARGE_STRING:
      return std::string(static_cast<const arrow::LargeStringArray&>(array).GetView(row));
    case arrow::Type::STRING_VIEW:
      return std::string(static_cast<const arrow::StringViewArray&>(array).GetView(row));
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(array).Value(row);
    case arrow::Type::INT32:
      return static_cast<const arrow::Int32Array&>(array).Value(row);
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(row);
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      Json json = Json::array();
      for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
        json.push_back(json_of(*list.values(), i));
      }
      return json;
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapArray&>(array);
      Json json = Json::object();
      for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
        const Json key = json_of(*map.keys(), i);
        if (key.is_string()) json[key.get<std::string>()] = json_of(*map.items(), i);
      }
      return json;
    }
    case arrow::Type::STRUCT: {
      const auto& record = static_cast<const arrow::StructArray&>(array);
      Json json = Json::object();
      for (int i = 0; i < record.num_fields(); ++i) {
        json[record.type()->field(i)->name()] = json_of(*record.field(i), row);
      }
      return json;
    }
    default:
      return nullptr;
  }
}

Error unreadable(const std::string& path, const std::string& cause) {
  Error error = damaged("checkpoint `" + path + "` of a Delta table cannot be read",
                        "get the table again from where it came");
  error.where = path;
  error.because = {cause};
  return error;
}

Result<std::shared_ptr<arrow::Table>> read_actions(const std::string& path) {
  auto input = arrow::io::ReadableFile::Open(path);
  if (!input.ok()) return not_found("cannot open `" + path + "`: " + input.status().message());
  auto opened = parquet::arrow::OpenFile(*input, arrow::default_memory_pool());
  if (!opened.ok()) return unreadable(path, opened.status().message());
  const std::unique_ptr<parquet::arrow::FileReader> reader = *std::move(opened);
  std::shared_ptr<arrow::Schema> schema;
  if (const auto read = reader->GetSchema(&schema); !read.ok()) {
    return unreadable(path, read.message());
  }
  // Leaf columns of the actions that are asked for.
  std::vector<int> leaves;
  const auto& columns = *reader->parquet_reader()->metadata()->schema();
  for (int i = 0; i < columns.num_columns(); ++i) {
    const std::string root = columns.GetColumnRoot(i)->name();
    if (std::find(kActions.begin(), kActions.end(), root) != kActions.end()) leaves.push_back(i);
  }
  auto table = reader->ReadTable(leaves);
  if (!table.ok()) return unreadable(path, table.status().message());
  return *std::move(table);
}

}  // namespace

Status write_delta_checkpoint(const DeltaActions& actions, const std::string& path) {
  const std::string object = "cannot write `" + path + "`";
  const auto schema = checkpoint_schema();
  MILLGATE_ARROW(const auto made, arrow::MakeBuilder(arrow::struct_(schema->fields())), object);
  for (const Json& line : delta_lines(actions)) {
    if (!line.contains("commitInfo")) MILLGATE_ARROW_TRY(append(*made, &line), object);
  }
  MILLGATE_ARROW(const auto rows, made->Finish(), object);
  MILLGATE_ARROW(const auto batch, arrow::RecordBatch::FromStructArray(rows), object);
  MILLGATE_ARROW(const auto table, arrow::Table::FromRecordBatches(schema, {batch}), object);
  MILLGATE_ARROW(const auto file, arrow::io::FileOutputStream::Open(path), object);
  const auto properties =
      parquet::WriterProperties::Builder().compression(arrow::Compression::SNAPPY)->build();
  MILLGATE_ARROW_TRY(
      parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file,
                                 std::max<int64_t>(1, table->num_rows()), properties),
      object);
  MILLGATE_ARROW_TRY(file->Close(), object);
  return {};
}

Result<DeltaActions> read_delta_checkpoint(const std::string& path) {
  MILLGATE_ASSIGN(const auto table, read_actions(path));
  DeltaActions actions;
  arrow::TableBatchReader batches(*table);
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    if (const auto read = batches.ReadNext(&batch); !read.ok()) {
      return unreadable(path, read.message());
    }
    if (batch == nullptr) return actions;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      Json line = Json::object();
      for (int i = 0; i < batch->num_columns(); ++i) {
        line[batch->schema()->field(i)->name()] = json_of(*batch->column(i), row);
      }
      MILLGATE_TRY(add_delta_action(line, "`" + path + "`", actions));
    }
  }
}

}  // namespace millgate
