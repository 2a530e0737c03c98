/// A datasheet as sections of facts and tables, before it is text, Markdown or HTML.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "system/report/datasheet.h"

namespace millgate {

/// "Licence": "CC-BY-4.0". Without `text` nobody has said it, and `ask` tells what is asked for.
struct SheetFact {
  std::string term;
  std::string text;
  std::string member;  ///< Of `about`, for what people say; empty: found in the data.
  std::string ask;
};

struct SheetCell {
  std::string text;
  std::string html = {};  ///< In its place on a page; empty: the text.
};

struct SheetTable {
  std::string caption;
  std::vector<std::string> header;
  std::vector<bool> is_number;  ///< By column.
  std::vector<std::vector<SheetCell>> rows;
};

struct SheetSection {
  std::string anchor;  ///< As SheetQuestion names it.
  std::string title;
  std::vector<SheetFact> facts = {};
  std::vector<SheetTable> tables = {};
  std::vector<std::string> remarks = {};  ///< One sentence each.
  std::string code = {};                  ///< Commands, or lines for the project file.
};

/// Motivation, composition, collection, labelling, uses, distribution, checks, maintenance, and
/// what nobody has said, with the lines that would say it.
[[nodiscard]] std::vector<SheetSection> sheet_sections(const Datasheet& sheet);

/// A section as HTML, with its heading; links to all of them.
[[nodiscard]] std::string section_html(const SheetSection& section);
[[nodiscard]] std::string contents_html(const std::vector<SheetSection>& sections);
[[nodiscard]] nlohmann::ordered_json to_json(const SheetSection& section);

/// "12 of 17 questions are answered."
[[nodiscard]] std::string answered_words(const Datasheet& sheet);

/// Markdown that GitHub, GitLab and Hugging Face show: what came from people cannot become markup.
[[nodiscard]] std::string datasheet_markdown(const Datasheet& sheet);

/// One HTML file that needs nothing else, with a plot of each column.
[[nodiscard]] std::string datasheet_html(const Datasheet& sheet);

}  // namespace millgate
