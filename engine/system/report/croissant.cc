#include "system/report/croissant.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "data/check/rule_form.h"
#include "data/store/about.h"
#include "data/store/version_update.h"
#include "data/table/writer.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "system/pipeline/source_files.h"
#include "system/report/croissant_column.h"
#include "system/report/licence_name.h"
#include "system/report/table_history.h"

namespace millgate {
namespace {

/// A reference of the project's rules: columns of one table to columns of another.
struct Reference {
  std::vector<std::string> columns;
  std::string other_table;
  std::vector<std::string> other_columns;
};

/// A table and all that is known of it.
struct Described {
  std::string name;
  TableVersion version;  ///< As it is written.
  TableVersion stored;   ///< As it lies in the project.
  std::shared_ptr<const RowChange> change;
  Json about;
  std::vector<CroissantColumn> columns;
  std::vector<TableStep> history;
  std::vector<Reference> references;  ///< To tables of the same export.
  CroissantTable written;
};

std::vector<std::string> names_of(const std::vector<NameInRule>& names) {
  std::vector<std::string> texts;
  texts.reserve(names.size());
  for (const NameInRule& one : names) texts.push_back(one.name);
  return texts;
}

std::vector<Reference> references_of(const Project& project, const std::string& table) {
  std::vector<Reference> references;
  for (const Rule& rule : project.rules) {
    if (rule.table != table) continue;
    const auto form = parse_rule(rule);  // A rule that is wrong is told by `check`.
    if (!form.ok() || form->kind != RuleKind::reference) continue;
    references.push_back(
        {names_of(form->columns), form->other_table.name, names_of(form->other_columns)});
  }
  return references;
}

Result<std::vector<std::string>> chosen_tables(const Project& project,
                                               const CroissantTarget& target) {
  std::vector<std::string> all;
  all.reserve(target.commit.tables.size());
  for (const auto& [name, version] : target.commit.tables) all.push_back(name);
  if (all.empty()) {
    return invalid_input("commit " + target.commit.id.brief() + " has no table",
                         "`millgate commit` takes in the tables of the project");
  }
  if (target.table.empty()) return all;
  if (!target.commit.tables.contains(target.table)) {
    return not_found("table `" + target.table + "` is not in commit " + target.commit.id.brief(),
                     name_hint(target.table, all));
  }
  std::set<std::string> chosen = {target.table};
  std::vector<std::string> open = {target.table};
  while (!open.empty()) {
    const std::string table = open.back();
    open.pop_back();
    for (const Reference& one : references_of(project, table)) {
      if (target.commit.tables.contains(one.other_table) && chosen.insert(one.other_table).second) {
        open.push_back(one.other_table);
      }
    }
  }
  return std::vector<std::string>(chosen.begin(), chosen.end());
}

/// `version` as its rows are after `change`. A column that is not a text afterwards is empty.
TableVersion version_after(TableVersion version, const RowChange& change) {
  version.schema = change.schema;
  for (ColumnStatistics& one : version.columns) {
    if (!change.changes(one.name)) continue;
    const auto& type = *change.schema->GetFieldByName(one.name)->type();
    one = {.name = one.name,
           .type = type.ToString(),
           .null_count = type.id() == arrow::Type::STRING ? one.null_count : version.row_count,
           .minimum = {},
           .maximum = {},
           .exact = one.exact};
  }
  return version;
}

Result<Described> describe(const Repository& repository, const CroissantTarget& target,
                           const std::string& table) {
  const Commit& commit = target.commit;
  Described described;
  described.name = table;
  MILLGATE_ASSIGN(const TableVersion version,
                  read_table_version(repository.objects(), commit.tables.at(table)));
  described.stored = version;
  MILLGATE_ASSIGN(described.version, counted_version(repository.objects(), version));
  if (target.changes) {
    MILLGATE_ASSIGN(described.change, target.changes(table, version));
  }
  if (described.change != nullptr) {
    described.version = version_after(std::move(described.version), *described.change);
    described.written.changed = described.change->text;
  }
  MILLGATE_ASSIGN(described.about, about_in(commit, table));
  auto columns = croissant_columns(described.version);
  if (!columns.ok()) return std::move(columns).error().inside("table `" + table + "`");
  described.columns = std::move(*columns);
  MILLGATE_ASSIGN(described.history, table_history(repository, commit, table));
  return described;
}

std::string said(const Json& about, const char* member) {
  const auto found = about.find(member);
  return found != about.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// --- the document ----------------------------------------------------------------------------

/// The context that Croissant 1.0 recommends, in full: readers compare it with theirs.
Json standard_context() {
  Json context = {{"@language", "en"}, {"@vocab", "https://schema.org/"}};
  for (const char* name : {"citeAs", "column", "conformsTo"}) {
    context[name] = std::string(name == std::string("conformsTo") ? "dct:" : "cr:") + name;
  }
  context["cr"] = "http://mlcommons.org/croissant/";
  context["rai"] = "http://mlcommons.org/croissant/RAI/";
  context["data"] = {{"@id", "cr:data"}, {"@type", "@json"}};
  context["dataType"] = {{"@id", "cr:dataType"}, {"@type", "@vocab"}};
  context["dct"] = "http://purl.org/dc/terms/";
  context["examples"] = {{"@id", "cr:examples"}, {"@type", "@json"}};
  for (const char* name :
       {"extract", "field", "fileProperty", "fileObject", "fileSet", "format", "includes",
        "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references",
        "regex", "repeated", "replace", "samplingRate"}) {
    context[name] = std::string("cr:") + name;
  }
  context["sc"] = "https://schema.org/";
  for (const char* name : {"separator", "source", "subField", "transform"}) {
    context[name] = std::string("cr:") + name;
  }
  return context;
}

/// An identifier is an IRI: what may not stand in one is written as its bytes in hexadecimal.
/// `parent` is a table, or the identifier of a field with members.
std::string field_id(const std::string& parent, const std::string& column) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string id = parent + "/";
  for (const char c : column) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '_' || c == '-' || c == '.' || c == '~';
    if (plain) {
      id += c;
    } else {
      id += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return id;
}

Json reference_to(const std::string& id) { return {{"@id", id}}; }

/// A list, or its only member.
Json one_or_list(Json list) { return list.size() == 1 ? list.front() : list; }

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts) {
    if (!part.empty()) text += (text.empty() ? "" : between) + part;
  }
  return text;
}

std::string column_description(const Described& table, const CroissantColumn& column) {
  const Json columns = table.about.value("columns", Json::object());
  const Json texts = columns.is_object() ? columns.value(column.name, Json::object()) : Json();
  if (!texts.is_object()) return column.note;
  const std::string unit = said(texts, "unit");
  std::vector<std::string> parts = {said(texts, "description")};
  if (!unit.empty()) parts.push_back("unit: " + unit);
  for (const auto& [name, text] : texts.items()) {
    if (name == "description" || name == "unit" || !text.is_string()) continue;
    parts.push_back(name + ": " + text.get<std::string>());
  }
  parts.push_back(column.note);
  return joined(parts, "; ");
}

/// The field that `column` alone refers to, where it is the key of its table: a reader joins the
/// tables by it, and anything but a key would multiply rows.
const Reference* joinable(const std::vector<Described>& tables, const Described& table,
                          const std::string& column) {
  for (const Reference& one : table.references) {
    if (one.columns != std::vector<std::string>{column}) continue;
    for (const Described& other : tables) {
      if (other.name == one.other_table && other.version.key == one.other_columns) return &one;
    }
  }
  return nullptr;
}

/// The step of a JSON path to the member `name` of an object.
std::string member_path(const std::string& name) {
  std::string path = "$['";
  for (const char c : name) {
    if (c == '\'' || c == '\\') path += '\\';
    path += c;
  }
  return path + "']";
}

/// Where the values of a column lie, or those of a member that `steps` lead to.
Json source_of(const Described& table, const std::string& column,
               const std::vector<std::string>& steps) {
  Json source = {{"fileObject", reference_to(table.written.file)},
                 {"extract", {{"column", column}}}};
  Json transforms = Json::array();
  for (const std::string& step : steps) transforms.push_back({{"jsonPath", member_path(step)}});
  if (!steps.empty()) source["transform"] = one_or_list(std::move(transforms));
  return source;
}

/// The members of a struct as fields of their own. One step leads through each struct, and a reader
/// takes it for every item of a list.
Json member_fields(const Described& table, const std::string& column, const std::string& parent_id,
                   const std::vector<CroissantColumn>& members, std::vector<std::string> steps) {
  Json fields = Json::array();
  steps.emplace_back();
  for (const CroissantColumn& member : members) {
    steps.back() = member.name;
    const std::string id = field_id(parent_id, member.name);
    Json field = {{"@type", "cr:Field"}, {"@id", id}, {"name", member.name}};
    if (!member.note.empty()) field["description"] = member.note;
    if (member.repeated) field["repeated"] = true;
    if (member.members.empty()) {
      field["dataType"] = member.data_type;
      field["source"] = source_of(table, column, steps);
    } else {
      field["subField"] = member_fields(table, column, id, member.members, steps);
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

Json field_of(const std::vector<Described>& tables, const Described& table,
              const CroissantColumn& column, const Project& project) {
  Json field = {
      {"@type", "cr:Field"}, {"@id", field_id(table.name, column.name)}, {"name", column.name}};
  const std::string description = column_description(table, column);
  if (!description.empty()) field["description"] = description;
  const bool is_label =
      project.task && project.task->table == table.name && project.task->label == column.name;
  if (column.repeated) field["repeated"] = true;
  if (!column.members.empty()) {
    field["subField"] =
        member_fields(table, column.name, field["@id"].get<std::string>(), column.members, {});
    return field;
  }
  field["dataType"] =
      is_label ? Json::array({column.data_type, "cr:Label"}) : Json(column.data_type);
  field["source"] = source_of(table, column.name, {});
  if (const Reference* to = joinable(tables, table, column.name); to != nullptr) {
    field["references"] = {
        {"field", reference_to(field_id(to->other_table, to->other_columns.front()))}};
  }
  return field;
}

/// What Croissant has no words for: references of several columns, or to what is no key.
std::string other_references(const std::vector<Described>& tables, const Described& table) {
  std::string text;
  for (const Reference& one : table.references) {
    if (one.columns.size() == 1 && joinable(tables, table, one.columns.front()) == &one) continue;
    std::vector<std::string> targets;
    targets.reserve(one.other_columns.size());
    for (const std::string& column : one.other_columns) {
      targets.push_back(one.other_table + "." + column);
    }
    text += (text.empty() ? "" : "; ") + joined(one.columns, ", ") +
            (one.columns.size() == 1 ? " refers to " : " refer to ") + joined(targets, ", ");
  }
  return text;
}

Json record_set(const std::vector<Described>& tables, const Described& table,
                const Project& project) {
  Json set = {{"@type", "cr:RecordSet"}, {"@id", table.name}, {"name", table.name}};
  const std::string description =
      joined({said(table.about, "description"), other_references(tables, table)}, "; ");
  if (!description.empty()) set["description"] = description;
  Json key = Json::array();
  for (const std::string& column : table.version.key) {
    key.push_back(reference_to(field_id(table.name, column)));
  }
  if (!key.empty()) set["key"] = one_or_list(std::move(key));
  set["field"] = Json::array();
  for (const CroissantColumn& column : table.columns) {
    set["field"].push_back(field_of(tables, table, column, project));
  }
  return set;
}

/// What the tables say by `member`, each text once; with the table's name where there are several.
Json said_of_all(const std::vector<Described>& tables, const char* member) {
  Json texts = Json::array();
  std::map<std::string, std::vector<std::string>> by_text;
  std::vector<std::string> order;
  for (const Described& table : tables) {
    const std::string text = said(table.about, member);
    if (text.empty()) continue;
    if (by_text[text].empty()) order.push_back(text);
    by_text[text].push_back(table.name);
  }
  for (const std::string& text : order) {
    const auto& names = by_text.at(text);
    texts.push_back(names.size() == tables.size() ? text : joined(names, ", ") + ": " + text);
  }
  return texts;
}

/// The same without names: for values that programs read.
std::vector<std::string> values_of_all(const std::vector<Described>& tables, const char* member) {
  std::vector<std::string> values;
  for (const Described& table : tables) {
    const std::string text = said(table.about, member);
    if (!text.empty() && std::find(values.begin(), values.end(), text) == values.end()) {
      values.push_back(text);
    }
  }
  return values;
}

/// "one; other" for a property that may stand once.
void add_text(Json& document, const char* property, const Json& texts) {
  std::vector<std::string> parts;
  for (const Json& text : texts) parts.push_back(text.get<std::string>());
  if (!parts.empty()) document[property] = joined(parts, "; ");
}

void add_list(Json& document, const char* property, Json texts) {
  if (!texts.empty()) document[property] = one_or_list(std::move(texts));
}

/// Counted, not said.
std::string missing_data(const std::vector<Described>& tables) {
  std::string text;
  for (const Described& table : tables) {
    for (const ColumnStatistics& column : table.version.columns) {
      if (column.null_count == 0) continue;
      text += (text.empty() ? "" : "; ") + table.name + "." + column.name + ": " +
              std::to_string(column.null_count) + " of " + std::to_string(table.version.row_count) +
              " values are missing";
    }
  }
  return text;
}

void add_responsible(Json& document, const std::vector<Described>& tables) {
  Json origin = said_of_all(tables, "from");
  for (Json& url : said_of_all(tables, "url")) origin.push_back(std::move(url));
  add_text(document, "rai:dataCollection", said_of_all(tables, "collected"));
  add_text(document, "rai:dataCollectionRawData", origin);
  const std::string missing = missing_data(tables);
  if (!missing.empty()) document["rai:dataCollectionMissingData"] = missing;
  add_list(document, "rai:dataPreprocessingProtocol", said_of_all(tables, "prepared"));
  add_list(document, "rai:dataAnnotationProtocol", said_of_all(tables, "labelled_by"));
  add_list(document, "rai:dataUseCases", said_of_all(tables, "uses"));
  Json limits = said_of_all(tables, "known_issues");
  for (const Json& text : said_of_all(tables, "not_for")) {
    limits.push_back("not for: " + text.get<std::string>());
  }
  add_list(document, "rai:dataLimitations", std::move(limits));
  add_list(document, "rai:personalSensitiveInformation", said_of_all(tables, "personal_data"));
  Json plan = said_of_all(tables, "updates");
  for (const Json& text : said_of_all(tables, "maintained_by")) {
    plan.push_back("maintained by " + text.get<std::string>());
  }
  add_text(document, "rai:dataReleaseMaintenancePlan", plan);
}

std::string name_of(const Project& project, const CroissantTarget& target) {
  return target.table.empty() ? project.name : project.name + ": " + target.table;
}

/// Of the tables together, or of the one that was asked for.
std::string description_of(const Project& project, const CroissantTarget& target,
                           const std::vector<Described>& tables) {
  if (target.table.empty() && !project.description.empty()) return project.description;
  for (const Described& table : tables) {
    if (table.name == target.table || tables.size() == 1) return said(table.about, "description");
  }
  return {};
}

std::string licence_of(const Described& table) {
  const std::string licence = said(table.about, "licence");
  const std::string url = spdx_url(licence);
  return url.empty() ? licence : url;
}

/// Of the whole: nothing while one table lacks its own, which would seem to share those of others.
Json licences(const std::vector<Described>& tables) {
  Json list = Json::array();
  for (const Described& table : tables) {
    const std::string licence = licence_of(table);
    if (licence.empty()) return Json::array();
    if (std::find(list.begin(), list.end(), Json(licence)) == list.end()) list.push_back(licence);
  }
  return list;
}

Json file_object(const Described& table) {
  Json file = {{"@type", "cr:FileObject"},
               {"@id", table.written.file},
               {"name", table.written.file},
               {"description", std::to_string(table.written.row_count) + " rows of " + table.name +
                                   ", version " + table.version.id.brief()},
               {"contentUrl", table.written.file},
               {"contentSize", std::to_string(table.written.size_bytes) + " B"},
               {"encodingFormat", "application/x-parquet"},
               {"sha256", table.written.sha256}};
  const std::string licence = licence_of(table);
  if (!licence.empty()) file["license"] = licence;
  return file;
}

Json creators(const std::vector<Described>& tables) {
  Json list = Json::array();
  for (const std::string& author : values_of_all(tables, "author")) {
    list.push_back({{"@type", "sc:Organization"}, {"name", author}});
  }
  return list;
}

Json document_of(const Project& project, const CroissantTarget& target,
                 const std::vector<Described>& tables, const std::string& version) {
  Json document = {{"@context", standard_context()},
                   {"@type", "sc:Dataset"},
                   {"conformsTo", Json::array({"http://mlcommons.org/croissant/1.0",
                                               "http://mlcommons.org/croissant/RAI/1.0"})},
                   {"name", name_of(project, target)}};
  const std::string description = description_of(project, target, tables);
  if (!description.empty()) document["description"] = description;
  add_list(document, "license", licences(tables));
  add_list(document, "creator", creators(tables));
  add_text(document, "citeAs", said_of_all(tables, "citation"));
  const auto urls = values_of_all(tables, "url");
  if (urls.size() == 1) document["url"] = urls.front();
  Time first = target.commit.time, last{};
  for (const Described& table : tables) {
    first = std::min(first, table.history.front().commit.time);
    last = std::max(last, table.history.back().commit.time);
  }
  document["version"] = version;
  document["identifier"] = "millgate commit " + target.commit.id.hex();
  document["dateCreated"] = to_string(first);
  document["dateModified"] = to_string(last);
  document["datePublished"] = to_string(target.commit.time);
  add_responsible(document, tables);
  document["distribution"] = Json::array();
  document["recordSet"] = Json::array();
  for (const Described& table : tables) {
    document["distribution"].push_back(file_object(table));
    document["recordSet"].push_back(record_set(tables, table, project));
  }
  return document;
}

std::vector<Unsaid> unsaid_of(const Json& document, const CroissantTarget& target,
                              const std::vector<Described>& tables) {
  std::vector<Unsaid> unsaid;
  if (!document.contains("description")) {
    unsaid.push_back({"description", target.table, "description"});
  }
  static constexpr std::array<std::pair<const char*, const char*>, 4> kAsked = {
      {{"license", "licence"}, {"creator", "author"}, {"citeAs", "citation"}, {"url", "url"}}};
  for (const auto& [property, member] : kAsked) {
    for (const Described& table : tables) {
      // A licence is needed for each table; the rest may be said once for all.
      const bool each = std::string(property) == "license";
      if (each ? said(table.about, member).empty() : !document.contains(property)) {
        unsaid.push_back({property, table.name, member});
      }
    }
  }
  return unsaid;
}

// --- the files -------------------------------------------------------------------------------

constexpr const char* kForceHint = "`--force` writes over it";

Status check_folder(const CroissantTarget& target) {
  std::error_code ignored;
  const std::filesystem::path folder = target.folder;
  if (!std::filesystem::exists(folder, ignored)) return {};
  if (!std::filesystem::is_directory(folder, ignored)) {
    return Error{.code = ErrorCode::conflict,
                 .what = "`" + target.folder + "` is no folder",
                 .hint = "name a folder, which is made when it is missing"};
  }
  if (target.overwrite || !std::filesystem::exists(folder / kCroissantFile, ignored)) return {};
  return Error{.code = ErrorCode::conflict,
               .what = "`" + target.folder + "` holds an export already",
               .hint = kForceHint};
}

Status write_rows(const Repository& repository, const CroissantTarget& target, Described& table) {
  MILLGATE_ASSIGN(auto rows, read_rows(repository.objects(), table.stored));
  const auto stored = stored_rows(changed_rows(std::move(rows), table.change), table.columns);
  table.written.table = table.name;
  table.written.file = table.name + ".parquet";
  const std::string path = target.folder + "/" + table.written.file;
  auto count = write_table_file(*stored, path, target.overwrite);
  if (!count.ok()) {
    Error error = std::move(count).error();
    if (error.code == ErrorCode::conflict) error.hint = kForceHint;
    return error;
  }
  table.written.row_count = *count;
  HashCache cache(repository.folder("cache") + "/files.json");
  MILLGATE_ASSIGN(const SourceFile file, cache.hash(path));
  table.written.sha256 = file.sha256;
  table.written.size_bytes = file.size_bytes;
  return {};
}

}  // namespace

Result<CroissantReport> export_croissant(const Repository& repository, const Project& project,
                                         const CroissantTarget& target) {
  MILLGATE_ASSIGN(const std::vector<std::string> names, chosen_tables(project, target));
  MILLGATE_TRY(check_folder(target));
  std::vector<Described> tables;
  std::vector<std::vector<TableStep>> histories;
  for (const std::string& name : names) {
    MILLGATE_ASSIGN(Described table, describe(repository, target, name));
    for (Reference& one : references_of(project, name)) {
      if (std::find(names.begin(), names.end(), one.other_table) != names.end()) {
        table.references.push_back(std::move(one));
      }
    }
    histories.push_back(table.history);
    tables.push_back(std::move(table));
  }
  // Without it, a folder whose files are being replaced describes none of them.
  std::error_code ignored;
  std::filesystem::remove(std::filesystem::path(target.folder) / kCroissantFile, ignored);
  CroissantReport report;
  for (Described& table : tables) {
    MILLGATE_TRY(write_rows(repository, target, table));
    report.tables.push_back(table.written);
  }
  report.version = semantic_version(histories);
  const Json document = document_of(project, target, tables, report.version);
  report.unsaid = unsaid_of(document, target, tables);
  MILLGATE_TRY(write_file(target.folder + "/" + kCroissantFile, dump_json_pretty(document) + "\n"));
  return report;
}

}  // namespace millgate
