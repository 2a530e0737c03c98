#include "data/table/json_row.h"

#include "ground/json.h"

namespace millgate {

namespace {

/// Receives the events of nlohmann's parser and keeps the fields of one flat object.
class RowHandler {
 public:
  explicit RowHandler(std::vector<JsonField>& fields) : fields_(fields) {}

  /// Why the line was refused; empty when it was not.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] size_t count() const { return count_; }

  bool null() { return value(JsonField::Kind::null) != nullptr; }
  bool boolean(bool given) {
    JsonField* field = value(JsonField::Kind::boolean);
    if (field != nullptr) field->boolean = given;
    return field != nullptr;
  }
  bool number_integer(int64_t given) {
    JsonField* field = value(JsonField::Kind::integer);
    if (field != nullptr) field->integer = given;
    return field != nullptr;
  }
  bool number_unsigned(uint64_t given) {
    if (given <= INT64_MAX) return number_integer(static_cast<int64_t>(given));
    return big_integer(std::to_string(given));
  }
  bool number_float(double given, const std::string& text) {
    if (text.find_first_of(".eE") == std::string::npos) return big_integer(text);
    JsonField* field = value(JsonField::Kind::number);
    if (field == nullptr) return false;
    field->number = given;
    field->text = text;
    return true;
  }
  bool string(std::string& text) {
    JsonField* field = value(JsonField::Kind::text);
    if (field != nullptr) field->text = std::move(text);
    return field != nullptr;
  }
  bool binary(Json::binary_t&) { return refuse("it holds binary data"); }
  bool start_object(size_t) {
    if (inside_) return refuse("field `" + name_ + "` holds an object");
    inside_ = true;
    return true;
  }
  bool key(std::string& name) {
    name_ = std::move(name);
    return true;
  }
  bool end_object() { return true; }
  bool start_array(size_t) {
    return refuse(inside_ ? "field `" + name_ + "` holds a list" : "it is a list, not an object");
  }
  bool end_array() { return true; }
  bool parse_error(size_t byte, const std::string&, const nlohmann::detail::exception&) {
    return refuse("it is not JSON at byte " + std::to_string(byte));
  }

 private:
  bool big_integer(std::string text) {
    JsonField* field = value(JsonField::Kind::big_integer);
    if (field != nullptr) field->text = std::move(text);
    return field != nullptr;
  }
  /// The field for the value that just came; its memory is reused from line to line.
  JsonField* value(JsonField::Kind kind) {
    if (!inside_) {
      refuse("it is a value, not an object");
      return nullptr;
    }
    for (size_t i = 0; i < count_; ++i) {
      if (fields_[i].name == name_) {
        refuse("it names field `" + name_ + "` twice");
        return nullptr;
      }
    }
    if (count_ == fields_.size()) fields_.emplace_back();
    JsonField& field = fields_[count_++];
    field.name = name_;
    field.kind = kind;
    return &field;
  }
  bool refuse(std::string why) {
    if (fault_.empty()) fault_ = std::move(why);
    return false;
  }

  std::vector<JsonField>& fields_;
  size_t count_ = 0;
  bool inside_ = false;
  std::string name_;
  std::string fault_;
};

}  // namespace

Result<JsonRows> JsonRows::open(const std::string& path) {
  MILLGATE_ASSIGN(TextStream stream, TextStream::open(path));
  return JsonRows(path, std::move(stream));
}

Result<bool> JsonRows::next() {
  while (true) {
    std::string_view text;
    MILLGATE_ASSIGN(const bool more, next_line(text));
    if (!more) return false;
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    MILLGATE_TRY(parse(text));
    return true;
  }
}

Result<bool> JsonRows::next_line(std::string_view& text) {
  stream_.take(taken_);
  taken_ = 0;
  size_t end = std::string_view::npos;
  while ((end = stream_.rest().find('\n')) == std::string_view::npos && !stream_.at_end()) {
    MILLGATE_TRY(stream_.read_more());
  }
  text = stream_.rest();
  if (text.empty()) return false;
  taken_ = end == std::string_view::npos ? text.size() : end + 1;
  text = text.substr(0, end);
  row_bytes_ = taken_;
  ++line_;
  return true;
}

Status JsonRows::parse(std::string_view text) {
  if (invalid_utf8_at(text) != std::string_view::npos) return invalid_utf8_error(path_, line_);
  RowHandler handler(fields_);
  const bool good = Json::sax_parse(text.begin(), text.end(), &handler);
  if (!good || !handler.fault().empty()) {
    return Error{.code = ErrorCode::invalid_input,
                 .what = "`" + path_ + "`: line " + std::to_string(line_) + ": " + handler.fault(),
                 .where = where(),
                 .hint = "each line holds one JSON object of plain values"};
  }
  fields_.resize(handler.count());
  return {};
}

std::string JsonRows::where() const { return path_ + ":" + std::to_string(line_); }

}  // namespace millgate
