#include "data/table/about.h"

#include <map>
#include <string_view>

#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kColumns = "columns";

/// Spellings that would be kept and never found by who looks for the name.
const std::map<std::string_view, std::string_view>& spellings() {
  static const std::map<std::string_view, std::string_view> known = {{"license", "licence"},
                                                                     {"labeled_by", "labelled_by"},
                                                                     {"authors", "author"},
                                                                     {"cite_as", "citation"}};
  return known;
}

Result<About::Texts> read_column(Section& columns, const std::string& name) {
  auto text = columns.text(name);
  if (text.ok()) return About::Texts{{"description", *std::move(text)}};
  MILLGATE_ASSIGN(Section section, columns.section(name));
  MILLGATE_ASSIGN(About::Texts texts, section.all_texts());
  MILLGATE_TRY(section.finish());
  return texts;
}

Json to_json(const About::Texts& texts) {
  Json json = Json::object();
  for (const auto& [name, text] : texts) json[name] = text;
  return json;
}

}  // namespace

Result<About> read_about(Section& section) {
  About about;
  MILLGATE_ASSIGN(Section texts, section.section("about"));
  for (const std::string& name : texts.keys()) {
    if (const auto other = spellings().find(name); other != spellings().end()) {
      const std::string right(other->second);
      return texts.error_at(name, "`" + name + "` in `about` is called `" + right + "`",
                            "write `" + right + "`, which the datasheet and other programs know");
    }
    if (name != kColumns) {
      MILLGATE_ASSIGN(std::string text, texts.text(name));
      about.texts.emplace_back(name, std::move(text));
      continue;
    }
    MILLGATE_ASSIGN(Section columns, texts.section(name));
    for (const std::string& column : columns.keys()) {
      MILLGATE_ASSIGN(About::Texts of_column, read_column(columns, column));
      about.columns.emplace_back(column, std::move(of_column));
    }
    MILLGATE_TRY(columns.finish());
  }
  MILLGATE_TRY(texts.finish());
  return about;
}

Json to_json(const About& about) {
  Json json = to_json(about.texts);
  for (const auto& [column, texts] : about.columns) json[kColumns][column] = to_json(texts);
  return json;
}

}  // namespace millgate
