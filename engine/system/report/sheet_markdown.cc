#include "system/monitor/wording.h"
#include "system/report/markdown.h"
#include "system/report/sheet_section.h"

namespace millgate {
namespace {

void add_table(const SheetTable& table, std::string& out) {
  out += "\n" + escape_markdown(table.caption) + "\n\n|";
  for (const std::string& name : table.header) out += " " + escape_markdown(name) + " |";
  out += "\n|";
  for (const bool number : table.is_number) out += number ? "---:|" : "---|";
  out += '\n';
  for (const auto& row : table.rows) {
    out += '|';
    for (const SheetCell& cell : row) out += " " + escape_markdown(cell.text) + " |";
    out += '\n';
  }
}

void add_section(const SheetSection& section, std::string& out) {
  out += "\n## " + section.title + "\n";
  if (!section.facts.empty()) out += '\n';
  for (const SheetFact& fact : section.facts) {
    out += "- **" + escape_markdown(fact.term) + "**: " +
           (fact.text.empty() ? "_not said_: " + escape_markdown(fact.ask)
                              : escape_markdown(fact.text)) +
           "\n";
  }
  for (const SheetTable& table : section.tables) add_table(table, out);
  if (!section.remarks.empty()) out += '\n';
  for (const std::string& remark : section.remarks) out += "- " + escape_markdown(remark) + "\n";
  if (section.code.empty()) return;
  // A fence of four holds any line of three.
  out += "\n````\n" + section.code + "````\n";
}

}  // namespace

std::string datasheet_markdown(const Datasheet& sheet) {
  std::string out = "# Datasheet: " + escape_markdown(sheet.table) + "\n\n" +
                    count_of(sheet.version.row_count, "row") + " of " +
                    escape_markdown(sheet.project) + ", version " + sheet.number + " (commit " +
                    sheet.commit.id.brief() + " of " + time_text(sheet.commit.time) + "). " +
                    answered_words(sheet) + ".\n";
  for (const SheetSection& section : sheet_sections(sheet)) add_section(section, out);
  return out;
}

}  // namespace millgate
