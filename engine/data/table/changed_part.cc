#include "data/table/changed_part.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <set>

#include "data/table/cell_compare.h"
#include "data/table/row_key.h"
#include "data/table/type_name.h"
#include "ground/json.h"

namespace millgate {

namespace {

using Cells = std::shared_ptr<arrow::Array>;

struct Slot {
  Cells cells;
  int64_t row = 0;
};

struct Range {
  Cells items;
  int64_t begin = 0;
  int64_t end = 0;
};

Range items_of(const Slot& slot) {
  if (slot.cells->type_id() == arrow::Type::FIXED_SIZE_LIST) {
    const auto& list = static_cast<const arrow::FixedSizeListArray&>(*slot.cells);
    return {list.values(), list.value_offset(slot.row), list.value_offset(slot.row + 1)};
  }
  const auto& list = static_cast<const arrow::ListArray&>(*slot.cells);
  return {list.values(), list.value_offset(slot.row), list.value_offset(slot.row + 1)};
}

/// Of a map: its values by the texts of their keys.
std::map<std::string, Slot> entries_of(const Slot& slot) {
  const auto& map = static_cast<const arrow::MapArray&>(*slot.cells);
  std::map<std::string, Slot> entries;
  for (int64_t i = map.value_offset(slot.row); i < map.value_offset(slot.row + 1); ++i) {
    entries[value_text(*map.keys(), i)] = {map.items(), i};
  }
  return entries;
}

std::string in_brackets(const std::string& name) { return "[" + dump_json(Json(name)) + "]"; }

std::string member_path(const std::string& name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_';
  });
  return plain ? "." + name : in_brackets(name);
}

class PartsWalk {
 public:
  explicit PartsWalk(size_t parts_max) : parts_max_(parts_max) {}

  /// False when there are too many.
  bool compare(const std::string& path, const Slot& before, const Slot& after) {
    if (before.cells == nullptr || after.cells == nullptr) return add(path, before, after);
    if (cells_equal(*before.cells, before.row, *after.cells, after.row)) return true;
    const bool whole = before.cells->IsNull(before.row) || after.cells->IsNull(after.row);
    if (whole || !is_nested_type(*before.cells->type())) return add(path, before, after);
    switch (before.cells->type_id()) {
      case arrow::Type::STRUCT:
        return compare_members(path, before, after);
      case arrow::Type::MAP:
        return compare_entries(path, before, after);
      default:
        return compare_items(path, before, after);
    }
  }

  std::vector<ChangedPart> take() { return std::move(parts_); }

 private:
  bool add(const std::string& path, const Slot& before, const Slot& after) {
    if (parts_.size() == parts_max_) return false;
    parts_.push_back({.path = path,
                      .before = before.cells,
                      .before_row = before.row,
                      .after = after.cells,
                      .after_row = after.row});
    return true;
  }
  bool compare_items(const std::string& path, const Slot& before, const Slot& after) {
    const Range one = items_of(before);
    const Range other = items_of(after);
    const int64_t length = std::max(one.end - one.begin, other.end - other.begin);
    for (int64_t i = 0; i < length; ++i) {
      const bool in_one = one.begin + i < one.end;
      const bool in_other = other.begin + i < other.end;
      if (!compare(path + "[" + std::to_string(i) + "]",
                   in_one ? Slot{one.items, one.begin + i} : Slot{},
                   in_other ? Slot{other.items, other.begin + i} : Slot{})) {
        return false;
      }
    }
    return true;
  }
  bool compare_members(const std::string& path, const Slot& before, const Slot& after) {
    const auto& one = static_cast<const arrow::StructArray&>(*before.cells);
    const auto& other = static_cast<const arrow::StructArray&>(*after.cells);
    for (int i = 0; i < one.num_fields(); ++i) {
      const std::string& name = one.type()->field(i)->name();
      const Cells member = other.GetFieldByName(name);
      if (!compare(path + member_path(name), {one.field(i), before.row}, {member, after.row})) {
        return false;
      }
    }
    return true;
  }
  bool compare_entries(const std::string& path, const Slot& before, const Slot& after) {
    const auto one = entries_of(before);
    const auto other = entries_of(after);
    std::set<std::string> keys;
    for (const auto& [key, slot] : one) keys.insert(key);
    for (const auto& [key, slot] : other) keys.insert(key);
    const auto find = [](const auto& entries, const std::string& key) {
      const auto found = entries.find(key);
      return found == entries.end() ? Slot{} : found->second;
    };
    return std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
      return compare(path + in_brackets(key), find(one, key), find(other, key));
    });
  }

  size_t parts_max_;
  std::vector<ChangedPart> parts_;
};

}  // namespace

std::optional<std::vector<ChangedPart>> changed_parts(const Cells& before, int64_t before_row,
                                                      const Cells& after, int64_t after_row,
                                                      size_t parts_max) {
  if (!is_nested_type(*before->type()) || !before->type()->Equals(*after->type()) ||
      before->IsNull(before_row) || after->IsNull(after_row)) {
    return std::nullopt;
  }
  PartsWalk walk(parts_max);
  if (!walk.compare("", {before, before_row}, {after, after_row})) return std::nullopt;
  return walk.take();
}

}  // namespace millgate
