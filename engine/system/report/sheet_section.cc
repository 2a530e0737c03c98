#include "system/report/sheet_section.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "ground/json.h"
#include "ground/plain_name.h"
#include "system/monitor/wording.h"
#include "system/report/column_plot.h"
#include "system/report/html.h"

namespace millgate {
namespace {

/// Steps of the history that are shown; the newest.
constexpr size_t kStepsShown = 30;
constexpr size_t kModelsShown = 20;
constexpr size_t kFilesShown = 30;

SheetFact found(std::string term, std::string text) {
  return {.term = std::move(term), .text = std::move(text), .member = {}, .ask = {}};
}

void add_questions(const Datasheet& sheet, SheetSection& section) {
  for (const SheetQuestion& one : sheet_questions()) {
    if (section.anchor != one.section) continue;
    section.facts.push_back({one.title, sheet.answer(one.member), one.member, one.asks});
  }
}

std::string joined(const std::vector<std::string>& parts, const char* between = ", ") {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

std::string kept_names(const Datasheet& sheet) {
  std::map<std::string, int64_t> count;
  for (const TableStep& step : sheet.history) ++count[step.commit.author];
  std::vector<std::string> names;
  names.reserve(count.size());
  for (const auto& [name, commits] : count) {
    names.push_back((name.empty() ? "unknown" : name) + " (" + count_of(commits, "commit") + ")");
  }
  return joined(names);
}

SheetSection motivation(const Datasheet& sheet) {
  SheetSection section{.anchor = "motivation", .title = "Motivation"};
  add_questions(sheet, section);
  section.facts.push_back(found("Committed by", kept_names(sheet)));
  return section;
}

// --- composition -----------------------------------------------------------------------------

const ColumnProfile* profile_of(const Datasheet& sheet, const std::string& column) {
  for (const ColumnProfile& one : sheet.profile.columns()) {
    if (one.column().name == column) return &one;
  }
  return nullptr;
}

std::string missing_words(const ColumnStatistics& column, int64_t row_count) {
  if (column.null_count == 0 || row_count == 0) return {};
  return percent_text(static_cast<double>(column.null_count) / static_cast<double>(row_count));
}

SheetCell name_cell(const Datasheet& sheet, const ColumnStatistics& column) {
  const auto& key = sheet.version.key;
  const bool is_key = std::find(key.begin(), key.end(), column.name) != key.end();
  const std::string type = column.type + (is_key ? ", key" : "");
  return {column.name, "<b>" + escape_html(column.name) + "</b><br><span class=\"quiet\">" +
                           escape_html(type) + "</span>"};
}

SheetCell meaning_cell(const Datasheet& sheet, const ColumnStatistics& column) {
  std::string text = sheet.of_column(column.name, "description");
  if (const std::string unit = sheet.of_column(column.name, "unit"); !unit.empty()) {
    text += (text.empty() ? "in " : ", in ") + unit;
  }
  for (const auto& [name, texts] : sheet.about.columns) {
    if (name != column.name) continue;
    for (const auto& [what, said] : texts) {
      if (what != "description" && what != "unit") text += "; " + what + ": " + said;
    }
  }
  if (text.empty()) return {"", "<span class=\"quiet\">not&nbsp;said</span>"};
  return {text};
}

SheetTable column_table(const Datasheet& sheet) {
  SheetTable table{.caption = "Columns, counted in this version",
                   .header = {"Column", "Type", "Means", "Missing", "Distinct", "Values"},
                   .is_number = {false, false, false, true, true, false},
                   .rows = {}};
  for (const ColumnStatistics& column : sheet.version.columns) {
    const ColumnProfile* profile = profile_of(sheet, column.name);
    std::string distinct;
    SheetCell values;
    if (profile != nullptr && profile->row_count() > 0) {
      distinct =
          (profile->exact() ? "" : "about ") + count_text(std::llround(profile->distinct_count()));
      values.text = column_words(*profile);
      values.html = "<div style=\"width:220px\">" + column_plot(*profile) +
                    "</div><span class=\"quiet\">" + escape_html(values.text) + "</span>";
    }
    table.rows.push_back({name_cell(sheet, column),
                          {column.type},
                          meaning_cell(sheet, column),
                          {missing_words(column, sheet.version.row_count)},
                          {distinct},
                          std::move(values)});
  }
  return table;
}

/// "2013-01-01 to 2013-12-31", where the time of a row is a column.
std::string period(const Datasheet& sheet) {
  const ColumnProfile* profile = profile_of(sheet, sheet.happened);
  if (profile == nullptr || profile->value_count() == 0 ||
      profile->column().kind != ColumnKind::time) {
    return {};
  }
  return ": " + time_text(Time{static_cast<int64_t>(profile->minimum())}) + " to " +
         time_text(Time{static_cast<int64_t>(profile->maximum())});
}

SheetSection composition(const Datasheet& sheet) {
  SheetSection section{.anchor = "composition", .title = "Composition"};
  section.facts.push_back(found("Rows", count_text(sheet.version.row_count)));
  section.facts.push_back(
      found("Columns", count_text(static_cast<int64_t>(sheet.version.columns.size()))));
  section.facts.push_back(found("A row is named by", sheet.version.key.empty()
                                                         ? "all of its columns: there is no key"
                                                         : joined(sheet.version.key)));
  if (!sheet.happened.empty()) {
    section.facts.push_back(found("Happened", sheet.happened + period(sheet)));
    section.facts.push_back(
        found("Could be known", sheet.known.empty() ? "when it happened" : sheet.known));
  }
  for (const Finding& one : sheet.checks.findings) {
    if (one.rule.find(" references ") == std::string::npos) continue;
    section.facts.push_back(found("Refers to other rows", one.rule));
  }
  add_questions(sheet, section);
  section.tables.push_back(column_table(sheet));
  for (const Remark& remark : sheet.profile.remarks(sheet.associations)) {
    section.remarks.push_back((remark.column.empty() ? "" : "`" + remark.column + "` ") +
                              remark.what);
  }
  return section;
}

// --- where rows come from, and what for ------------------------------------------------------

std::string size_words(int64_t bytes) { return count_of(bytes, "byte"); }

SheetSection collection(const Datasheet& sheet) {
  SheetSection section{.anchor = "collection", .title = "Collection"};
  add_questions(sheet, section);
  if (!sheet.came_by.empty()) section.facts.push_back(found("Came by", sheet.came_by));
  if (sheet.files.empty()) return section;
  SheetTable table{.caption = "Files that this version was read from",
                   .header = {"File", "Size", "SHA-256"},
                   .is_number = {false, true, false},
                   .rows = {}};
  for (size_t i = 0; i < std::min(kFilesShown, sheet.files.size()); ++i) {
    const SheetFile& file = sheet.files[i];
    table.rows.push_back({{file.path.empty() ? "(standard input)" : file.path},
                          {size_words(file.size_bytes)},
                          {file.sha256, element("code", file.sha256)}});
  }
  if (sheet.files.size() > kFilesShown) {
    section.remarks.push_back(
        "and " + count_of(static_cast<int64_t>(sheet.files.size() - kFilesShown), "file") +
        " more, in the JSON form");
  }
  section.tables.push_back(std::move(table));
  return section;
}

SheetSection labelling(const Datasheet& sheet) {
  SheetSection section{.anchor = "labelling", .title = "Preparation and labels"};
  add_questions(sheet, section);
  if (!sheet.label) return section;
  section.facts.push_back(found("Label", *sheet.label));
  section.facts.push_back(
      found("Label known", sheet.label_known.empty() ? "at once" : sheet.label_known));
  return section;
}

SheetSection uses(const Datasheet& sheet) {
  SheetSection section{.anchor = "uses", .title = "Uses"};
  add_questions(sheet, section);
  if (sheet.models.empty()) {
    section.facts.push_back(found("Used so far", "no model of this project learned from it"));
    return section;
  }
  SheetTable table{.caption = "Models of this project that learned from it",
                   .header = {"Model", "Trained from commit", "This version"},
                   .is_number = {false, false, false},
                   .rows = {}};
  for (size_t i = 0; i < std::min(kModelsShown, sheet.models.size()); ++i) {
    const SheetModel& one = sheet.models[i];
    table.rows.push_back({{one.model.brief(), element("code", one.model.brief())},
                          {one.data_commit.brief(), element("code", one.data_commit.brief())},
                          {one.same_version ? "yes" : "another"}});
  }
  section.tables.push_back(std::move(table));
  return section;
}

SheetSection distribution(const Datasheet& sheet) {
  SheetSection section{.anchor = "distribution", .title = "Distribution"};
  add_questions(sheet, section);
  const std::string commit = sheet.commit.id.brief();
  section.facts.push_back(found(
      "Version", sheet.number + ", commit " + commit + " of " + time_text(sheet.commit.time)));
  if (sheet.version.logical_hash) {
    section.facts.push_back(found("Hash of the rows", sheet.version.logical_hash->hex()));
  }
  section.code = "millgate export " + sheet.table + "@" + commit + " " + sheet.table +
                 ".parquet\nmillgate export " + sheet.table + "@" + commit +
                 " --croissant FOLDER\n";
  return section;
}

// --- checks and maintenance ------------------------------------------------------------------

std::string outcome_of(const Finding& one) {
  if (one.passed) return one.broken_count == 0 ? "holds" : "holds within its share";
  return one.severity == Severity::error ? "broken" : "broken (a warning)";
}

SheetSection checks(const Datasheet& sheet) {
  SheetSection section{.anchor = "checks", .title = "Checks"};
  if (sheet.checks.findings.empty()) {
    section.remarks.push_back(
        "No rule says what must be true of this table; `millgate check --infer` proposes some.");
    return section;
  }
  SheetTable table{.caption = "The rules of the project, judged on this version",
                   .header = {"Rule", "Judged", "Broken", "Outcome"},
                   .is_number = {false, true, true, false},
                   .rows = {}};
  for (const Finding& one : sheet.checks.findings) {
    const std::string rule = one.rule + (one.where.empty() ? "" : " where " + one.where);
    const std::string outcome =
        outcome_of(one) + (one.since_commit.empty() ? "" : " since commit " + one.since_commit);
    const bool table_rule = !one.measured.empty();
    table.rows.push_back({{rule, element("code", rule)},
                          {table_rule ? one.measured : count_text(one.judged_count)},
                          {table_rule ? "" : count_text(one.broken_count)},
                          {outcome, element("span", outcome,
                                            one.passed                        ? "good-text"
                                            : one.severity == Severity::error ? "bad-text"
                                                                              : "warn-text")}});
  }
  section.tables.push_back(std::move(table));
  return section;
}

std::string changes_of(const TableStep& step) {
  std::vector<std::string> parts;
  const auto add_count = [&](int64_t count, const char* what) {
    if (count > 0) parts.push_back(count_text(count) + " " + what);
  };
  add_count(step.inserted_count, "in");
  add_count(step.updated_count, "changed");
  add_count(step.removed_count, "out");
  if (step.key_changed) parts.emplace_back("another key");
  for (const ColumnChange& one : step.columns) {
    parts.push_back(one.type_before.empty() ? "column " + one.name + " new"
                    : one.type_after.empty()
                        ? "column " + one.name + " gone"
                        : "column " + one.name + ": " + one.type_before + " to " + one.type_after);
  }
  for (const ColumnRename& one : step.renames) {
    parts.push_back("column " + one.before + " is now " + one.after);
  }
  if (!step.about.empty() && !step.made) {
    std::vector<std::string> names;
    names.reserve(step.about.size());
    for (const AboutChange& one : step.about) names.push_back(one.name());
    parts.push_back("said of it: " + joined(names));
  }
  return joined(parts);
}

SheetSection maintenance(const Datasheet& sheet) {
  SheetSection section{.anchor = "maintenance", .title = "Maintenance"};
  add_questions(sheet, section);
  SheetTable table{.caption = "The commits that made it what it is, newest first",
                   .header = {"Commit", "When", "Who", "Message", "Rows", "Changed"},
                   .is_number = {false, false, false, false, true, false},
                   .rows = {}};
  for (size_t i = 0; i < std::min(kStepsShown, sheet.history.size()); ++i) {
    const TableStep& step = sheet.history[sheet.history.size() - 1 - i];
    table.rows.push_back({{step.commit.id.brief(), element("code", step.commit.id.brief())},
                          {time_text(step.commit.time)},
                          {step.commit.author},
                          {step.commit.message},
                          {count_text(step.row_count)},
                          {changes_of(step)}});
  }
  section.tables.push_back(std::move(table));
  if (sheet.history.size() > kStepsShown) {
    section.remarks.push_back(
        "and " + count_of(static_cast<int64_t>(sheet.history.size() - kStepsShown), "commit") +
        " before: `millgate log`");
  }
  for (const SheetForgetting& one : sheet.forgettings) {
    section.remarks.push_back(count_of(one.row_count, "row") + " forgotten, in every version, at " +
                              time_text(one.time) + " by " + one.author +
                              (one.reason.empty() ? "" : ": " + one.reason) + " (event " +
                              count_text(one.event_number) + " of the ledger)");
  }
  if (sheet.forgettings.empty()) section.remarks.emplace_back("No row was ever forgotten.");
  return section;
}

/// Lines for the project file, and what stands there besides the questions.
SheetSection unsaid(const Datasheet& sheet) {
  SheetSection section{.anchor = "unsaid", .title = "What nobody has said"};
  std::string lines;
  for (const SheetQuestion& one : sheet.unanswered()) {
    lines += std::string(one.member) + " = \"...\"   # " + one.asks + "\n";
  }
  std::string columns;
  for (const ColumnStatistics& column : sheet.version.columns) {
    if (!sheet.of_column(column.name, "description").empty()) continue;
    const std::string name = is_plain_name(column.name) ? column.name : Json(column.name).dump();
    columns += name + " = { description = \"...\", unit = \"...\" }\n";
  }
  if (lines.empty() && columns.empty()) {
    section.remarks.emplace_back("Every question is answered, and every column is described.");
    return section;
  }
  section.remarks.push_back(
      sheet.declared
          ? "Lines for `millgate.toml`, below the [[source]] named `" + sheet.table +
                "` (where `about` stands there already, its members belong together); then "
                "`millgate commit`."
          : "Lines for `millgate.toml`, then `millgate commit`.");
  section.code = sheet.declared ? "" : "[[source]]\nname = \"" + sheet.table + "\"\n";
  section.code += "[source.about]\n" + lines;
  if (!columns.empty()) section.code += "[source.about.columns]\n" + columns;
  return section;
}

/// Names of `about` that no question asks for.
SheetSection also_said(const Datasheet& sheet) {
  SheetSection section{.anchor = "more", .title = "Also said"};
  for (const auto& [name, text] : sheet.about.texts) {
    const auto questions = sheet_questions();
    const bool asked = std::any_of(questions.begin(), questions.end(),
                                   [&](const SheetQuestion& one) { return name == one.member; });
    if (!asked) section.facts.push_back({name, text, name, ""});
  }
  return section;
}

}  // namespace

std::vector<SheetSection> sheet_sections(const Datasheet& sheet) {
  std::vector<SheetSection> sections = {motivation(sheet), composition(sheet), collection(sheet),
                                        labelling(sheet),  uses(sheet),        distribution(sheet),
                                        checks(sheet),     maintenance(sheet)};
  SheetSection more = also_said(sheet);
  if (!more.facts.empty()) sections.push_back(std::move(more));
  sections.push_back(unsaid(sheet));
  return sections;
}

std::string answered_words(const Datasheet& sheet) {
  const auto all = static_cast<int64_t>(sheet_questions().size());
  const auto open = static_cast<int64_t>(sheet.unanswered().size());
  return count_text(all - open) + " of " + count_text(all) + " questions are answered";
}

}  // namespace millgate
