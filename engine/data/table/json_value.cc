#include "data/table/json_value.h"

#include <algorithm>

#include "data/table/type_name.h"
#include "ground/json.h"

namespace millgate {

namespace {

using Kind = JsonValue::Kind;

bool is_nested(Kind kind) { return kind == Kind::list || kind == Kind::object; }

/// The name that two members have; null when all differ.
const std::string* repeated_name(const std::vector<JsonValue>& members) {
  constexpr size_t kFew = 32;
  if (members.size() <= kFew) {
    for (size_t i = 1; i < members.size(); ++i) {
      for (size_t k = 0; k < i; ++k) {
        if (members[k].name == members[i].name) return &members[i].name;
      }
    }
    return nullptr;
  }
  std::vector<const std::string*> names;
  names.reserve(members.size());
  for (const JsonValue& member : members) names.push_back(&member.name);
  std::sort(names.begin(), names.end(), [](const auto* a, const auto* b) { return *a < *b; });
  const auto found = std::adjacent_find(names.begin(), names.end(),
                                        [](const auto* a, const auto* b) { return *a == *b; });
  return found == names.end() ? nullptr : *found;
}

/// Receives the events of nlohmann's parser.
class ValueHandler {
 public:
  explicit ValueHandler(JsonValue& root) : root_(root) {}

  [[nodiscard]] const std::string& fault() const { return fault_; }

  bool null() { return add(Kind::null), true; }
  bool boolean(bool given) {
    add(Kind::boolean).boolean = given;
    return true;
  }
  bool number_integer(int64_t given) {
    add(Kind::integer).integer = given;
    return true;
  }
  bool number_unsigned(uint64_t given) {
    if (given <= INT64_MAX) return number_integer(static_cast<int64_t>(given));
    return number_float(static_cast<double>(given), std::to_string(given));
  }
  bool number_float(double given, const std::string& text) {
    const bool whole = text.find_first_of(".eE") == std::string::npos;
    JsonValue& value = add(whole ? Kind::big_integer : Kind::number);
    value.number = given;
    value.text = text;
    return true;
  }
  bool string(std::string& text) {
    add(Kind::text).text = std::move(text);
    return true;
  }
  bool binary(Json::binary_t&) { return refuse("it holds binary data"); }
  bool start_object(size_t) { return open(Kind::object); }
  bool start_array(size_t) { return open(Kind::list); }
  bool key(std::string& name) {
    name_ = std::move(name);
    return true;
  }
  bool end_array() { return close(); }
  bool end_object() {
    JsonValue& object = *open_.back().value;
    object.items.resize(open_.back().count);
    if (const std::string* name = repeated_name(object.items)) {
      return refuse("it names field `" + *name + "` twice");
    }
    return close();
  }
  bool parse_error(size_t byte, const std::string&, const nlohmann::detail::exception&) {
    return refuse("it is not JSON at byte " + std::to_string(byte));
  }

 private:
  /// A list or object that goes on.
  struct Open {
    JsonValue* value;
    size_t count = 0;  ///< Of its items so far; behind them stand those of a value before.
  };
  JsonValue& add(Kind kind) {
    JsonValue* value = &root_;
    if (!open_.empty()) {
      auto& [parent, count] = open_.back();
      if (count == parent->items.size()) parent->items.emplace_back();
      value = &parent->items[count++];
      if (parent->kind == Kind::object) value->name = name_;
    }
    value->kind = kind;
    if (!is_nested(kind)) value->items.clear();
    return *value;
  }
  bool open(Kind kind) {
    if (open_.size() > kTypeLevelsMax) {
      return refuse("it is nested more than " + std::to_string(kTypeLevelsMax) + " levels deep");
    }
    open_.push_back({.value = &add(kind)});
    return true;
  }
  bool close() {
    open_.back().value->items.resize(open_.back().count);
    open_.pop_back();
    return true;
  }
  bool refuse(std::string why) {
    if (fault_.empty()) fault_ = std::move(why);
    return false;
  }

  JsonValue& root_;
  std::vector<Open> open_;
  std::string name_;
  std::string fault_;
};

Json json_of(const JsonValue& value) {
  switch (value.kind) {
    case Kind::null:
      return nullptr;
    case Kind::boolean:
      return value.boolean;
    case Kind::integer:
      return value.integer;
    case Kind::number:
    case Kind::big_integer:
      return value.number;
    case Kind::text:
      return value.text;
    case Kind::list: {
      Json list = Json::array();
      for (const JsonValue& item : value.items) list.push_back(json_of(item));
      return list;
    }
    case Kind::object: {
      Json object = Json::object();
      for (const JsonValue& member : value.items) object[member.name] = json_of(member);
      return object;
    }
  }
  return nullptr;
}

}  // namespace

std::string parse_json_value(std::string_view text, JsonValue& value) {
  ValueHandler handler(value);
  const bool good = Json::sax_parse(text.begin(), text.end(), &handler);
  if (good || !handler.fault().empty()) return handler.fault();
  return "it is not JSON";
}

std::string json_text(const JsonValue& value) {
  if (value.kind == Kind::number || value.kind == Kind::big_integer) return value.text;
  return dump_json(json_of(value));
}

}  // namespace millgate
