#include "data/table/type_name.h"

#include <arrow/type.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "data/table/column_type.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

using Type = std::shared_ptr<arrow::DataType>;

bool is_word_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string member_name(const std::string& name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), is_word_letter);
  return plain ? name : dump_json(Json(name));
}

std::string name_of(const arrow::DataType& type, bool ordered) {
  const auto child = [&](int i) { return name_of(*type.field(i)->type(), ordered); };
  switch (type.id()) {
    case arrow::Type::LIST:
      return "list<item: " + child(0) + ">";
    case arrow::Type::FIXED_SIZE_LIST:
      return "fixed_size_list<item: " + child(0) + ">[" +
             std::to_string(static_cast<const arrow::FixedSizeListType&>(type).list_size()) + "]";
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return "map<" + name_of(*map.key_type(), ordered) + ", " +
             name_of(*map.item_type(), ordered) + ">";
    }
    case arrow::Type::STRUCT: {
      std::vector<std::pair<std::string, int>> members;
      members.reserve(static_cast<size_t>(type.num_fields()));
      for (int i = 0; i < type.num_fields(); ++i) members.emplace_back(type.field(i)->name(), i);
      if (ordered) std::sort(members.begin(), members.end());
      std::string text;
      for (const auto& [name, i] : members) {
        text += (text.empty() ? "" : ", ") + member_name(name) + ": " + child(i);
      }
      return "struct<" + text + ">";
    }
    default:
      return type.ToString();
  }
}

std::vector<Type> plain_types() {
  return {arrow::boolean(),
          arrow::int64(),
          arrow::float32(),
          arrow::float64(),
          arrow::utf8(),
          arrow::binary(),
          arrow::date32(),
          arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
          arrow::timestamp(arrow::TimeUnit::MICRO),
          arrow::time64(arrow::TimeUnit::MICRO)};
}

/// Reads one type from left to right; nothing where the text is none.
class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : rest_(text) {}

  Type whole() {
    Type type = any(0);
    return rest_.empty() ? type : nullptr;
  }

 private:
  bool skip(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  std::optional<int> number() {
    int value = 0;
    const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (read.ec != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<size_t>(read.ptr - rest_.data()));
    return value;
  }
  std::optional<std::string> member() {
    size_t end = 0;
    if (rest_.empty() || rest_[0] != '"') {
      while (end < rest_.size() && is_word_letter(rest_[end])) ++end;
      if (end == 0) return std::nullopt;
      std::string name(rest_.substr(0, end));
      rest_.remove_prefix(end);
      return name;
    }
    for (end = 1; end < rest_.size() && rest_[end] != '"'; ++end) end += rest_[end] == '\\' ? 1 : 0;
    if (end >= rest_.size()) return std::nullopt;
    const Json name = Json::parse(rest_.substr(0, end + 1), nullptr, false);
    if (!name.is_string()) return std::nullopt;
    rest_.remove_prefix(end + 1);
    return name.get<std::string>();
  }
  Type any(int level) {
    if (level > kTypeLevelsMax) return nullptr;
    if (skip("list<item: ")) {
      const Type item = any(level + 1);
      return item != nullptr && skip(">") ? arrow::list(arrow::field("item", item)) : nullptr;
    }
    if (skip("fixed_size_list<item: ")) {
      const Type item = any(level + 1);
      if (item == nullptr || !skip(">[")) return nullptr;
      const auto size = number();
      if (!size || *size <= 0 || !skip("]")) return nullptr;
      return arrow::fixed_size_list(arrow::field("item", item), *size);
    }
    if (skip("struct<")) return struct_members(level);
    if (skip("map<")) {
      const Type key = any(level + 1);
      if (key == nullptr || !skip(", ")) return nullptr;
      const Type item = any(level + 1);
      return item != nullptr && skip(">") ? arrow::map(key, item) : nullptr;
    }
    if (skip("decimal128(")) {
      const auto precision = number();
      if (!precision || !skip(", ")) return nullptr;
      const auto scale = number();
      if (!scale || !skip(")")) return nullptr;
      return arrow::Decimal128Type::Make(*precision, *scale).ValueOr(nullptr);
    }
    for (const Type& type : plain_types()) {
      if (skip(type->ToString())) return type;
    }
    return nullptr;
  }
  Type struct_members(int level) {
    arrow::FieldVector members;
    do {
      const auto name = member();
      if (!name || !skip(": ")) return nullptr;
      const Type type = any(level + 1);
      if (type == nullptr) return nullptr;
      members.push_back(arrow::field(*name, type));
    } while (skip(", "));
    return skip(">") ? arrow::struct_(members) : nullptr;
  }

  std::string_view rest_;
};

}  // namespace

std::string type_name(const arrow::DataType& type) { return name_of(type, false); }
std::string ordered_type_name(const arrow::DataType& type) { return name_of(type, true); }

Result<std::shared_ptr<arrow::DataType>> parse_table_type(std::string_view name) {
  const Type type = TypeParser(name).whole();
  // Only what tables hold, and only in one writing.
  const Type held = type == nullptr ? nullptr : table_type_of(*type);
  if (held != nullptr && held->Equals(*type) && type_name(*type) == name) return type;
  std::vector<std::string> names;
  for (const Type& plain : plain_types()) {
    if (plain->id() != arrow::Type::FLOAT) names.push_back(plain->ToString());
  }
  return invalid_input("`" + std::string(name) + "` is no type of a column",
                       name_hint(name, names));
}

bool is_nested_type(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::STRUCT:
    case arrow::Type::MAP:
      return true;
    default:
      return false;
  }
}

}  // namespace millgate
