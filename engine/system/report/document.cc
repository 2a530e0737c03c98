#include "system/report/document.h"

#include "ground/json.h"
#include "system/monitor/monitor.h"
#include "system/report/annex_iv.h"
#include "system/report/card_facts.h"
#include "system/report/datasheet.h"
#include "system/report/hugging_face.h"
#include "system/report/markdown.h"
#include "system/report/model_card.h"
#include "system/report/sheet_section.h"

namespace millgate {
namespace {

Result<MonitorReport> served_until(Repository& repository, const Project& project, Time made) {
  MonitorOptions how;
  how.record = false;
  how.known = made;
  if (project.task) how.slices = project.task->slices;
  return monitor_served(repository, how);
}

std::map<std::string, std::string> evidence_of(const CardFacts& facts) {
  std::map<std::string, std::string> evidence = {
      {"run", facts.run_event.id.hex()},
      {"data", facts.run.data_commit},
      {"project file", facts.project->configuration_hash.hex()}};
  if (facts.verdict) evidence["verdict"] = facts.verdict->event().id.hex();
  if (!facts.history.empty()) {
    evidence["serving since event"] = std::to_string(facts.history.back().since_event);
  }
  return evidence;
}

Result<Document> compose_card(Repository& repository, const Project& project,
                              const DocumentTopic& topic) {
  MILLGATE_ASSIGN(const MonitorReport served, served_until(repository, project, topic.made));
  MILLGATE_ASSIGN(const CardFacts facts,
                  read_card_facts(repository, project, topic.model, &served));
  Document card{.text = {}, .evidence = evidence_of(facts)};
  const bool is_annex = topic.kind == DocumentKind::annex_iv;
  if (topic.kind == DocumentKind::hugging_face) {
    card.text = hugging_face_card(facts);
  } else if (topic.form == DocumentForm::json) {
    card.text = dump_json_pretty(is_annex ? annex_iv_json(facts) : model_card_json(facts)) + "\n";
  } else {
    const std::string page = is_annex ? annex_iv_html(facts) : model_card_html(facts);
    card.text = topic.form == DocumentForm::html ? page : page_markdown(page);
  }
  return card;
}

Result<Document> compose_datasheet(Repository& repository, const Project& project,
                                   const DocumentTopic& topic) {
  MILLGATE_ASSIGN(const Commit commit, repository.read_commit(topic.commit));
  MILLGATE_ASSIGN(const Datasheet sheet, read_datasheet(repository, project, commit, topic.table));
  Document document{.text = {},
                    .evidence = {{"rows", sheet.version.id.hex()},
                                 {"project file", project.configuration_hash.hex()}}};
  switch (topic.form) {
    case DocumentForm::json:
      document.text = dump_json_pretty(to_json(sheet)) + "\n";
      break;
    case DocumentForm::html:
      document.text = datasheet_html(sheet);
      break;
    case DocumentForm::markdown:
      document.text = datasheet_markdown(sheet);
      break;
  }
  return document;
}

/// With the place for notes: of a page inside its body, of Markdown at the end.
std::string with_notes_place(std::string text, DocumentForm form) {
  if (form == DocumentForm::json) return text;
  if (form == DocumentForm::markdown) return text + "\n" + notes_place();
  return text.insert(text.rfind("</main>"), notes_place());
}

std::string with_notes_of(std::string text, DocumentForm form, const std::string& before) {
  if (form != DocumentForm::json) {
    const std::string notes = notes_of(before);
    return notes.empty() ? text : with_notes(std::move(text), notes);
  }
  const Json old = Json::parse(before, nullptr, false);
  if (!old.is_object() || !old.contains("notes")) return text;
  Json json = Json::parse(text);
  json["notes"] = old.at("notes");
  return dump_json_pretty(json) + "\n";
}

}  // namespace

Result<Document> compose_document(Repository& repository, const Project& project,
                                  const DocumentTopic& topic) {
  return topic.kind == DocumentKind::datasheet ? compose_datasheet(repository, project, topic)
                                               : compose_card(repository, project, topic);
}

Result<std::string> sealed_document(Repository& repository, const Project& project,
                                    const DocumentTopic& topic, const std::string& before) {
  MILLGATE_ASSIGN(Document document, compose_document(repository, project, topic));
  std::string text = with_notes_place(std::move(document.text), topic.form);
  text = with_notes_of(std::move(text), topic.form, before);
  return sealed(text, topic, document.evidence);
}

std::string command_for(const DocumentTopic& topic, const std::string& file) {
  const std::string out = " --out " + file;
  if (topic.kind == DocumentKind::datasheet) {
    return "millgate datasheet " + topic.table + " --rev " + topic.commit.brief() + " --format " +
           std::string(to_text(topic.form)) + out;
  }
  std::string command = "millgate report " + topic.model.brief();
  if (topic.kind == DocumentKind::hugging_face) return command + " --as hugging-face" + out;
  if (topic.kind == DocumentKind::annex_iv) command += " --as annex-iv";
  return command + " --format " + std::string(to_text(topic.form)) + out;
}

}  // namespace millgate
