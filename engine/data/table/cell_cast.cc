#include "data/table/cell_cast.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer_builder.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "data/table/row_key.h"
#include "data/table/type_name.h"
#include "data/table/value_text.h"

namespace millgate {

namespace {

using Cells = std::shared_ptr<arrow::Array>;
using Type = std::shared_ptr<arrow::DataType>;
using Buffer = std::shared_ptr<arrow::Buffer>;

bool is_list(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::FIXED_SIZE_LIST;
}

/// Arrow rounds doubles to floats without a word.
arrow::Status check_floats(const arrow::Array& doubles) {
  const auto& values = static_cast<const arrow::DoubleArray&>(doubles);
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) continue;
    const double value = values.Value(row);
    if (std::isnan(value) || static_cast<double>(static_cast<float>(value)) == value) continue;
    return arrow::Status::Invalid(number_text(value), " is no float");
  }
  return arrow::Status::OK();
}

arrow::Result<Cells> cast_plain(const arrow::Array& column, const Type& type) {
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(type);
  options.allow_time_truncate = true;  // Nanoseconds are dropped, as in text files.
  if (column.type_id() == arrow::Type::DOUBLE && type->id() == arrow::Type::FLOAT) {
    ARROW_RETURN_NOT_OK(check_floats(column));
  }
  if (column.type_id() != arrow::Type::DICTIONARY) {
    return arrow::compute::Cast(column, type, options);
  }
  // Its few values first: Arrow cannot unpack every kind of them.
  const auto& dictionary = static_cast<const arrow::DictionaryArray&>(column);
  Cells values = dictionary.dictionary();
  if (!values->type()->Equals(*type)) {
    ARROW_ASSIGN_OR_RAISE(values, arrow::compute::Cast(*values, type, options));
  }
  const auto& indices = dictionary.indices();
  ARROW_ASSIGN_OR_RAISE(const auto changed,
                        arrow::DictionaryArray::FromArrays(arrow::dictionary(indices->type(), type),
                                                           indices, values));
  return arrow::compute::Cast(*changed, type);
}

/// The bits that say which cells are there, from the first on; null when all are.
arrow::Result<Buffer> validity_of(const arrow::Array& cells) {
  if (cells.null_count() == 0) return Buffer();
  arrow::TypedBufferBuilder<bool> bits;
  ARROW_RETURN_NOT_OK(bits.Reserve(cells.length()));
  for (int64_t row = 0; row < cells.length(); ++row) bits.UnsafeAppend(cells.IsValid(row));
  return bits.Finish();
}

/// The items of the slots of a list, and where each slot begins in them.
struct Slots {
  Cells items;
  Buffer offsets;
};

template <typename ListArray>
arrow::Result<Slots> slots_of(const arrow::Array& cells, const Cells& items) {
  const auto& list = static_cast<const ListArray&>(cells);
  const int64_t first = list.length() == 0 ? 0 : list.value_offset(0);
  const int64_t last = list.length() == 0 ? 0 : list.value_offset(list.length());
  if (last - first > std::numeric_limits<int32_t>::max()) {
    return arrow::Status::Invalid("a batch of rows has ", last - first, " items");
  }
  arrow::TypedBufferBuilder<int32_t> offsets;
  ARROW_RETURN_NOT_OK(offsets.Reserve(list.length() + 1));
  for (int64_t row = 0; row <= list.length(); ++row) {
    offsets.UnsafeAppend(list.length() == 0 ? 0
                                            : static_cast<int32_t>(list.value_offset(row) - first));
  }
  ARROW_ASSIGN_OR_RAISE(auto buffer, offsets.Finish());
  return Slots{.items = items->Slice(first, last - first), .offsets = std::move(buffer)};
}

arrow::Result<Slots> slots_of_list(const arrow::Array& cells) {
  switch (cells.type_id()) {
    case arrow::Type::LIST:
      return slots_of<arrow::ListArray>(cells,
                                        static_cast<const arrow::ListArray&>(cells).values());
    case arrow::Type::LARGE_LIST:
      return slots_of<arrow::LargeListArray>(
          cells, static_cast<const arrow::LargeListArray&>(cells).values());
    case arrow::Type::FIXED_SIZE_LIST:
      return slots_of<arrow::FixedSizeListArray>(
          cells, static_cast<const arrow::FixedSizeListArray&>(cells).values());
    case arrow::Type::LIST_VIEW: {
      ARROW_ASSIGN_OR_RAISE(const auto list, arrow::ListArray::FromListView(
                                                 static_cast<const arrow::ListViewArray&>(cells),
                                                 arrow::default_memory_pool()));
      return slots_of<arrow::ListArray>(*list, list->values());
    }
    case arrow::Type::LARGE_LIST_VIEW: {
      ARROW_ASSIGN_OR_RAISE(
          const auto list,
          arrow::LargeListArray::FromListView(static_cast<const arrow::LargeListViewArray&>(cells),
                                              arrow::default_memory_pool()));
      return slots_of<arrow::LargeListArray>(*list, list->values());
    }
    default:
      return arrow::Status::Invalid("a ", cells.type()->ToString(), " is no list");
  }
}

arrow::Result<Cells> cast_to_list(const Cells& cells, const Type& type) {
  ARROW_ASSIGN_OR_RAISE(Slots slots, slots_of_list(*cells));
  ARROW_ASSIGN_OR_RAISE(const auto items, cast_cells(slots.items, type->field(0)->type()));
  ARROW_ASSIGN_OR_RAISE(auto valid, validity_of(*cells));
  return arrow::MakeArray(arrow::ArrayData::Make(type, cells->length(),
                                                 {std::move(valid), std::move(slots.offsets)},
                                                 {items->data()}, cells->null_count()));
}

/// The items of `slots`, `size` to each slot, nulls where the slot is null.
arrow::Result<Cells> even_items(const arrow::Array& cells, const Slots& slots, int64_t size) {
  const auto* offsets = slots.offsets->data_as<int32_t>();
  arrow::ArrayVector pieces;
  int64_t next = 0;  // The first item that is in no piece yet.
  int64_t end = 0;
  const auto close_piece = [&]() {
    if (end > next) pieces.push_back(slots.items->Slice(next, end - next));
  };
  for (int64_t row = 0; row < cells.length(); ++row) {
    const int64_t length = offsets[row + 1] - offsets[row];
    if (cells.IsNull(row) ? length == size : length == size && offsets[row] == end) {
      end = offsets[row + 1];
      continue;
    }
    close_piece();
    next = end = offsets[row + 1];
    if (cells.IsValid(row)) {
      if (length != size) {
        return arrow::Status::Invalid("a list has ", length, " items instead of ", size);
      }
      next = offsets[row];
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(auto nulls, arrow::MakeArrayOfNull(slots.items->type(), size));
    pieces.push_back(std::move(nulls));
  }
  close_piece();
  if (pieces.size() == 1) return pieces[0];
  if (pieces.empty()) return slots.items->Slice(0, 0);
  return arrow::Concatenate(pieces);
}

arrow::Result<Cells> cast_to_even_list(const Cells& cells, const Type& type) {
  ARROW_ASSIGN_OR_RAISE(const Slots slots, slots_of_list(*cells));
  const int64_t size = static_cast<const arrow::FixedSizeListType&>(*type).list_size();
  ARROW_ASSIGN_OR_RAISE(const auto even, even_items(*cells, slots, size));
  ARROW_ASSIGN_OR_RAISE(const auto items, cast_cells(even, type->field(0)->type()));
  ARROW_ASSIGN_OR_RAISE(auto valid, validity_of(*cells));
  return arrow::MakeArray(arrow::ArrayData::Make(type, cells->length(), {std::move(valid)},
                                                 {items->data()}, cells->null_count()));
}

arrow::Result<Cells> cast_to_map(const Cells& cells, const Type& type) {
  if (cells->type_id() != arrow::Type::MAP) {
    return arrow::Status::Invalid("a ", cells->type()->ToString(), " is no map");
  }
  const auto& from = static_cast<const arrow::MapArray&>(*cells);
  const auto& to = static_cast<const arrow::MapType&>(*type);
  ARROW_ASSIGN_OR_RAISE(const Slots keys, slots_of<arrow::MapArray>(from, from.keys()));
  ARROW_ASSIGN_OR_RAISE(Slots values, slots_of<arrow::MapArray>(from, from.items()));
  ARROW_ASSIGN_OR_RAISE(const auto key_cells, cast_cells(keys.items, to.key_type()));
  ARROW_ASSIGN_OR_RAISE(const auto value_cells, cast_cells(values.items, to.item_type()));
  auto entries = arrow::ArrayData::Make(to.value_type(), key_cells->length(), {nullptr},
                                        {key_cells->data(), value_cells->data()}, 0);
  ARROW_ASSIGN_OR_RAISE(auto valid, validity_of(*cells));
  return arrow::MakeArray(arrow::ArrayData::Make(type, cells->length(),
                                                 {std::move(valid), std::move(values.offsets)},
                                                 {std::move(entries)}, cells->null_count()));
}

arrow::Result<Cells> cast_to_struct(const Cells& cells, const Type& type) {
  if (cells->type_id() != arrow::Type::STRUCT) {
    return arrow::Status::Invalid("a ", cells->type()->ToString(), " is no struct");
  }
  const auto& from = static_cast<const arrow::StructArray&>(*cells);
  std::vector<std::shared_ptr<arrow::ArrayData>> members;
  for (const auto& field : type->fields()) {
    Cells member = from.GetFieldByName(field->name());
    if (member == nullptr) {
      ARROW_ASSIGN_OR_RAISE(member, arrow::MakeArrayOfNull(field->type(), cells->length()));
    }
    ARROW_ASSIGN_OR_RAISE(member, cast_cells(member, field->type()));
    members.push_back(member->data());
  }
  ARROW_ASSIGN_OR_RAISE(auto valid, validity_of(*cells));
  return arrow::MakeArray(arrow::ArrayData::Make(type, cells->length(), {std::move(valid)},
                                                 std::move(members), cells->null_count()));
}

/// Whether all members of `from` are there and can be cast, and `to` has no others.
bool may_cast_members(const arrow::DataType& from, const arrow::DataType& to) {
  const auto& members = static_cast<const arrow::StructType&>(from);
  return from.num_fields() == to.num_fields() &&
         std::all_of(to.fields().begin(), to.fields().end(), [&](const auto& field) {
           const auto member = members.GetFieldByName(field->name());
           return member != nullptr && may_cast(*member->type(), *field->type());
         });
}

bool holds_map(const arrow::DataType& type) {
  return type.id() == arrow::Type::MAP ||
         std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return holds_map(*field->type()); });
}

/// `cells` with other children; `ordered` in place of those that it has, their slices included.
Cells with_children(const arrow::Array& cells, const arrow::ArrayVector& ordered) {
  auto data = cells.data()->Copy();
  for (size_t i = 0; i < ordered.size(); ++i) data->child_data[i] = ordered[i]->data();
  return arrow::MakeArray(data);
}

/// The order of all entries that puts those of each map in the order of their keys.
arrow::Result<std::vector<int64_t>> entry_order(const arrow::MapArray& map) {
  const auto schema = arrow::schema({arrow::field("key", map.keys()->type())});
  const auto encoder = RowKeyEncoder::make(*schema, {"key"});
  if (!encoder.ok()) return arrow::Status::Invalid(encoder.error().what);
  RowKeys keys;
  encoder->encode(*arrow::RecordBatch::Make(schema, map.keys()->length(), {map.keys()}), keys);
  std::vector<int64_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  for (int64_t row = 0; row < map.length(); ++row) {
    if (map.IsNull(row)) continue;
    const auto begin = order.begin() + map.value_offset(row);
    const auto end = order.begin() + map.value_offset(row + 1);
    const auto key = [&](int64_t entry) { return keys[static_cast<size_t>(entry)]; };
    const auto before = [&](int64_t a, int64_t b) { return key(a) < key(b); };
    if (!std::is_sorted(begin, end, before)) std::sort(begin, end, before);
    const auto twice =
        std::adjacent_find(begin, end, [&](int64_t a, int64_t b) { return key(a) == key(b); });
    if (twice != end) {
      return arrow::Status::Invalid("a map has the key ", value_text(*map.keys(), *twice),
                                    " twice");
    }
    if (begin != end && map.keys()->IsNull(*begin)) {
      return arrow::Status::Invalid("a map has a null key");
    }
  }
  return order;
}

arrow::Result<Cells> with_ordered_entries(const Cells& cells) {
  const auto& map = static_cast<const arrow::MapArray&>(*cells);
  ARROW_ASSIGN_OR_RAISE(Cells values, with_ordered_maps(map.items()));
  ARROW_ASSIGN_OR_RAISE(const auto order, entry_order(map));
  Cells keys = map.keys();
  if (!std::is_sorted(order.begin(), order.end())) {
    arrow::Int64Builder builder;
    ARROW_RETURN_NOT_OK(builder.AppendValues(order));
    ARROW_ASSIGN_OR_RAISE(const auto indices, builder.Finish());
    const auto unchecked = arrow::compute::TakeOptions::NoBoundsCheck();
    ARROW_ASSIGN_OR_RAISE(keys, arrow::compute::Take(*keys, *indices, unchecked));
    ARROW_ASSIGN_OR_RAISE(values, arrow::compute::Take(*values, *indices, unchecked));
  }
  const auto& type = static_cast<const arrow::MapType&>(*cells->type());
  auto data = cells->data()->Copy();
  data->child_data[0] = arrow::ArrayData::Make(type.value_type(), keys->length(), {nullptr},
                                               {keys->data(), values->data()}, 0);
  return arrow::MakeArray(data);
}

}  // namespace

bool may_cast(const arrow::DataType& from, const arrow::DataType& to) {
  using arrow::Type;
  if (from.Equals(to)) return true;
  const auto is_number = [](Type::type id) {
    return id == Type::INT64 || id == Type::DOUBLE || id == Type::DECIMAL128;
  };
  if (is_number(from.id()) && is_number(to.id())) return true;
  if (from.id() == Type::FLOAT || to.id() == Type::FLOAT) {
    return from.id() == Type::DOUBLE || to.id() == Type::DOUBLE;
  }
  if (from.id() == Type::DATE32 && to.id() == Type::TIMESTAMP) {
    return static_cast<const arrow::TimestampType&>(to).timezone().empty();
  }
  if (is_list(from) && is_list(to)) {
    const bool even = from.id() == Type::FIXED_SIZE_LIST && to.id() == Type::FIXED_SIZE_LIST;
    return may_cast(*from.field(0)->type(), *to.field(0)->type()) &&
           (!even || static_cast<const arrow::FixedSizeListType&>(from).list_size() ==
                         static_cast<const arrow::FixedSizeListType&>(to).list_size());
  }
  if (from.id() == Type::STRUCT && to.id() == Type::STRUCT) return may_cast_members(from, to);
  if (from.id() == Type::MAP && to.id() == Type::MAP) {
    const auto& one = static_cast<const arrow::MapType&>(from);
    const auto& other = static_cast<const arrow::MapType&>(to);
    return may_cast(*one.key_type(), *other.key_type()) &&
           may_cast(*one.item_type(), *other.item_type());
  }
  return false;
}

arrow::Result<Cells> cast_cells(const Cells& cells, const Type& type) {
  // Names of items and metadata count: what comes out has exactly the type.
  if (cells->type()->Equals(*type, true)) return cells;
  switch (type->id()) {
    case arrow::Type::LIST:
      return cast_to_list(cells, type);
    case arrow::Type::FIXED_SIZE_LIST:
      return cast_to_even_list(cells, type);
    case arrow::Type::MAP:
      return cast_to_map(cells, type);
    case arrow::Type::STRUCT:
      return cast_to_struct(cells, type);
    default:
      return cast_plain(*cells, type);
  }
}

arrow::Result<Cells> with_ordered_maps(const Cells& cells) {
  if (!holds_map(*cells->type())) return cells;
  if (cells->type_id() == arrow::Type::MAP) return with_ordered_entries(cells);
  arrow::ArrayVector children;
  for (const auto& child : cells->data()->child_data) {
    ARROW_ASSIGN_OR_RAISE(auto ordered, with_ordered_maps(arrow::MakeArray(child)));
    children.push_back(std::move(ordered));
  }
  return with_children(*cells, children);
}

}  // namespace millgate
