#include "ground/json.h"
#include "system/monitor/wording.h"
#include "system/report/html.h"
#include "system/report/sheet_section.h"

namespace millgate {
namespace {

std::string tile(const std::string& label, const std::string& figure, const std::string& below) {
  return "<div class=\"tile\">" + element("div", label, "label") +
         element("div", figure, "figure") + element("div", below, "range") + "</div>\n";
}

std::string fact_html(const SheetFact& fact) {
  std::string html = element("dt", fact.term) + "<dd>";
  if (!fact.text.empty()) {
    html += escape_html(fact.text);
  } else {
    html += element("span", "not said", "warn-text") + " " + element("span", fact.ask, "quiet");
  }
  return html + "</dd>\n";
}

/// The column table says name and type in one cell, so its second column is left out.
std::string table_html(const SheetTable& table) {
  const bool merged = table.header.size() > 1 && table.header[1] == "Type";
  std::string html = "<div class=\"scroll\"><table>" + element("caption", table.caption) + "<tr>";
  const auto cell = [&](const char* tag, size_t column, const std::string& inner) {
    return std::string("<") + tag + (table.is_number[column] ? " class=\"n\">" : ">") + inner +
           "</" + tag + ">";
  };
  for (size_t i = 0; i < table.header.size(); ++i) {
    if (!(merged && i == 1)) html += cell("th", i, escape_html(table.header[i]));
  }
  html += "</tr>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      if (merged && i == 1) continue;
      html += cell("td", i, row[i].html.empty() ? escape_html(row[i].text) : row[i].html);
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string banner(const Datasheet& sheet) {
  const auto open = sheet.unanswered().size();
  const bool broken = !sheet.checks.passed();
  std::string words = escape_html(answered_words(sheet)) + ". ";
  if (open > 0) words += "<a href=\"#unsaid\">What nobody has said, and how to say it</a>. ";
  if (broken) words += "<a href=\"#checks\">Some rules are broken</a>.";
  return std::string("<div class=\"banner ") +
         (broken     ? "bad"
          : open > 0 ? "warn"
                     : "good") +
         "\"><p>" + words + "</p></div>\n";
}

}  // namespace

std::string section_html(const SheetSection& section) {
  std::string html = "<h2 id=\"" + section.anchor + "\">" + escape_html(section.title) + "</h2>\n";
  if (!section.facts.empty()) {
    html += "<dl>\n";
    for (const SheetFact& fact : section.facts) html += fact_html(fact);
    html += "</dl>\n";
  }
  for (const SheetTable& table : section.tables) html += table_html(table);
  if (!section.remarks.empty()) {
    html += "<ul>";
    for (const std::string& remark : section.remarks)
      html += "<li>" + with_code(remark) + "</li>\n";
    html += "</ul>\n";
  }
  if (!section.code.empty()) html += element("pre", section.code) + "\n";
  return html;
}

std::string contents_html(const std::vector<SheetSection>& sections) {
  std::string html = "<nav class=\"contents\">";
  for (const SheetSection& section : sections) {
    html += "<a href=\"#" + section.anchor + "\">" + escape_html(section.title) + "</a> ";
  }
  return html + "</nav>\n";
}

Json to_json(const SheetSection& section) {
  Json json = {{"anchor", section.anchor},
               {"title", section.title},
               {"facts", Json::array()},
               {"tables", Json::array()},
               {"remarks", section.remarks}};
  for (const SheetFact& fact : section.facts) {
    json["facts"].push_back({{"term", fact.term},
                             {"text", fact.text.empty() ? Json() : Json(fact.text)},
                             {"asks", fact.ask.empty() ? Json() : Json(fact.ask)}});
  }
  for (const SheetTable& table : section.tables) {
    Json rows = Json::array();
    for (const auto& row : table.rows) {
      Json cells = Json::array();
      for (const SheetCell& cell : row) cells.push_back(cell.text);
      rows.push_back(std::move(cells));
    }
    json["tables"].push_back(
        {{"caption", table.caption}, {"header", table.header}, {"rows", std::move(rows)}});
  }
  if (!section.code.empty()) json["code"] = section.code;
  return json;
}

std::string datasheet_html(const Datasheet& sheet) {
  const std::vector<SheetSection> sections = sheet_sections(sheet);
  std::string body = element("p", "Datasheet of " + sheet.project, "kind") + "\n" +
                     element("h1", sheet.table) + "\n";
  if (const std::string words = sheet.answer("description"); !words.empty()) {
    body += element("p", words, "lede") + "\n";
  }
  body += "<div class=\"tiles\">" +
          tile("Rows", count_text(sheet.version.row_count),
               count_of(static_cast<int64_t>(sheet.version.columns.size()), "column")) +
          tile("Version", sheet.number, "commit " + sheet.commit.id.brief()) +
          tile("As of", time_text(sheet.commit.time).substr(0, 10),
               count_of(static_cast<int64_t>(sheet.history.size()), "commit") + " touched it") +
          "</div>\n" + banner(sheet);
  body += contents_html(sections);
  for (const SheetSection& section : sections) body += section_html(section);
  return html_page("Datasheet: " + sheet.table + " of " + sheet.project, body);
}

}  // namespace millgate
