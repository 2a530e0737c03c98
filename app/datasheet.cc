#include <iostream>
#include <sstream>

#include "app/commands.h"
#include "app/document_file.h"
#include "app/text_table.h"
#include "ground/file_store.h"
#include "system/report/datasheet.h"
#include "system/report/sheet_section.h"

namespace millgate {

namespace {

struct Options {
  std::string table;
  std::string revision = kCurrentBranch;
  std::string format = "text";
  std::string out;
  bool force = false;
};

/// The table that is meant without a name: the only one, else that of the task.
Result<std::string> table_of(const Project& project, const Commit& commit) {
  if (commit.tables.size() == 1) return commit.tables.begin()->first;
  if (project.task && commit.tables.contains(project.task->table)) return project.task->table;
  std::string names;
  for (const auto& [name, version] : commit.tables) names += (names.empty() ? "" : ", ") + name;
  if (names.empty()) return not_found("commit " + commit.id.brief() + " has no table");
  return invalid_input("there are several tables: " + names,
                       "millgate datasheet " + commit.tables.begin()->first);
}

void print_section(const SheetSection& section, std::ostream& out) {
  out << '\n' << section.title << '\n';
  for (const SheetFact& fact : section.facts) {
    out << "  " << fact.term << ": "
        << (fact.text.empty() ? "not said (" + fact.member + ": " + fact.ask + ")" : fact.text)
        << '\n';
  }
  for (const SheetTable& table : section.tables) {
    out << '\n';
    TextTable lines(table.header);
    for (const auto& row : table.rows) {
      std::vector<std::string> cells;
      cells.reserve(row.size());
      for (const SheetCell& cell : row) cells.push_back(cell.text);
      lines.add(std::move(cells));
    }
    lines.print(out);
  }
  if (!section.tables.empty() && !section.remarks.empty()) out << '\n';
  for (const std::string& remark : section.remarks) out << "  " << remark << '\n';
  if (!section.code.empty()) out << '\n' << section.code;
}

std::string text_of(const Datasheet& sheet) {
  std::ostringstream out;
  out << "datasheet of " << sheet.table << ": version " << sheet.number << ", commit "
      << sheet.commit.id.brief() << "; " << answered_words(sheet) << '\n';
  for (const SheetSection& section : sheet_sections(sheet)) print_section(section, out);
  return out.str();
}

Result<int> datasheet(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const Commit commit, place.repository->resolve(options.revision));
  std::string table = options.table;
  if (table.empty()) {
    MILLGATE_ASSIGN(table, table_of(place.project, commit));
  }
  const std::string format = session.json ? "json" : options.format;
  if (format == "text") {
    MILLGATE_ASSIGN(const Datasheet sheet,
                    read_datasheet(*place.repository, place.project, commit, table));
    const std::string text = text_of(sheet);
    if (options.out.empty()) {
      std::cout << text;
      return kDone;
    }
    MILLGATE_TRY(write_file(options.out, text));
  } else {
    const DocumentTopic topic{.kind = DocumentKind::datasheet,
                              .form = format == "html"   ? DocumentForm::html
                                      : format == "json" ? DocumentForm::json
                                                         : DocumentForm::markdown,
                              .model = {},
                              .table = table,
                              .commit = commit.id,
                              .made = place.repository->clock().now()};
    if (options.out.empty()) {
      MILLGATE_ASSIGN(const std::string text,
                      sealed_document(*place.repository, place.project, topic));
      std::cout << text;
      return kDone;
    }
    MILLGATE_TRY(write_document_file(place, topic, options.out, options.force));
  }
  std::cerr << "datasheet of " << table << " written to " << options.out << '\n';
  return kDone;
}

}  // namespace

void add_datasheet(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "datasheet", "what is known of a table, and what nobody has said",
      "millgate datasheet flights\n"
      "  millgate datasheet flights --rev main~1 --format html -o flights.html");
  command.add_option("table", options->table, "default: the only table, or that of the task");
  command.add_option("--rev", options->revision, "version to describe").shows_default();
  command.add_option("--format", options->format, "text, markdown, html or json")
      .one_of({"text", "markdown", "html", "json"})
      .shows_default();
  command.add_option("-o,--out", options->out, "file to write; default: standard output");
  command.add_flag("--force", options->force, "write over text of people");
  command.does([&session, options] { return datasheet(session, *options); });
}

}  // namespace millgate
