#include "data/git/row_text.h"

#include <algorithm>
#include <utility>

#include "data/table/csv_record.h"
#include "ground/file_store.h"
#include "ground/json.h"

namespace millgate {

namespace {

/// What ends the lines of a file: that of the first line.
std::string first_line_end(std::string_view text) {
  const size_t at = text.find_first_of("\r\n");
  if (at == std::string_view::npos || text[at] == '\n') return "\n";
  return at + 1 < text.size() && text[at + 1] == '\n' ? "\r\n" : "\r";
}

bool ends_line(std::string_view text) {
  return text.empty() || text.back() == '\n' || text.back() == '\r';
}

class CsvText final : public RowText {
 public:
  static Result<std::unique_ptr<RowText>> read(const std::string& path, char delimiter) {
    MILLGATE_ASSIGN(const std::string bytes, read_file(path));
    MILLGATE_ASSIGN(CsvRecords records, CsvRecords::open(path, delimiter));
    auto text = std::make_unique<CsvText>();
    text->delimiter_ = delimiter;
    text->line_end_ = first_line_end(bytes);
    text->ends_with_line_end_ = ends_line(bytes);
    text->has_byte_order_mark_ = bytes.starts_with("\xEF\xBB\xBF");
    bool is_header = true;
    while (true) {
      MILLGATE_ASSIGN(const bool more, records.next());
      if (!more) return std::unique_ptr<RowText>(std::move(text));
      const auto& fields = records.fields();
      const bool is_empty = fields.size() == 1 && fields[0].text.empty() && !fields[0].quoted;
      if (is_empty && text->names_.size() > 1) continue;
      std::vector<std::string> cells;
      cells.reserve(fields.size());
      for (const CsvField& field : fields) cells.push_back(written(field));
      if (is_header) {
        for (size_t i = 0; i < fields.size(); ++i) {
          text->places_[std::string(fields[i].text)] = i;
          text->names_.emplace_back(fields[i].text);
        }
        text->header_ = std::move(cells);
        is_header = false;
      } else {
        cells.resize(text->names_.size());
        text->rows_.push_back(std::move(cells));
      }
    }
  }

  [[nodiscard]] size_t row_count() const override { return rows_.size(); }

  [[nodiscard]] CellText cell(size_t row, const std::string& column) const override {
    const auto place = places_.find(column);
    if (place == places_.end()) return std::nullopt;
    return rows_[row][place->second];
  }

  [[nodiscard]] std::string header(const std::vector<std::string>& columns) const override {
    std::string text = has_byte_order_mark_ ? "\xEF\xBB\xBF" : "";
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text += delimiter_;
      const auto place = places_.find(columns[i]);
      text += place != places_.end()
                  ? header_[place->second]
                  : written({.text = columns[i], .quoted = must_quote(columns[i])});
    }
    return text + line_end_;
  }

  [[nodiscard]] std::string line(size_t row, const std::vector<std::string>& columns,
                                 const std::map<std::string, CellText>& cells) const override {
    std::string text;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text += delimiter_;
      const auto given = cells.find(columns[i]);
      text +=
          given != cells.end() ? given->second.value_or("") : cell(row, columns[i]).value_or("");
    }
    return text + line_end_;
  }

 private:
  /// A field as it stands in the file: without text after a closing quote there is one way only.
  static std::string written(const CsvField& field) {
    if (!field.quoted) return std::string(field.text);
    std::string text = "\"";
    for (const char c : field.text) {
      if (c == '"') text += '"';
      text += c;
    }
    return text + '"';
  }
  [[nodiscard]] bool must_quote(const std::string& name) const {
    return name.find_first_of(std::string("\"\r\n") + delimiter_) != std::string::npos;
  }

  char delimiter_ = ',';
  bool has_byte_order_mark_ = false;
  std::vector<std::string> names_;
  std::vector<std::string> header_;  ///< As written.
  std::map<std::string, size_t> places_;
  std::vector<std::vector<std::string>> rows_;
};

/// A member of an object: where its value stands in the line.
struct JsonMember {
  std::string name;
  size_t begin = 0;
  size_t end = 0;
};

size_t string_end(std::string_view line, size_t at) {
  for (++at; at < line.size() && line[at] != '"'; ++at) {
    if (line[at] == '\\') ++at;
  }
  return std::min(at + 1, line.size());
}

size_t skip_spaces(std::string_view line, size_t at) {
  while (at < line.size() && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r')) ++at;
  return at;
}

/// The members of a line that is an object of plain values, which table/json_row.h has proved.
std::vector<JsonMember> members_of(std::string_view line) {
  std::vector<JsonMember> members;
  size_t at = line.find('{');
  if (at == std::string_view::npos) return members;
  ++at;
  while (true) {
    at = skip_spaces(line, at);
    if (at < line.size() && line[at] == ',') at = skip_spaces(line, at + 1);
    if (at >= line.size() || line[at] != '"') return members;
    const size_t name_end = string_end(line, at);
    const Json name = Json::parse(line.substr(at, name_end - at), nullptr, false);
    JsonMember member;
    if (name.is_string()) member.name = name.get<std::string>();
    at = skip_spaces(line, name_end);
    if (at < line.size() && line[at] == ':') ++at;
    member.begin = skip_spaces(line, at);
    if (member.begin < line.size() && line[member.begin] == '"') {
      member.end = string_end(line, member.begin);
    } else {
      member.end = std::min(line.find_first_of(",} \t\r", member.begin), line.size());
    }
    at = member.end;
    members.push_back(std::move(member));
  }
}

class JsonLinesText final : public RowText {
 public:
  static Result<std::unique_ptr<RowText>> read(const std::string& path) {
    MILLGATE_ASSIGN(const std::string bytes, read_file(path));
    std::string_view rest = bytes;
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    auto text = std::make_unique<JsonLinesText>();
    text->line_end_ = first_line_end(rest) == "\r\n" ? "\r\n" : "\n";
    text->ends_with_line_end_ = ends_line(rest);
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      text->rows_.emplace_back(line);
      text->members_.push_back(members_of(line));
    }
    return std::unique_ptr<RowText>(std::move(text));
  }

  [[nodiscard]] size_t row_count() const override { return rows_.size(); }

  [[nodiscard]] CellText cell(size_t row, const std::string& column) const override {
    for (const JsonMember& member : members_[row]) {
      if (member.name == column) return rows_[row].substr(member.begin, member.end - member.begin);
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string header(const std::vector<std::string>&) const override { return {}; }

  [[nodiscard]] std::string line(size_t row, const std::vector<std::string>& columns,
                                 const std::map<std::string, CellText>& cells) const override {
    const std::string& was = rows_[row];
    const std::vector<JsonMember>& members = members_[row];
    const auto stays = [&](const std::string& name) {
      return std::find(columns.begin(), columns.end(), name) != columns.end();
    };
    if (std::any_of(members.begin(), members.end(),
                    [&](const JsonMember& member) { return !stays(member.name); })) {
      return rebuilt(row, columns, cells);
    }
    std::string text;
    size_t at = 0;
    std::map<std::string, CellText> left = cells;
    for (const JsonMember& member : members) {
      const auto given = left.find(member.name);
      if (given == left.end()) continue;
      text += was.substr(at, member.begin - at) + given->second.value_or("null");
      at = member.end;
      left.erase(given);
    }
    std::string added;
    for (const std::string& name : columns) {
      const auto given = left.find(name);
      if (given == left.end() || !given->second) continue;
      added += (members.empty() && added.empty() ? "" : ", ") + Json(name).dump() + ": " +
               *given->second;
    }
    const size_t end = members.empty() ? was.find('{') + 1 : members.back().end;
    text += was.substr(at, end - at) + added + was.substr(end);
    return text + line_end_;
  }

 private:
  /// A line without some of its members.
  [[nodiscard]] std::string rebuilt(size_t row, const std::vector<std::string>& columns,
                                    const std::map<std::string, CellText>& cells) const {
    std::string text;
    for (const std::string& name : columns) {
      const auto given = cells.find(name);
      const CellText value = given != cells.end() ? given->second : cell(row, name);
      if (!value) continue;
      text += (text.empty() ? "" : ", ") + Json(name).dump() + ": " + *value;
    }
    return "{" + text + "}" + line_end_;
  }

  std::vector<std::string> rows_;  ///< Without their line ends.
  std::vector<std::vector<JsonMember>> members_;
};

}  // namespace

Result<std::unique_ptr<RowText>> read_row_text(FileFormat format, const std::string& path) {
  switch (format) {
    case FileFormat::csv:
      return CsvText::read(path, ',');
    case FileFormat::tsv:
      return CsvText::read(path, '\t');
    case FileFormat::json_lines:
      return JsonLinesText::read(path);
    case FileFormat::parquet:
      break;
  }
  return invalid_input("`" + path + "` is no text");
}

}  // namespace millgate
