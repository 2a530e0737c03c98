#include "data/store/column_plan.h"

#include <arrow/type.h>

#include <algorithm>
#include <string>

#include "data/table/value_text.h"

namespace millgate {

namespace {

/// Whether a double holds every integer of the column.
bool fits_double(const TableVersion& version, int column) {
  constexpr int64_t kExact = int64_t{1} << 53;
  if (version.digests.empty()) return false;
  const ColumnStatistics& statistics = version.columns[static_cast<size_t>(column)];
  if (statistics.null_count == version.row_count) return true;
  const auto minimum = integer_from(statistics.minimum);
  const auto maximum = integer_from(statistics.maximum);
  return minimum && maximum && *minimum >= -kExact && *maximum <= kExact;
}

/// Whether every value of `from` is one of `to`; of nested types part by part, where a struct may
/// get members: those are null in what was written before.
bool widens_always(const arrow::DataType& from, const arrow::DataType& to) {
  using arrow::Type;
  if (from.Equals(to)) return true;
  if (from.id() == Type::DATE32) {
    return to.id() == Type::TIMESTAMP &&
           static_cast<const arrow::TimestampType&>(to).timezone().empty();
  }
  if (from.id() == Type::DECIMAL128 && to.id() == Type::DECIMAL128) {
    const auto& narrow = static_cast<const arrow::DecimalType&>(from);
    const auto& wide = static_cast<const arrow::DecimalType&>(to);
    return wide.scale() >= narrow.scale() &&
           wide.precision() - wide.scale() >= narrow.precision() - narrow.scale();
  }
  if (from.id() == Type::FLOAT && to.id() == Type::DOUBLE) return true;
  if (from.id() == Type::LIST || from.id() == Type::FIXED_SIZE_LIST) {
    // Lists of another size are another type; lists of any size hold them all.
    return (to.id() == Type::LIST || from.Equals(to)) &&
           widens_always(*from.field(0)->type(), *to.field(0)->type());
  }
  if (from.id() == Type::MAP && to.id() == Type::MAP) {
    const auto& narrow = static_cast<const arrow::MapType&>(from);
    const auto& wide = static_cast<const arrow::MapType&>(to);
    // Wider keys could stand in another order.
    return narrow.key_type()->Equals(*wide.key_type()) &&
           widens_always(*narrow.item_type(), *wide.item_type());
  }
  if (from.id() == Type::STRUCT && to.id() == Type::STRUCT) {
    const auto& wide = static_cast<const arrow::StructType&>(to);
    return std::all_of(from.fields().begin(), from.fields().end(), [&](const auto& field) {
      const auto member = wide.GetFieldByName(field->name());
      return member != nullptr && widens_always(*field->type(), *member->type());
    });
  }
  return from.id() == Type::STRING && to.id() == Type::BINARY;
}

}  // namespace

bool widens(const TableVersion& version, int column, const arrow::DataType& to) {
  using arrow::Type;
  const arrow::DataType& from = *version.schema->field(column)->type();
  if (from.id() == Type::INT64 && to.id() == Type::DOUBLE) return fits_double(version, column);
  return widens_always(from, to);
}

namespace {

/// `name`, or with "~2", "~3" ... behind it when files may hold another column of that name.
std::string unused_name(const std::string& name, const TableVersion& parent) {
  const auto used = [&](const std::string& candidate) {
    const auto in = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), candidate) != names.end();
    };
    return in(parent.stored_names) || in(parent.retired_names);
  };
  std::string candidate = name;
  for (int i = 2; used(candidate); ++i) candidate = name + "~" + std::to_string(i);
  return candidate;
}

}  // namespace

std::optional<ColumnPlan> plan_columns(const TableVersion& parent,
                                       const std::shared_ptr<arrow::Schema>& schema,
                                       const std::vector<std::string>& key) {
  if (key.empty() || key != parent.key) return std::nullopt;
  ColumnPlan plan;
  plan.next.key = key;
  plan.next.schema = schema;
  plan.next.deltas = parent.deltas;
  plan.kept = parent;
  plan.kept.id = {};
  plan.kept.columns.clear();
  plan.kept.digests.clear();
  plan.kept.logical_hash.reset();
  plan.kept.stored_names.clear();
  arrow::FieldVector kept_fields;
  std::vector<bool> stays(parent.stored_names.size());
  for (const auto& field : schema->fields()) {
    const int before = parent.schema->GetFieldIndex(field->name());
    const bool same = before >= 0 && parent.schema->field(before)->type()->Equals(*field->type());
    const bool is_key = std::find(key.begin(), key.end(), field->name()) != key.end();
    if (is_key && !same) return std::nullopt;
    const bool keep = same || (before >= 0 && widens(parent, before, *field->type()));
    plan.recounted.push_back(!same || parent.digests.empty());
    if (!keep) {
      plan.kept_columns.push_back(-1);
      plan.next.stored_names.push_back(unused_name(field->name(), parent));
      plan.next.digests.emplace_back();
      continue;
    }
    const auto index = static_cast<size_t>(before);
    const auto& widened = parent.widened_names;
    const bool was_widened =
        std::find(widened.begin(), widened.end(), parent.stored_names[index]) != widened.end();
    if (!same || was_widened) plan.next.widened_names.push_back(parent.stored_names[index]);
    stays[index] = true;
    plan.kept_columns.push_back(static_cast<int>(kept_fields.size()));
    kept_fields.push_back(field);
    plan.kept.stored_names.push_back(parent.stored_names[index]);
    plan.next.stored_names.push_back(parent.stored_names[index]);
    plan.next.digests.push_back(parent.digests.empty() ? Id{} : parent.digests[index]);
  }
  plan.kept.schema = arrow::schema(std::move(kept_fields));
  plan.next.retired_names = parent.retired_names;
  for (size_t i = 0; i < stays.size(); ++i) {
    if (!stays[i]) plan.next.retired_names.push_back(parent.stored_names[i]);
  }
  plan.changes_schema = !schema->Equals(*parent.schema, false);
  return plan;
}

}  // namespace millgate
