#include "data/query/sql_error.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "ground/json.h"
#include "ground/nearest_name.h"
#include "ground/source_text.h"

namespace millgate {

namespace {

std::string first_line(std::string_view text) {
  std::string line(text.substr(0, text.find('\n')));
  while (line.ends_with('!') || line.ends_with(' ') || line.ends_with('.')) line.pop_back();
  return line;
}

std::string member(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

ErrorCode code_of(const std::string& type) {
  if (type == "Permission") return ErrorCode::refused;
  if (type == "IO" || type == "HTTP" || type == "Out of Memory" || type == "Interrupt") {
    return ErrorCode::outside;
  }
  if (type == "INTERNAL" || type == "FATAL") return ErrorCode::bug;
  return ErrorCode::invalid_input;
}

/// Names that DuckDB offers, without those of its own catalogue.
std::vector<std::string> candidates_of(const Json& json) {
  const std::string subtype = member(json, "error_subtype");
  if (subtype != "COLUMN_NOT_FOUND" && subtype != "MISSING_ENTRY") return {};
  std::vector<std::string> names;
  std::string_view rest = json.find("candidates") == json.end()
                              ? std::string_view()
                              : json.find("candidates")->get_ref<const std::string&>();
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    std::string_view name = rest.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    const bool internal = name.starts_with("pg_") || name.starts_with("duckdb_") ||
                          name.starts_with("sqlite_") || name.starts_with("pragma_") ||
                          name.starts_with("information_schema");
    if (!name.empty() && !internal) names.emplace_back(name);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return names;
}

std::string hint_of(const Json& json, ErrorCode code) {
  if (code == ErrorCode::refused) return "this SQL may read the tables of the project only";
  if (code == ErrorCode::bug) return "this is a fault of the SQL engine; please report it";
  const std::vector<std::string> names = candidates_of(json);
  if (names.empty()) return {};
  if (const auto nearest = nearest_name(member(json, "name"), names)) {
    return "did you mean `" + *nearest + "`?";
  }
  std::string hint = names.size() == 1 ? "did you mean " : "did you mean one of ";
  for (size_t i = 0; i < names.size(); ++i) hint += (i == 0 ? "`" : ", `") + names[i] + "`";
  return hint + "?";
}

std::optional<size_t> offset_of(const Json& json, std::string_view sql) {
  const std::string position = member(json, "position");
  size_t offset = 0;
  const auto [end, fault] =
      std::from_chars(position.data(), position.data() + position.size(), offset);
  if (position.empty() || fault != std::errc() || offset > sql.size()) return std::nullopt;
  return offset;
}

Place place_of(std::string_view text, size_t offset) {
  Place place{1, 1};
  for (size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      place = {place.line + 1, 1};
    } else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
      ++place.column;
    }
  }
  return place;
}

}  // namespace

SqlError read_sql_error(std::string_view message, std::string_view sql) {
  const size_t brace = std::min(message.find('{'), message.size());
  const auto json = parse_json(message.substr(brace), "error of DuckDB");
  if (!json.ok() || !json->is_object()) {
    return {invalid_input("SQL: " + first_line(message)), std::nullopt};
  }
  Error error{.code = code_of(member(*json, "exception_type")),
              .what = "SQL: " + first_line(member(*json, "exception_message"))};
  error.hint = hint_of(*json, error.code);
  const std::optional<size_t> offset = offset_of(*json, sql);
  if (offset) {
    const std::string name = member(*json, "name");
    const bool named = !name.empty() && sql.substr(*offset, name.size()) == name;
    error = at_sql_place(std::move(error), sql, *offset, named ? name.size() : 1);
  }
  return {std::move(error), offset};
}

Error at_sql_place(Error error, std::string_view sql, size_t offset, size_t length) {
  const SourceText source("SQL", std::string(sql));
  const Place begin = place_of(sql, offset);
  error.where = source.where(begin);
  error.excerpt = source.excerpt(begin, place_of(sql, offset + std::max<size_t>(length, 1)));
  return error;
}

}  // namespace millgate
