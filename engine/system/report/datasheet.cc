#include "system/report/datasheet.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "data/personal/personal_guard.h"
#include "data/query/database.h"
#include "data/store/about.h"
#include "data/store/version_update.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "system/pipeline/run.h"

namespace millgate {
namespace {

constexpr std::array kQuestions = {
    SheetQuestion{"description", "motivation", "Description", "what a row is"},
    SheetQuestion{"purpose", "motivation", "Purpose", "what the data were made for"},
    SheetQuestion{"author", "motivation", "Author", "who made them"},
    SheetQuestion{"funded_by", "motivation", "Funded by", "who paid for it"},
    SheetQuestion{"personal_data", "composition", "Personal data",
                  "whether they hold any, and on what ground"},
    SheetQuestion{"known_issues", "composition", "Known issues", "what is wrong with them"},
    SheetQuestion{"from", "collection", "From", "where the data come from"},
    SheetQuestion{"url", "collection", "Address", "where on the web they come from"},
    SheetQuestion{"collected", "collection", "Collected", "when and how"},
    SheetQuestion{"prepared", "labelling", "Prepared",
                  "what was done to the rows before they came here: left out, filled in, cleaned"},
    SheetQuestion{"labelled_by", "labelling", "Labelled by",
                  "by whom and by which method labels were given"},
    SheetQuestion{"uses", "uses", "Meant for", "what they are meant for"},
    SheetQuestion{"not_for", "uses", "Not for", "what they must not be used for"},
    SheetQuestion{"licence", "distribution", "Licence",
                  "under which terms they may be used; best an SPDX name such as CC-BY-4.0"},
    SheetQuestion{"citation", "distribution", "Citation", "how to cite them"},
    SheetQuestion{"maintained_by", "maintenance", "Maintained by", "whom to ask"},
    SheetQuestion{"updates", "maintenance", "Updates", "when and how new versions come"},
};

About::Texts texts_of(const Json& json) {
  About::Texts texts;
  if (!json.is_object()) return texts;
  for (const auto& [name, text] : json.items()) {
    if (text.is_string()) texts.emplace_back(name, text.get<std::string>());
  }
  return texts;
}

About about_of(const Json& json) {
  About about;
  about.texts = texts_of(json);
  const Json columns = json.value("columns", Json::object());
  for (const auto& [name, texts] : columns.items()) {
    about.columns.emplace_back(name, texts_of(texts));
  }
  return about;
}

std::string text_at(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<SheetFile> files_of(const Json& list) {
  std::vector<SheetFile> files;
  if (!list.is_array()) return files;
  for (const Json& file : list) {
    if (!file.is_object()) continue;
    files.push_back(
        {text_at(file, "path"), text_at(file, "sha256"), file.value("size_bytes", int64_t{0})});
  }
  return files;
}

/// An entry of `origin` (docs/formats/commit.md).
void read_origin(const Json& entry, Datasheet& sheet) {
  sheet.files = files_of(entry.value("files", Json::array()));
  if (const std::string query = text_at(entry, "query"); !query.empty()) {
    sheet.came_by = "a question over other tables: " + query;
  } else if (entry.contains("stdin")) {
    sheet.came_by = "standard input, as " + text_at(entry.at("stdin"), "format");
    sheet.files = files_of(Json::array({entry.at("stdin")}));
  } else if (entry.contains("import")) {
    const Json& import = entry.at("import");
    const std::string kind = text_at(import, "kind");
    if (kind == "files") {
      sheet.files = files_of(import.value("files", Json::array()));
    } else {
      sheet.came_by = "an import (" + kind + ")";
      for (const auto& [name, value] : import.items()) {
        if (name != "kind") {
          sheet.came_by +=
              ", " + name + " " + (value.is_string() ? value.get<std::string>() : value.dump());
        }
      }
    }
  }
  for (SheetFile& file : files_of(entry.value("changes", Json::array()))) {
    sheet.files.push_back(std::move(file));
  }
}

void read_project(const Project& project, Datasheet& sheet) {
  sheet.project = project.name;
  for (const Source& source : project.sources) {
    if (source.name != sheet.table) continue;
    sheet.declared = true;
    sheet.happened = source.happened;
    sheet.known = source.known;
  }
  if (const TablePolicy* policy = policy_of(project.personal, sheet.table)) {
    sheet.personal = policy->columns;
  }
  if (project.task && project.task->table == sheet.table) {
    sheet.label = project.task->label;
    sheet.label_known = project.task->label_known;
  }
}

/// The first select locks a database that reads what people wrote, so everything is asked of one.
Status read_rows_of(const Repository& repository, const Project& project, const Commit& commit,
                    Datasheet& sheet) {
  RowChanges guard;
  if (!project.personal.empty()) guard = guarding(repository, with_pseudonyms(project.personal));
  MILLGATE_ASSIGN(const auto database,
                  Database::open({.spill_folder = repository.folder("scratch"), .user_sql = true}));
  MILLGATE_ASSIGN(
      const std::vector<AskedRows> asked,
      open_rows(*database, repository, {sheet.table}, commit.id.hex(), {.changes = guard}));
  MILLGATE_ASSIGN(sheet.profile, profile_rows(*database, asked.front()));
  sheet.associations = sheet.profile.associations();
  if (!guard) return {};
  MILLGATE_ASSIGN(const auto change, guard(sheet.table, sheet.version));
  for (ColumnStatistics& one : sheet.version.columns) {
    if (change != nullptr && change->changes(one.name)) one.minimum = one.maximum = "";
  }
  return {};
}

Status read_checks(const Repository& repository, const Project& project, Datasheet& sheet) {
  std::vector<Rule> rules;
  for (const Rule& rule : project.rules) {
    if (rule.table == sheet.table) rules.push_back(rule);
  }
  if (rules.empty()) return {};
  MILLGATE_ASSIGN(sheet.checks, check_commit(repository, sheet.commit, rules));
  return {};
}

Status read_forgettings(const Repository& repository, Datasheet& sheet) {
  MILLGATE_ASSIGN(const std::vector<Event> events,
                  repository.ledger().events(0, kForgetEvent, sheet.table));
  for (const Event& event : events) {
    MILLGATE_ASSIGN(const Json body, parse_json(event.body, "event of the ledger"));
    sheet.forgettings.push_back({.event_number = event.number,
                                 .time = event.time,
                                 .author = event.author,
                                 .reason = text_at(body, "reason"),
                                 .row_count = body.value("row_count", int64_t{0})});
  }
  return {};
}

/// Whether models learn from `table`, as the project says today: by its task or by a view.
Result<bool> is_learned_from(const Project& project, const std::string& table) {
  if (!project.task) return false;
  if (project.task->table == table) return true;
  MILLGATE_ASSIGN(const auto database, Database::open());
  for (const View& view : project.views) {
    if (view.sql.empty()) continue;
    const auto tables = database->tables_of(view.sql);
    if (!tables.ok()) continue;  // A view that is wrong is told by `run`.
    if (std::find(tables->begin(), tables->end(), table) != tables->end()) return true;
  }
  return false;
}

Status read_models(const Repository& repository, const Project& project, Datasheet& sheet) {
  MILLGATE_ASSIGN(const std::vector<RunReport> runs, read_runs(repository));
  if (runs.empty()) return {};
  MILLGATE_ASSIGN(const bool learned_from, is_learned_from(project, sheet.table));
  if (!learned_from) return {};
  std::set<Id> seen;
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (!seen.insert(run->model).second) continue;
    MILLGATE_ASSIGN(const Id data, Id::parse(run->data_commit));
    const auto commit = repository.read_commit(data);
    if (!commit.ok()) continue;  // Collected as garbage: nobody knows what it held.
    const auto version = commit->tables.find(sheet.table);
    if (version == commit->tables.end()) continue;
    sheet.models.push_back({.model = run->model,
                            .data_commit = data,
                            .same_version = version->second == sheet.version.id});
  }
  return {};
}

}  // namespace

std::span<const SheetQuestion> sheet_questions() { return kQuestions; }

std::string Datasheet::answer(const std::string& member) const {
  std::string answer;
  for (const auto& [name, text] : about.texts) {
    if (name == member) answer = text;
  }
  if (member != "personal_data" || personal.empty()) return answer;
  std::string decided;
  for (const ColumnPolicy& one : personal) {
    decided += (decided.empty() ? "" : "; ") + one.column + ": " + one.text();
  }
  return answer + (answer.empty() ? "" : " ") + "Decided by column: " + decided + ".";
}

std::vector<SheetQuestion> Datasheet::unanswered() const {
  std::vector<SheetQuestion> open;
  for (const SheetQuestion& question : kQuestions) {
    if (answer(question.member).empty()) open.push_back(question);
  }
  return open;
}

std::string Datasheet::of_column(const std::string& column, const std::string& member) const {
  for (const auto& [name, texts] : about.columns) {
    if (name != column) continue;
    for (const auto& [what, text] : texts) {
      if (what == member) return text;
    }
  }
  return {};
}

Result<Datasheet> read_datasheet(const Repository& repository, const Project& project,
                                 const Commit& commit, const std::string& table) {
  const auto found = commit.tables.find(table);
  if (found == commit.tables.end()) {
    std::vector<std::string> names;
    names.reserve(commit.tables.size());
    for (const auto& [name, version] : commit.tables) names.push_back(name);
    return not_found("table `" + table + "` is not in commit " + commit.id.brief(),
                     name_hint(table, names));
  }
  Datasheet sheet;
  sheet.table = table;
  sheet.commit = commit;
  MILLGATE_ASSIGN(const TableVersion version,
                  read_table_version(repository.objects(), found->second));
  MILLGATE_ASSIGN(sheet.version, counted_version(repository.objects(), version));
  MILLGATE_ASSIGN(const Json about, about_in(commit, table));
  sheet.about = about_of(about);
  MILLGATE_ASSIGN(const Json origin, parse_json(commit.origin_json, "origin of commit"));
  if (const auto entry = origin.find(table); entry != origin.end() && entry->is_object()) {
    read_origin(*entry, sheet);
  }
  read_project(project, sheet);
  MILLGATE_ASSIGN(sheet.history, table_history(repository, commit, table));
  sheet.number = semantic_version({sheet.history});
  MILLGATE_TRY(read_rows_of(repository, project, commit, sheet));
  MILLGATE_TRY(read_checks(repository, project, sheet));
  MILLGATE_TRY(read_forgettings(repository, sheet));
  MILLGATE_TRY(read_models(repository, project, sheet));
  return sheet;
}

}  // namespace millgate
