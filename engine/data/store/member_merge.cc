#include "data/store/member_merge.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <map>
#include <optional>
#include <string>

#include "data/table/arrow_result.h"
#include "data/table/cell_compare.h"
#include "data/table/row_key.h"

namespace millgate {

namespace {

/// A part on one side; no cells: the side has no such entry.
struct Part {
  std::shared_ptr<arrow::Array> cells = {};
  int64_t row = 0;
};

bool is_there(const Part& part) { return part.cells != nullptr && part.cells->IsValid(part.row); }

bool same(const Part& one, const Part& other) {
  if (one.cells == nullptr || other.cells == nullptr) return one.cells == other.cells;
  return cells_equal(*one.cells, one.row, *other.cells, other.row);
}

/// The key of an entry with the place that it has on each side.
struct Entry {
  Part key;
  Part base;
  Part ours;
  Part theirs;
};

/// Adds the entries of a map, by their key bytes: the order that a table keeps them in.
Status add_entries(const Part& map_part, Part Entry::*side, std::map<std::string, Entry>& entries) {
  const auto& map = static_cast<const arrow::MapArray&>(*map_part.cells);
  const auto schema = arrow::schema({arrow::field("key", map.keys()->type())});
  MILLGATE_ASSIGN(const RowKeyEncoder encoder, RowKeyEncoder::make(*schema, {"key"}));
  const auto keys = arrow::RecordBatch::Make(schema, map.keys()->length(), {map.keys()});
  for (int64_t i = map.value_offset(map_part.row); i < map.value_offset(map_part.row + 1); ++i) {
    std::string bytes;
    encoder.encode_row(*keys, i, bytes);
    Entry& entry = entries[bytes];
    entry.key = {.cells = map.keys(), .row = i};
    entry.*side = {.cells = map.items(), .row = i};
  }
  return {};
}

/// Appends the merged part to a builder of its type.
class PartMerge {
 public:
  /// False on a conflict; then the builder is of no more use.
  Result<bool> put(const Part& base, const Part& ours, const Part& theirs,
                   arrow::ArrayBuilder& out) {
    if (same(ours, theirs) || same(base, theirs)) return copy(ours, out);
    if (same(base, ours)) return copy(theirs, out);
    if (!is_there(base) || !is_there(ours) || !is_there(theirs)) return false;
    if (base.cells->type_id() == arrow::Type::STRUCT) return put_struct(base, ours, theirs, out);
    if (base.cells->type_id() == arrow::Type::MAP) return put_map(base, ours, theirs, out);
    return false;
  }

 private:
  static Result<bool> copy(const Part& part, arrow::ArrayBuilder& out) {
    MILLGATE_ARROW_TRY(out.AppendArraySlice(*part.cells->data(), part.row, 1), "a merged cell");
    return true;
  }
  Result<bool> put_struct(const Part& base, const Part& ours, const Part& theirs,
                          arrow::ArrayBuilder& out) {
    auto& record = static_cast<arrow::StructBuilder&>(out);
    MILLGATE_ARROW_TRY(record.Append(), "a merged cell");
    const auto member = [](const Part& part, int i) {
      return Part{.cells = static_cast<const arrow::StructArray&>(*part.cells).field(i),
                  .row = part.row};
    };
    for (int i = 0; i < record.num_fields(); ++i) {
      MILLGATE_ASSIGN(const bool merged, put(member(base, i), member(ours, i), member(theirs, i),
                                             *record.field_builder(i)));
      if (!merged) return false;
    }
    return true;
  }
  Result<bool> put_map(const Part& base, const Part& ours, const Part& theirs,
                       arrow::ArrayBuilder& out) {
    std::map<std::string, Entry> entries;
    MILLGATE_TRY(add_entries(base, &Entry::base, entries));
    MILLGATE_TRY(add_entries(ours, &Entry::ours, entries));
    MILLGATE_TRY(add_entries(theirs, &Entry::theirs, entries));
    auto& map = static_cast<arrow::MapBuilder&>(out);
    MILLGATE_ARROW_TRY(map.Append(), "a merged cell");
    for (const auto& [bytes, entry] : entries) {
      // An entry that one side took out and the other left alone is gone.
      const Part& kept = same(entry.base, entry.ours) ? entry.theirs : entry.ours;
      const bool decided = same(entry.base, entry.ours) || same(entry.base, entry.theirs) ||
                           same(entry.ours, entry.theirs);
      if (decided && kept.cells == nullptr) continue;
      MILLGATE_ASSIGN(bool merged, copy(entry.key, *map.key_builder()));
      MILLGATE_ASSIGN(merged, put(entry.base, entry.ours, entry.theirs, *map.item_builder()));
      if (!merged) return false;
    }
    return true;
  }
};

Part part_of(const Cell& cell) {
  if (cell.column == nullptr) return {};
  return {.cells = arrow::MakeArray(cell.column->data()), .row = cell.row};
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> merged_members(const Cell& base, const Cell& ours,
                                                     const Cell& theirs) {
  const std::shared_ptr<arrow::Array> none;
  const Part parts[] = {part_of(base), part_of(ours), part_of(theirs)};
  for (const Part& part : parts) {
    if (!is_there(part)) return none;
  }
  const auto id = parts[0].cells->type_id();
  if (id != arrow::Type::STRUCT && id != arrow::Type::MAP) return none;
  MILLGATE_ARROW(const auto builder, arrow::MakeBuilder(parts[0].cells->type()), "a merged cell");
  MILLGATE_ASSIGN(const bool merged, PartMerge().put(parts[0], parts[1], parts[2], *builder));
  if (!merged) return none;
  MILLGATE_ARROW(auto made, builder->Finish(), "a merged cell");
  return made;
}

}  // namespace millgate
