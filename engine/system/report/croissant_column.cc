#include "system/report/croissant_column.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <charconv>
#include <cstdint>
#include <utility>

namespace millgate {
namespace {

constexpr int64_t kExactInteger = int64_t{1} << 53;  ///< Beyond it a double skips integers.
constexpr int32_t kExactDigits = 15;                 ///< Each such decimal is a double of its own.
constexpr int32_t kIntegerDigits = 19;               ///< Of the largest int64.

bool is_exact(const std::string& text) {
  int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return text.empty() ||
         (read.ec == std::errc() && value >= -kExactInteger && value <= kExactInteger);
}

void choose_decimal(const arrow::DecimalType& type, CroissantColumn& column) {
  column.note = "a decimal of " + std::to_string(type.precision()) + " digits, " +
                std::to_string(type.scale()) + " of them behind the point";
  if (type.scale() == 0) {
    column.data_type = "sc:Integer";
  } else if (type.precision() <= kExactDigits) {
    column.data_type = "sc:Float";
  } else {
    column.data_type = "sc:Text";
    column.stored = arrow::utf8();
    column.note += ", written as text so that none is lost";
  }
}

Status choose(const arrow::Field& field, const ColumnStatistics& statistics,
              CroissantColumn& column) {
  switch (field.type()->id()) {
    case arrow::Type::BOOL:
      column.data_type = "sc:Boolean";
      return {};
    case arrow::Type::INT64:
      column.data_type = "sc:Integer";
      if (statistics.null_count > 0 &&
          (!is_exact(statistics.minimum) || !is_exact(statistics.maximum))) {
        column.stored = arrow::decimal128(kIntegerDigits, 0);
        column.note = "goes past 2^53 and lacks values: stored as a decimal without a fraction";
      }
      return {};
    case arrow::Type::DOUBLE:
      column.data_type = "sc:Float";
      return {};
    case arrow::Type::STRING:
      column.data_type = "sc:Text";
      return {};
    case arrow::Type::BINARY:
      column.data_type = "sc:Text";
      column.note = "bytes, not text";
      return {};
    case arrow::Type::DATE32:
      column.data_type = "sc:Date";
      return {};
    case arrow::Type::TIMESTAMP:
      column.data_type = "sc:DateTime";
      if (static_cast<const arrow::TimestampType&>(*field.type()).timezone().empty()) {
        column.note = "a time on the wall, without a zone";
      }
      return {};
    case arrow::Type::TIME64:
      column.data_type = "sc:Time";
      return {};
    case arrow::Type::DECIMAL128:
      choose_decimal(static_cast<const arrow::DecimalType&>(*field.type()), column);
      return {};
    default:
      return invalid_input("column `" + field.name() + "` is of type " + field.type()->ToString() +
                               ", which Croissant does not have",
                           "export a table without it, or with its members as columns: `millgate "
                           "commit --table NAME --query \"select ... from ...\"`");
  }
}

Status choose_any(const arrow::Field& field, const ColumnStatistics& statistics,
                  CroissantColumn& column);

/// Of a struct, what its members are. Their statistics are not kept, so integers stay integers.
Status choose_members(const arrow::Field& field, CroissantColumn& column) {
  arrow::FieldVector stored;
  for (const auto& member : field.type()->fields()) {
    CroissantColumn chosen;
    chosen.name = member->name();
    chosen.stored = member->type();
    const auto named = arrow::field(field.name() + "." + member->name(), member->type());
    MILLGATE_TRY(choose_any(*named, {}, chosen));
    stored.push_back(arrow::field(member->name(), chosen.stored));
    column.members.push_back(std::move(chosen));
  }
  column.stored = arrow::struct_(stored);
  return {};
}

/// Of a list, what its items are.
Status choose_list(const arrow::Field& field, CroissantColumn& column) {
  const auto& list = static_cast<const arrow::BaseListType&>(*field.type());
  column.repeated = true;
  column.stored = list.value_type();
  const auto item = arrow::field(field.name(), list.value_type());
  switch (item->type()->id()) {
    case arrow::Type::FLOAT:
      column.data_type = "sc:Float";
      break;
    case arrow::Type::STRUCT:
      MILLGATE_TRY(choose_members(*item, column));
      break;
    default:
      MILLGATE_TRY(choose(*item, {}, column));
  }
  column.stored =
      column.stored->Equals(list.value_type()) ? field.type() : arrow::list(column.stored);
  return {};
}

/// A map as the list of its entries, which lies in memory as the map does.
std::shared_ptr<arrow::DataType> list_of_entries(const arrow::MapType& map) {
  return arrow::list(arrow::struct_(
      {arrow::field("key", map.key_type()), arrow::field("value", map.item_type())}));
}

Status choose_any(const arrow::Field& field, const ColumnStatistics& statistics,
                  CroissantColumn& column) {
  switch (field.type()->id()) {
    case arrow::Type::LIST:
    case arrow::Type::FIXED_SIZE_LIST:
      return choose_list(field, column);
    case arrow::Type::STRUCT:
      return choose_members(field, column);
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*field.type());
      column.note = "a map, as the list of its entries";
      return choose_list(*field.WithType(list_of_entries(map)), column);
    }
    default:
      return choose(field, statistics, column);
  }
}

/// The same cells with each map, at any depth, as the list of its entries.
std::shared_ptr<arrow::ArrayData> without_maps(const arrow::ArrayData& cells) {
  auto plain = cells.Copy();
  for (auto& child : plain->child_data) child = without_maps(*child);
  arrow::FieldVector fields = cells.type->fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    fields[i] = fields[i]->WithType(plain->child_data[i]->type);
  }
  switch (cells.type->id()) {
    case arrow::Type::MAP: {
      const auto& entries = *plain->child_data[0]->type;
      plain->child_data[0]->type =
          arrow::struct_({arrow::field("key", entries.field(0)->type()),
                          arrow::field("value", entries.field(1)->type())});
      plain->type = arrow::list(plain->child_data[0]->type);
      break;
    }
    case arrow::Type::STRUCT:
      plain->type = arrow::struct_(fields);
      break;
    case arrow::Type::LIST:
      plain->type = arrow::list(fields[0]);
      break;
    default:
      break;
  }
  return plain;
}

class StoredRows final : public arrow::RecordBatchReader {
 public:
  StoredRows(std::shared_ptr<arrow::RecordBatchReader> rows,
             const std::vector<CroissantColumn>& columns)
      : rows_(std::move(rows)) {
    arrow::FieldVector fields;
    for (const CroissantColumn& column : columns) {
      fields.push_back(arrow::field(column.name, column.stored));
    }
    schema_ = arrow::schema(std::move(fields));
  }

  [[nodiscard]] std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(rows_->ReadNext(batch));
    if (*batch == nullptr) return arrow::Status::OK();
    arrow::ArrayVector columns = (*batch)->columns();
    for (int i = 0; i < schema_->num_fields(); ++i) {
      auto& column = columns[static_cast<size_t>(i)];
      const auto& type = schema_->field(i)->type();
      if (column->type()->Equals(*type)) continue;
      const auto plain = arrow::MakeArray(without_maps(*column->data()));
      ARROW_ASSIGN_OR_RAISE(column, arrow::compute::Cast(*plain, type));
    }
    *batch = arrow::RecordBatch::Make(schema_, (*batch)->num_rows(), std::move(columns));
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> rows_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

Result<std::vector<CroissantColumn>> croissant_columns(const TableVersion& version) {
  std::vector<CroissantColumn> columns;
  for (int i = 0; i < version.schema->num_fields(); ++i) {
    const arrow::Field& field = *version.schema->field(i);
    CroissantColumn column;
    column.name = field.name();
    column.stored = field.type();
    MILLGATE_TRY(choose_any(field, version.columns.at(static_cast<size_t>(i)), column));
    columns.push_back(std::move(column));
  }
  return columns;
}

std::shared_ptr<arrow::RecordBatchReader> stored_rows(
    std::shared_ptr<arrow::RecordBatchReader> rows, const std::vector<CroissantColumn>& columns) {
  return std::make_shared<StoredRows>(std::move(rows), columns);
}

}  // namespace millgate
