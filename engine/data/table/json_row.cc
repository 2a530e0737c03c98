#include "data/table/json_row.h"

namespace millgate {

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
  std::string fault = parse_json_value(text, row_);
  if (fault.empty() && row_.kind != JsonValue::Kind::object) {
    const bool list = row_.kind == JsonValue::Kind::list;
    fault = std::string(list ? "it is a list" : "it is a value") + ", not an object";
  }
  if (fault.empty()) return {};
  return Error{.code = ErrorCode::invalid_input,
               .what = "`" + path_ + "`: line " + std::to_string(line_) + ": " + fault,
               .where = where(),
               .hint = "each line holds one JSON object"};
}

std::string JsonRows::where() const { return path_ + ":" + std::to_string(line_); }

}  // namespace millgate
