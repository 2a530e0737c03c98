#include "system/report/incident_report.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "data/feature/vector.h"
#include "ground/json.h"
#include "system/monitor/served_log.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr int64_t kHour = 3600LL * 1'000'000;
constexpr int64_t kDay = 24 * kHour;
/// Looked at before the incident began.
constexpr int64_t kLookBack = 14 * kDay;
constexpr size_t kGroupsMax = 6;  ///< Of one column.

/// Which predictions are meant, as conditions of SQL over `served`.
struct AffectedRows {
  std::string since;  ///< Of the models that the alarms are about, since it began.
  std::string rows;   ///< Of these, the affected ones.
};

AffectedRows affected_of(const IncidentReport& report) {
  std::set<std::string> models;
  std::string rows;
  for (const Alarm& alarm : report.incident.alarms) {
    if (const auto id = Id::parse(alarm.model)) models.insert(id->brief());
    if (rows.empty()) rows = alarm.rows_where;
  }
  std::string names;
  for (const std::string& model : models) {
    names += (names.empty() ? "" : ", ") + quote_text(model);
  }
  AffectedRows found;
  found.since = "event_micros >= " + std::to_string(report.incident.since().micros) +
                " and event_micros <= " + std::to_string(report.until.micros);
  if (!names.empty()) found.since += " and model::varchar in (" + names + ")";
  found.rows = "(" + found.since + (rows.empty() ? "" : " and (" + rows + ")") + ")";
  return found;
}

/// The served part of a report.
class Counter {
 public:
  Counter(const ServedLog& log, IncidentReport& report)
      : log_(log), report_(report), affected_(affected_of(report)) {}

  Status count() {
    MILLGATE_ASSIGN(report_.served,
                    log_.database().count("select count(*) from served where " + affected_.since));
    MILLGATE_ASSIGN(report_.affected,
                    log_.database().count("select count(*) from served where " + affected_.rows));
    return {};
  }

  Status count_stretches() {
    const int64_t begin = report_.incident.since().micros;
    MILLGATE_ASSIGN(const int64_t last,
                    log_.database().count("select coalesce(max(event_micros), 0) from served"));
    const int64_t span = std::max<int64_t>(last - begin, 0);
    const int64_t length = span <= 3 * kDay ? 3 * kHour : span <= 60 * kDay ? kDay : 7 * kDay;
    report_.stretch_micros = length;
    MILLGATE_ASSIGN(const Block block, read("select event_micros // " + std::to_string(length) +
                                                " as stretch, count(*) as served, "
                                                "count(*) filter (where " +
                                                affected_.rows +
                                                ") as affected from served where "
                                                "event_micros >= " +
                                                std::to_string(begin - 14 * length) +
                                                " group by stretch order by stretch",
                                            {{"stretch", ValueType::integer},
                                             {"served", ValueType::integer},
                                             {"affected", ValueType::integer}}));
    for (size_t row = 0; row < block.rows; ++row) {
      report_.stretches.push_back({Time{block.columns[0].integers[row] * length},
                                   block.columns[1].integers[row], block.columns[2].integers[row]});
    }
    return {};
  }

  Status count_groups(const std::string& column, bool is_binary) {
    const std::string logged = log_.column_of(column);
    if (logged.empty()) {
      report_.notes.push_back("who was affected by `" + column +
                              "` cannot be known: it was never logged");
      return {};
    }
    // Whether a decision was wrong: a regression decides nothing.
    const bool decides = is_binary && contains(log_.columns(), "decision");
    const std::string labelled =
        decides ? affected_.rows + " and label_value is not null" : std::string("false");
    const std::string wrong = decides ? "decision <> (label_value > 0.5)" : "false";
    MILLGATE_ASSIGN(const Block block,
                    read("select coalesce(" + quote_name(logged) +
                             "::varchar, '(missing)') as value, "
                             "count(*) as served, count(*) filter (where " +
                             affected_.rows +
                             ") as affected, "
                             "count(*) filter (where " +
                             labelled + ") as labelled, count(*) filter (where " + labelled +
                             " and " + wrong + ") as wrong from served where " + affected_.since +
                             " group by value order by affected desc, served desc, value limit " +
                             std::to_string(kGroupsMax),
                         {{"value", ValueType::text},
                          {"served", ValueType::integer},
                          {"affected", ValueType::integer},
                          {"labelled", ValueType::integer},
                          {"wrong", ValueType::integer}}));
    for (size_t row = 0; row < block.rows; ++row) {
      report_.groups.push_back({.column = column,
                                .value = block.columns[0].texts[row],
                                .served = block.columns[1].integers[row],
                                .affected = block.columns[2].integers[row],
                                .labelled = block.columns[3].integers[row],
                                .wrong = block.columns[4].integers[row]});
    }
    return {};
  }

  /// Ids of affected predictions: the first, one amidst, the last.
  Result<std::vector<std::string>> examples() {
    MILLGATE_ASSIGN(Block block,
                    read("select id from (select prediction_id::varchar as id, row_number() over "
                         "(order by event_micros, prediction_id) as n, count(*) over () as c from "
                         "served where " +
                             affected_.rows +
                             ") where n in (1, (c + 1) // 2, c) "
                             "order by n",
                         {{"id", ValueType::text}}));
    if (block.columns.empty()) return std::vector<std::string>{};
    return std::move(block.columns[0].texts);
  }

 private:
  static bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }
  Result<Block> read(const std::string& sql, const std::vector<Field>& fields) {
    MILLGATE_ASSIGN(const auto table, log_.database().query(sql));
    return block_from(*table, fields);
  }

  const ServedLog& log_;
  IncidentReport& report_;
  AffectedRows affected_;
};

Status read_log(const Repository& repository, const IncidentQuestion& question,
                IncidentReport& report) {
  MonitorOptions options;
  options.from = Time{report.incident.since().micros - kLookBack};
  MILLGATE_ASSIGN(const ServedLog log, ServedLog::read(repository, options));
  Counter counter(log, report);
  if (!log.models().empty()) MILLGATE_TRY(counter.count());
  if (report.served == 0) {
    report.notes.emplace_back(
        "none of the predictions is in the project's own log: who was affected cannot be known");
    return {};
  }
  MILLGATE_TRY(counter.count_stretches());
  const Alarm& leader = report.incident.alarm();
  if (leader.rows_where.empty() && leader.affected_rows < leader.served_rows) {
    report.notes.push_back("which predictions it touches is not known one by one: by the alarm " +
                           count_text(leader.affected_rows) + " of " +
                           count_text(leader.served_rows) +
                           "; here all since it began are counted");
  }
  const auto& hidden = question.guard.left_out;
  for (const std::string& column : question.slices) {
    if (std::find(hidden.begin(), hidden.end(), column) != hidden.end()) {
      report.notes.push_back("by `" + column + "` nothing is counted: personal data");
    } else {
      MILLGATE_TRY(counter.count_groups(column, question.is_binary));
    }
  }
  MILLGATE_ASSIGN(const auto ids, counter.examples());
  for (const std::string& id : ids) {
    auto trace = trace_prediction(repository, id, kCurrentBranch, question.guard);
    if (trace) {
      report.examples.push_back(*std::move(trace));
    } else {
      report.notes.push_back("prediction " + id + " cannot be traced: " + trace.error().what);
    }
  }
  return {};
}

/// Steps of the ledger between two times.
class Steps {
 public:
  Steps(const Ledger& ledger, Time from, Time to, std::vector<IncidentStep>& steps)
      : ledger_(ledger), from_(from), to_(to), steps_(steps) {}

  Status add_kind(const std::string& kind,
                  const std::function<std::string(const Event&, const Json&)>& words,
                  const Incident* own = nullptr) {
    MILLGATE_ASSIGN(const auto events, ledger_.events(0, kind));
    for (const Event& event : events) {
      if (own == nullptr && (event.time < from_ || event.time > to_)) continue;
      MILLGATE_ASSIGN(const Json body, parse_json(event.body, kind));
      std::string what = words(event, body);
      if (what.empty()) continue;
      steps_.push_back({event.time, event.number, std::move(what), event.author, own != nullptr});
    }
    return {};
  }

 private:
  const Ledger& ledger_;
  Time from_, to_;
  std::vector<IncidentStep>& steps_;
};

std::string brief(const std::string& hex) { return hex.substr(0, 12); }

std::string reason_words(const Json& body) {
  const auto reason = body.value("reason", std::string());
  return reason.empty() ? "" : ": " + reason;
}

std::string change_words(const Event& event, const Json& body) {
  const std::string model = "model " + brief(event.subject);
  const auto how = body.value("how", event.kind);
  if (how == "rollback") return "rollback to " + model + reason_words(body);
  if (how == "override") return model + " released against the gate" + reason_words(body);
  return model + " released" + reason_words(body);
}

std::string decision_words(const Incident& incident, const Json& body) {
  const auto number = body.value("alarm", int64_t{0});
  if (number != incident.number) return {};
  return body.value("state", std::string()) + " by " + body.value("name", std::string()) +
         reason_words(body);
}

std::string delivery_words(const Incident& incident, const Json& body) {
  const auto numbers = body.value("alarms", std::vector<int64_t>{});
  if (std::find(numbers.begin(), numbers.end(), incident.number) == numbers.end()) return {};
  return "sent to " + body.value("to", std::string());
}

std::string trigger_words(const Incident& incident, const Json& body) {
  if (body.value("incident", int64_t{0}) != incident.number) return {};
  return "trigger " + body.value("trigger", std::string()) + ", " +
         body.value("do", std::string()) + " " + body.value("state", std::string()) + ": " +
         body.value("what", std::string());
}

Status add_steps(const Repository& repository, IncidentReport& report) {
  const Ledger& ledger = repository.ledger();
  const Incident& incident = report.incident;
  const Time begin = incident.since();
  Time recorded = incident.alarm().recorded;
  for (const Alarm& alarm : incident.alarms) {
    recorded = std::min(recorded, alarm.recorded);
    report.steps.push_back(
        {alarm.recorded, alarm.event_number, "noticed: " + alarm.what, "", true});
  }
  report.steps.push_back({begin, 0, "it begins: first window in which it shows", "", true});
  const Time from{std::min(begin, recorded).micros - kLookBack};
  Steps steps(ledger, from, report.until, report.steps);
  MILLGATE_TRY(steps.add_kind("commit", [&](const Event& event, const Json& body) {
    const auto hex = body.value("commit", std::string());
    const auto id = Id::parse(hex);
    const auto commit = id ? repository.read_commit(*id) : Result<Commit>(Error{});
    return "commit " + brief(hex) + " on " + event.subject +
           (commit ? ": " + commit->message : std::string());
  }));
  MILLGATE_TRY(steps.add_kind("run", [](const Event& event, const Json& body) {
    return "model " + brief(event.subject) + " trained from commit " +
           brief(body.value("data_commit", std::string()));
  }));
  MILLGATE_TRY(steps.add_kind("verdict", [](const Event& event, const Json& body) {
    return "gate: model " + brief(event.subject) +
           (body.value("passed", false) ? " passed" : " refused");
  }));
  MILLGATE_TRY(steps.add_kind("release", change_words));
  MILLGATE_TRY(steps.add_kind("rollback", change_words));
  MILLGATE_TRY(steps.add_kind("rollout", [](const Event& event, const Json& body) {
    return "roll-out of model " + brief(event.subject) + ": " + body.value("what", std::string()) +
           reason_words(body);
  }));
  MILLGATE_TRY(steps.add_kind(
      "alarm_decision",
      [&](const Event&, const Json& body) { return decision_words(incident, body); }, &incident));
  MILLGATE_TRY(steps.add_kind(
      "alarm_delivery",
      [&](const Event&, const Json& body) { return delivery_words(incident, body); }, &incident));
  MILLGATE_TRY(steps.add_kind(
      "trigger", [&](const Event&, const Json& body) { return trigger_words(incident, body); },
      &incident));
  std::stable_sort(report.steps.begin(), report.steps.end(),
                   [](const IncidentStep& a, const IncidentStep& b) {
                     return a.time != b.time ? a.time < b.time : a.event < b.event;
                   });
  return {};
}

Status add_live(const Ledger& ledger, IncidentReport& report) {
  MILLGATE_ASSIGN(report.live, serving(ledger));
  MILLGATE_ASSIGN(report.before, rollback_target(ledger));
  return {};
}

}  // namespace

Result<IncidentReport> incident_report(const Repository& repository,
                                       const IncidentQuestion& question) {
  IncidentReport report;
  report.project = question.project;
  report.made = repository.clock().now();
  MILLGATE_ASSIGN(report.incident,
                  find_incident(repository.ledger(), question.number, report.made));
  report.until =
      report.incident.state == AlarmState::resolved ? report.incident.decided : report.made;
  MILLGATE_TRY(add_steps(repository, report));
  MILLGATE_TRY(read_log(repository, question, report));
  MILLGATE_TRY(add_live(repository.ledger(), report));
  return report;
}

std::vector<IncidentAdvice> incident_advice(const IncidentReport& report) {
  std::vector<IncidentAdvice> advice;
  const std::string number = std::to_string(report.incident.number);
  if (report.incident.state == AlarmState::resolved) return advice;
  if (report.incident.state == AlarmState::open) {
    advice.push_back({"millgate alarms acknowledge " + number + " --by NAME --reason \"I look\"",
                      "others see that somebody looks into it"});
  }
  std::set<std::string> told;
  for (const Alarm& alarm : report.incident.alarms) {
    if (alarm.next_step.empty() || !told.insert(alarm.next_step).second) continue;
    advice.push_back({alarm.next_step, alarm.what});
  }
  if (report.live && report.before) {
    advice.push_back({"millgate rollback --reason \"incident #" + number + "\"",
                      "back to model " + report.before->brief() + ", from " +
                          report.live->model.brief() + ", which answers since " +
                          time_text(report.live->since)});
  }
  advice.push_back({"millgate alarms resolve " + number + " --by NAME --reason \"...\"",
                    "when it is done: it is raised again where it shows after that"});
  return advice;
}

nlohmann::ordered_json to_json(const IncidentReport& report) {
  Json steps = Json::array();
  for (const IncidentStep& step : report.steps) {
    steps.push_back({{"time", to_string(step.time)},
                     {"event", step.event == 0 ? Json(nullptr) : Json(step.event)},
                     {"what", step.what},
                     {"by", step.by},
                     {"is_of_incident", step.is_of_incident}});
  }
  Json stretches = Json::array();
  for (const ServedStretch& one : report.stretches) {
    stretches.push_back(
        {{"from", to_string(one.from)}, {"served", one.served}, {"affected", one.affected}});
  }
  Json groups = Json::array();
  for (const AffectedGroup& group : report.groups) {
    groups.push_back({{"column", group.column},
                      {"value", group.value},
                      {"served", group.served},
                      {"affected", group.affected},
                      {"labelled", group.labelled},
                      {"wrong", group.wrong}});
  }
  Json examples = Json::array();
  for (const PredictionTrace& trace : report.examples) examples.push_back(to_json(trace));
  Json advice = Json::array();
  for (const IncidentAdvice& one : incident_advice(report)) {
    advice.push_back({{"command", one.command}, {"why", one.why}});
  }
  return {{"project", report.project},
          {"made", to_string(report.made)},
          {"incident", to_json(report.incident)},
          {"until", to_string(report.until)},
          {"served", report.served},
          {"affected", report.affected},
          {"steps", steps},
          {"stretch_micros", report.stretch_micros},
          {"stretches", stretches},
          {"groups", groups},
          {"examples", examples},
          {"live", report.live ? Json(report.live->model.hex()) : Json(nullptr)},
          {"before", report.before ? Json(report.before->hex()) : Json(nullptr)},
          {"advice", advice},
          {"notes", report.notes}};
}

}  // namespace millgate
