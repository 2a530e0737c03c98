#include <string_view>

#include "system/monitor/wording.h"
#include "system/report/sheet_section.h"

namespace millgate {
namespace {

/// `text` on one line, with nothing in it that Markdown or HTML would take for markup.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == '\t') {
      out += ' ';
      continue;
    }
    if (c == '<') {
      out += "&lt;";
      continue;
    }
    if (c == '&') {
      out += "&amp;";
      continue;
    }
    if (std::string_view("\\`*_{}[]#|~>$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

void add_table(const SheetTable& table, std::string& out) {
  out += "\n" + plain(table.caption) + "\n\n|";
  for (const std::string& name : table.header) out += " " + plain(name) + " |";
  out += "\n|";
  for (const bool number : table.is_number) out += number ? "---:|" : "---|";
  out += '\n';
  for (const auto& row : table.rows) {
    out += '|';
    for (const SheetCell& cell : row) out += " " + plain(cell.text) + " |";
    out += '\n';
  }
}

void add_section(const SheetSection& section, std::string& out) {
  out += "\n## " + section.title + "\n";
  if (!section.facts.empty()) out += '\n';
  for (const SheetFact& fact : section.facts) {
    out += "- **" + plain(fact.term) +
           "**: " + (fact.text.empty() ? "_not said_: " + plain(fact.ask) : plain(fact.text)) +
           "\n";
  }
  for (const SheetTable& table : section.tables) add_table(table, out);
  if (!section.remarks.empty()) out += '\n';
  for (const std::string& remark : section.remarks) out += "- " + plain(remark) + "\n";
  if (section.code.empty()) return;
  // A fence of four holds any line of three.
  out += "\n````\n" + section.code + "````\n";
}

}  // namespace

std::string datasheet_markdown(const Datasheet& sheet) {
  std::string out = "# Datasheet: " + plain(sheet.table) + "\n\n" +
                    count_of(sheet.version.row_count, "row") + " of " + plain(sheet.project) +
                    ", version " + sheet.number + " (commit " + sheet.commit.id.brief() + " of " +
                    time_text(sheet.commit.time) + "). " + answered_words(sheet) + ".\n";
  for (const SheetSection& section : sheet_sections(sheet)) add_section(section, out);
  return out;
}

}  // namespace millgate
