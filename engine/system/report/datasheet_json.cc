#include "ground/json.h"
#include "system/report/datasheet.h"

namespace millgate {
namespace {

Json texts_json(const About::Texts& texts) {
  Json json = Json::object();
  for (const auto& [name, text] : texts) json[name] = text;
  return json;
}

Json columns_json(const Datasheet& sheet) {
  Json columns = Json::array();
  for (const ColumnStatistics& column : sheet.version.columns) {
    Json json = {{"name", column.name}, {"type", column.type}, {"null_count", column.null_count}};
    json["about"] = Json::object();
    for (const auto& [name, texts] : sheet.about.columns) {
      if (name == column.name) json["about"] = texts_json(texts);
    }
    columns.push_back(std::move(json));
  }
  return columns;
}

Json checks_json(const Datasheet& sheet) {
  Json checks = Json::array();
  for (const Finding& one : sheet.checks.findings) {
    checks.push_back({{"rule", one.rule},
                      {"where", one.where},
                      {"severity", one.severity == Severity::error ? "error" : "warning"},
                      {"at_least", one.at_least},
                      {"judged_count", one.judged_count},
                      {"broken_count", one.broken_count},
                      {"measured", one.measured},
                      {"passed", one.passed},
                      {"since_commit", one.since_commit}});
  }
  return checks;
}

Json history_json(const Datasheet& sheet) {
  Json history = Json::array();
  for (const TableStep& step : sheet.history) {
    Json about = Json::array();
    for (const AboutChange& change : step.about) about.push_back(change.name());
    Json columns = Json::array();
    for (const ColumnChange& change : step.columns) {
      columns.push_back({{"column", change.name},
                         {"before", change.type_before.empty() ? Json() : Json(change.type_before)},
                         {"after", change.type_after.empty() ? Json() : Json(change.type_after)}});
    }
    history.push_back({{"commit", step.commit.id.hex()},
                       {"time", to_string(step.commit.time)},
                       {"author", step.commit.author},
                       {"message", step.commit.message},
                       {"row_count", step.row_count},
                       {"inserted_count", step.inserted_count},
                       {"updated_count", step.updated_count},
                       {"removed_count", step.removed_count},
                       {"columns", columns},
                       {"about", about}});
  }
  return history;
}

}  // namespace

Json to_json(const Datasheet& sheet) {
  Json answers = Json::object();
  for (const auto& [name, text] : sheet.about.texts) answers[name] = text;
  Json unanswered = Json::array();
  for (const SheetQuestion& one : sheet.unanswered()) {
    unanswered.push_back({{"member", one.member}, {"section", one.section}, {"asks", one.asks}});
  }
  Json files = Json::array();
  for (const SheetFile& file : sheet.files) {
    files.push_back(
        {{"path", file.path}, {"sha256", file.sha256}, {"size_bytes", file.size_bytes}});
  }
  Json forgotten = Json::array();
  for (const SheetForgetting& one : sheet.forgettings) {
    forgotten.push_back({{"event", one.event_number},
                         {"time", to_string(one.time)},
                         {"author", one.author},
                         {"reason", one.reason},
                         {"row_count", one.row_count}});
  }
  Json models = Json::array();
  for (const SheetModel& one : sheet.models) {
    models.push_back({{"model", one.model.hex()},
                      {"data_commit", one.data_commit.hex()},
                      {"same_version", one.same_version}});
  }
  Json json = {{"project", sheet.project},        {"table", sheet.table},
               {"commit", sheet.commit.id.hex()}, {"time", to_string(sheet.commit.time)},
               {"version", sheet.number},         {"table_version", sheet.version.id.hex()}};
  json["logical_hash"] =
      sheet.version.logical_hash ? Json(sheet.version.logical_hash->hex()) : Json();
  json["row_count"] = sheet.version.row_count;
  json["key"] = sheet.version.key;
  json["happened"] = sheet.happened;
  json["known"] = sheet.known;
  json["label"] = sheet.label ? Json(*sheet.label) : Json();
  json["answers"] = std::move(answers);
  json["unanswered"] = std::move(unanswered);
  json["came_by"] = sheet.came_by;
  json["files"] = std::move(files);
  json["columns"] = columns_json(sheet);
  json["profile"] = to_json(sheet.profile);
  json["checks"] = checks_json(sheet);
  json["models"] = std::move(models);
  json["history"] = history_json(sheet);
  json["forgotten"] = std::move(forgotten);
  return json;
}

}  // namespace millgate
