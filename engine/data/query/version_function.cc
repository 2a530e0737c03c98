#include "data/query/version_function.h"

#include <arrow/api.h>
#include <arrow/c/bridge.h>

#include <algorithm>
#include <atomic>

#include "data/table/arrow_result.h"
#include "data/table/type_name.h"

namespace millgate {

namespace {

constexpr const char* kFunction = "millgate_version";
/// DuckDB's own unit of work.
constexpr int64_t kChunkRows = 2048;

using Versions = std::shared_ptr<ScannedVersions>;

template <typename T>
void delete_as(void* object) {
  delete static_cast<T*>(object);
}

DuckType duck_type(const arrow::DataType& type);

DuckType struct_type(const arrow::DataType& type) {
  std::vector<DuckType> types;
  std::vector<duckdb_logical_type> members;
  std::vector<const char*> names;
  for (const auto& field : type.fields()) {
    types.push_back(duck_type(*field->type()));
    members.push_back(types.back().get());
    names.push_back(field->name().c_str());
  }
  return DuckType(duckdb().create_struct_type(members.data(), names.data(), members.size()));
}

DuckType nested_type(const arrow::DataType& type) {
  if (type.id() == arrow::Type::STRUCT) return struct_type(type);
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    const DuckType key = duck_type(*map.key_type());
    const DuckType value = duck_type(*map.item_type());
    return DuckType(duckdb().create_map_type(key.get(), value.get()));
  }
  const DuckType item = duck_type(*type.field(0)->type());
  if (type.id() == arrow::Type::LIST) return DuckType(duckdb().create_list_type(item.get()));
  const int32_t size = static_cast<const arrow::FixedSizeListType&>(type).list_size();
  return DuckType(duckdb().create_array_type(item.get(), static_cast<idx_t>(size)));
}

DuckType duck_type(const arrow::DataType& type) {
  if (is_nested_type(type)) return nested_type(type);
  const auto plain = [](duckdb_type id) { return DuckType(duckdb().create_logical_type(id)); };
  switch (type.id()) {
    case arrow::Type::BOOL:
      return plain(DUCKDB_TYPE_BOOLEAN);
    case arrow::Type::INT64:
      return plain(DUCKDB_TYPE_BIGINT);
    case arrow::Type::FLOAT:
      return plain(DUCKDB_TYPE_FLOAT);
    case arrow::Type::DOUBLE:
      return plain(DUCKDB_TYPE_DOUBLE);
    case arrow::Type::DATE32:
      return plain(DUCKDB_TYPE_DATE);
    case arrow::Type::TIMESTAMP:
      return plain(static_cast<const arrow::TimestampType&>(type).timezone().empty()
                       ? DUCKDB_TYPE_TIMESTAMP
                       : DUCKDB_TYPE_TIMESTAMP_TZ);
    case arrow::Type::TIME64:
      return plain(DUCKDB_TYPE_TIME);
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return DuckType(duckdb().create_decimal_type(static_cast<uint8_t>(decimal.precision()),
                                                   static_cast<uint8_t>(decimal.scale())));
    }
    case arrow::Type::BINARY:
      return plain(DUCKDB_TYPE_BLOB);
    default:
      return plain(DUCKDB_TYPE_VARCHAR);
  }
}

void bind(duckdb_bind_info info) {
  const Versions& versions = *static_cast<Versions*>(duckdb().bind_get_extra_info(info));
  duckdb_value parameter = duckdb().bind_get_parameter(info, 0);
  const int64_t number = duckdb().get_int64(parameter);
  duckdb().destroy_value(&parameter);
  ScannedVersion scanned;
  if (number >= 0) scanned = versions->find(static_cast<size_t>(number));
  if (scanned.scan == nullptr) return duckdb().bind_set_error(info, "there is no such version");
  for (const auto& field : scanned.schema().fields()) {
    const DuckType type = duck_type(*field->type());
    duckdb().bind_add_result_column(info, field->name().c_str(), type.get());
  }
  duckdb().bind_set_cardinality(info, static_cast<idx_t>(scanned.scan->version().row_count), true);
  duckdb().bind_set_bind_data(info, new ScannedVersion(std::move(scanned)),
                              delete_as<ScannedVersion>);
}

/// One query over one version: what all its threads share.
struct Reading {
  ScannedVersion scanned;
  std::vector<int> columns;    ///< Of the schema, those that are read.
  std::vector<idx_t> targets;  ///< Of each of those: its place in DuckDB's chunk.
  std::unique_ptr<DuckConnection> connection;
  DuckArrowSchema types;
  std::atomic<size_t> next_part{0};
};

Status prepare(Reading& reading, duckdb_init_info info) {
  const arrow::Schema& schema = reading.scanned.schema();
  arrow::FieldVector fields;
  for (idx_t i = 0; i < duckdb().init_get_column_count(info); ++i) {
    const idx_t column = duckdb().init_get_column_index(info, i);
    // count(*) asks for a column that is none.
    if (column >= static_cast<idx_t>(schema.num_fields())) continue;
    reading.columns.push_back(static_cast<int>(column));
    reading.targets.push_back(i);
    fields.push_back(schema.field(static_cast<int>(column)));
  }
  if (fields.empty()) return {};
  ArrowSchema exported{};
  MILLGATE_ARROW_TRY(arrow::ExportSchema(*arrow::schema(std::move(fields)), &exported),
                     "a table version");
  duckdb_arrow_converted_schema converted = nullptr;
  const DuckErrorData error(
      duckdb().schema_from_arrow(reading.connection->get(), &exported, &converted));
  reading.types.reset(converted);
  if (exported.release != nullptr) exported.release(&exported);
  if (error != nullptr) return bug(duckdb().error_data_message(error.get()));
  return {};
}

void init(duckdb_init_info info) {
  const Versions& versions = *static_cast<Versions*>(duckdb().init_get_extra_info(info));
  auto reading = std::make_unique<Reading>();
  reading->scanned = *static_cast<ScannedVersion*>(duckdb().init_get_bind_data(info));
  reading->connection = versions->connect();
  if (reading->connection == nullptr)
    return duckdb().init_set_error(info, "the database is closed");
  if (const Status prepared = prepare(*reading, info); !prepared.ok()) {
    return duckdb().init_set_error(info, prepared.error().what.c_str());
  }
  duckdb().init_set_max_threads(info, reading->scanned.scan->part_count());
  duckdb().init_set_init_data(info, reading.release(), delete_as<Reading>);
}

/// The part that one thread reads.
struct Position {
  std::shared_ptr<arrow::RecordBatch> rows;
  int64_t next_row = 0;
};

void init_thread(duckdb_init_info info) {
  duckdb().init_set_init_data(info, new Position(), delete_as<Position>);
}

/// Hands `rows` over to DuckDB.
Status put(Reading& reading, const arrow::RecordBatch& rows, duckdb_data_chunk output) {
  if (!reading.columns.empty()) {
    ArrowArray exported{};
    MILLGATE_ARROW_TRY(arrow::ExportRecordBatch(rows, &exported), "a table version");
    duckdb_data_chunk raw = nullptr;
    const DuckErrorData error(duckdb().data_chunk_from_arrow(reading.connection->get(), &exported,
                                                             reading.types.get(), &raw));
    const DuckChunk chunk(raw);
    if (error != nullptr) return bug(duckdb().error_data_message(error.get()));
    for (size_t i = 0; i < reading.targets.size(); ++i) {
      duckdb().vector_reference_vector(duckdb().data_chunk_get_vector(output, reading.targets[i]),
                                       duckdb().data_chunk_get_vector(chunk.get(), i));
    }
  }
  duckdb().data_chunk_set_size(output, static_cast<idx_t>(rows.num_rows()));
  return {};
}

Status put_next(Reading& reading, Position& position, duckdb_data_chunk output) {
  while (position.rows == nullptr || position.next_row == position.rows->num_rows()) {
    const size_t part = reading.next_part++;
    const ScannedVersion& scanned = reading.scanned;
    if (part >= scanned.scan->part_count()) {
      duckdb().data_chunk_set_size(output, 0);
      return {};
    }
    MILLGATE_ASSIGN(position.rows,
                    scanned.scan->read(part, reading.columns, {.use_threads = false}));
    if (scanned.change != nullptr) {
      MILLGATE_ASSIGN(position.rows, scanned.change->apply(*position.rows));
    }
    position.next_row = 0;
  }
  const auto rows = position.rows->Slice(position.next_row, kChunkRows);
  position.next_row += rows->num_rows();
  return put(reading, *rows, output);
}

void scan_rows(duckdb_function_info info, duckdb_data_chunk output) {
  auto& reading = *static_cast<Reading*>(duckdb().function_get_init_data(info));
  auto& position = *static_cast<Position*>(duckdb().function_get_local_init_data(info));
  const Status done = put_next(reading, position, output);
  if (!done.ok()) duckdb().function_set_error(info, done.error().what.c_str());
}

}  // namespace

std::string ScannedVersions::add(ScannedVersion scanned) {
  const auto change_of = [](const ScannedVersion& one) {
    return one.change == nullptr ? std::string() : one.change->name;
  };
  const std::lock_guard lock(mutex_);
  const auto known = std::find_if(scans_.begin(), scans_.end(), [&](const ScannedVersion& one) {
    return one.scan->version().id == scanned.scan->version().id &&
           change_of(one) == change_of(scanned);
  });
  const auto number = known - scans_.begin();
  if (known == scans_.end()) scans_.push_back(std::move(scanned));
  return "select * from " + std::string(kFunction) + "(" + std::to_string(number) + ")";
}

ScannedVersion ScannedVersions::find(size_t number) const {
  const std::lock_guard lock(mutex_);
  return number < scans_.size() ? scans_[number] : ScannedVersion();
}

std::unique_ptr<DuckConnection> ScannedVersions::connect() const {
  auto database = database_.lock();
  if (database == nullptr) return nullptr;
  auto connection = std::make_unique<DuckConnection>(std::move(database));
  return connection->connect() ? std::move(connection) : nullptr;
}

Status register_version_function(duckdb_connection connection, Versions versions) {
  duckdb_table_function function = duckdb().create_table_function();
  duckdb().table_function_set_name(function, kFunction);
  const DuckType number(duckdb().create_logical_type(DUCKDB_TYPE_BIGINT));
  duckdb().table_function_add_parameter(function, number.get());
  duckdb().table_function_set_extra_info(function, new Versions(std::move(versions)),
                                         delete_as<Versions>);
  duckdb().table_function_set_bind(function, bind);
  duckdb().table_function_set_init(function, init);
  duckdb().table_function_set_local_init(function, init_thread);
  duckdb().table_function_set_function(function, scan_rows);
  duckdb().table_function_supports_projection_pushdown(function, true);
  const duckdb_state done = duckdb().register_table_function(connection, function);
  duckdb().destroy_table_function(&function);
  if (done != DuckDBSuccess) return bug("DuckDB refuses the function over table versions");
  return {};
}

namespace {

/// Parquet knows no lists of fixed size, so a reader of Parquet alone would not say that they are.
bool holds_even_list(const arrow::DataType& type) {
  return type.id() == arrow::Type::FIXED_SIZE_LIST ||
         std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return holds_even_list(*field->type()); });
}

}  // namespace

bool is_plain_parquet(const TableVersion& version) {
  const auto& fields = version.schema->fields();
  if (std::any_of(fields.begin(), fields.end(),
                  [](const auto& field) { return holds_even_list(*field->type()); })) {
    return false;
  }
  const bool no_added = std::all_of(version.segments.begin(), version.segments.end(),
                                    [](const Segment& segment) { return segment.added.empty(); });
  return no_added && version.deltas.empty() && version.widened_names.empty() &&
         version.stored_names == version.schema->field_names();
}

}  // namespace millgate
