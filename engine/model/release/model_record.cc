#include "model/release/model_record.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "ground/json.h"
#include "model/release/model_name.h"

namespace millgate {

namespace {

/// Records by model, while they are filled.
class Records {
 public:
  explicit Records(std::vector<ModelRecord>& records) : records_(records) {
    for (size_t i = 0; i < records.size(); ++i) places_[records[i].model] = i;
  }
  /// Null for a model that no run recorded.
  ModelRecord* find(const Id& model) {
    const auto found = places_.find(model);
    return found == places_.end() ? nullptr : &records_[found->second];
  }

 private:
  std::vector<ModelRecord>& records_;
  std::unordered_map<Id, size_t> places_;
};

Status add_verdicts(const Ledger& ledger, Records& records) {
  MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, "verdict"));
  for (const Event& event : events) {
    MILLGATE_ASSIGN(Verdict verdict, verdict_from_event(event));
    if (ModelRecord* record = records.find(verdict.model()); record != nullptr) {
      record->verdicts.insert_or_assign(verdict.environment(), std::move(verdict));
    }
  }
  return {};
}

Status add_live(const Ledger& ledger, Records& records) {
  MILLGATE_ASSIGN(const std::vector<Serving> live, live_everywhere(ledger));
  for (const Serving& now : live) {
    if (ModelRecord* record = records.find(now.model)) record->live.push_back(now);
    MILLGATE_ASSIGN(const std::vector<Serving> history, serving_history(ledger, now.environment));
    std::unordered_map<Id, const Serving*> newest;
    for (const Serving& change : history) {
      if (change.how == "override") newest[change.model] = &change;
    }
    for (const auto& [model, change] : newest) {
      if (ModelRecord* record = records.find(model)) record->overrides.push_back(*change);
    }
  }
  return {};
}

/// "alias champion", "release", "replaced in staging": how an event concerns a model.
std::string step_text(const Event& event, const Json& body, const std::string& model) {
  const bool is_about_it = event.subject == model || body.value("model", std::string()) == model;
  if (event.kind == "run") return "trained";
  if (event.kind == "verdict") {
    const auto environment = body.value("environment", std::string());
    return std::string(body.value("warns_only", false) ? "verdict passed with a warning"
                       : body.value("passed", false)   ? "verdict passed"
                                                       : "verdict refused it") +
           (environment.empty() ? "" : " for " + environment);
  }
  if (event.kind == "release" || event.kind == "rollback") {
    const auto how = body.value("how", event.kind);
    if (!is_about_it) return how == "rollback" ? "rolled back over" : "replaced";
    return how == "rollback" ? "rollback to it" : how;
  }
  if (event.kind == "promotion") {
    const auto how = body.value("how", std::string());
    if (!is_about_it) return "replaced in " + event.subject;
    return (how == "rollback"   ? "rollback to it in "
            : how == "override" ? "override to "
                                : "promotion to ") +
           event.subject;
  }
  if (event.kind == "alias") return (is_about_it ? "alias " : "no longer alias ") + event.subject;
  if (event.kind == "retire") return body.value("retired", false) ? "retired" : "brought back";
  return event.kind;
}

std::string evidence_text(const Event& event, const Json& body) {
  if (event.kind == "run")
    return "commit " + body.value("data_commit", std::string()).substr(0, 12);
  if (event.kind == "verdict") return "verdict " + event.id.brief();
  const auto verdict = body.value("verdict", std::string());
  return verdict.empty() ? std::string() : "verdict " + verdict.substr(0, 12);
}

std::string who(const Event& event, const Json& body) {
  return body.value("how", std::string()) == "override" ? body.value("name", event.author)
                                                        : event.author;
}

std::string why(const Json& body) {
  std::string reason = body.value("reason", std::string());
  if (const auto until = body.value("until", std::string()); !until.empty()) {
    reason += " (until " + until + ")";
  }
  return reason;
}

}  // namespace

bool ModelRecord::is_of_note() const {
  return !aliases.empty() || !live.empty() || !verdicts.empty() || !overrides.empty() || retired;
}

Result<std::vector<ModelRecord>> model_records(const Ledger& ledger) {
  MILLGATE_ASSIGN(const std::vector<RunRecord> versions, model_versions(ledger));
  std::vector<ModelRecord> all;
  for (const RunRecord& run : versions) {
    ModelRecord record;
    record.version = static_cast<int64_t>(all.size()) + 1;
    record.model = run.model;
    record.trained = run.event.time;
    record.trained_by = run.event.author;
    const std::string object = "event " + std::to_string(run.event.number) + " (run)";
    MILLGATE_ASSIGN(const Json body, parse_json(run.event.body, object));
    record.data_commit = body.value("data_commit", std::string());
    MILLGATE_ASSIGN(record.retired, retirement(ledger, run.model));
    all.push_back(std::move(record));
  }
  Records records(all);
  MILLGATE_ASSIGN(const std::vector<Alias> names, aliases(ledger));
  for (const Alias& one : names) {
    if (ModelRecord* record = records.find(one.model)) record->aliases.push_back(one);
  }
  MILLGATE_TRY(add_verdicts(ledger, records));
  MILLGATE_TRY(add_live(ledger, records));
  return all;
}

Result<std::vector<ModelStep>> model_history(const Ledger& ledger, const Id& model) {
  const std::string hex = model.hex();
  std::map<int64_t, Event> events;
  MILLGATE_ASSIGN(const std::vector<Event> about, ledger.events(0, {}, hex));
  for (const Event& event : about) events.emplace(event.number, event);
  for (const char* kind : {"release", "rollback", "promotion", "alias"}) {
    MILLGATE_ASSIGN(const std::vector<Event> others, ledger.events(0, kind));
    for (const Event& event : others) events.emplace(event.number, event);
  }
  std::vector<ModelStep> steps;
  for (const auto& [number, event] : events) {
    MILLGATE_ASSIGN(const Json body, parse_json(event.body, "event " + std::to_string(number)));
    const bool concerns = event.subject == hex || body.value("model", std::string()) == hex ||
                          body.value("before", std::string()) == hex;
    if (!concerns) continue;
    steps.push_back({.event = number,
                     .time = event.time,
                     .what = step_text(event, body, hex),
                     .by = who(event, body),
                     .why = why(body),
                     .evidence = evidence_text(event, body)});
  }
  return steps;
}

}  // namespace millgate
