#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>

#include "app/commands.h"
#include "app/going_live.h"
#include "app/incident_actions.h"
#include "app/personal_exit.h"
#include "app/text_table.h"
#include "system/monitor/alarm_delivery.h"
#include "system/monitor/alarm_message.h"
#include "system/monitor/incident.h"
#include "system/report/incident_report.h"

namespace millgate {

namespace {

struct Options {
  bool all = false;
};

struct Sending {
  std::string url, url_variable, format = "json";
  MailAddresses mail;
};

struct Decision {
  int64_t alarm = 0;
  std::string until;
  AlarmDecision decision;
};

void print_incident(const Incident& incident) {
  const Alarm& alarm = incident.alarm();
  std::cout << '#' << incident.number << ' ' << to_string(incident.state) << ": " << alarm.what
            << '\n';
  std::cout << "  since " << to_string(incident.since()).substr(0, 10) << ", " << alarm.how_much
            << '\n';
  std::cout << "  harm: " << harm_text(alarm.harm) << '\n';
  if (!alarm.suspected_cause.empty()) std::cout << "  suspected: " << alarm.suspected_cause << '\n';
  if (!alarm.next_step.empty()) std::cout << "  next: " << alarm.next_step << '\n';
  for (size_t at = 1; at < incident.alarms.size(); ++at) {
    std::cout << "  of the same cause: " << incident.alarms[at].what << '\n';
  }
  if (!incident.decision) return;
  std::cout << "  " << to_string(incident.decision->state) << " by " << incident.decision->name
            << " at " << to_string(incident.decided)
            << (incident.decision->until ? " until " + to_string(*incident.decision->until) : "")
            << ": " << incident.decision->reason << '\n';
}

Result<int> list_alarms(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const std::vector<Incident> all,
                  incidents(repository->ledger(), repository->clock().now()));
  if (session.json) {
    Json list = Json::array();
    for (const Incident& one : all) list.push_back(to_json(one));
    print_json(list);
    return kDone;
  }
  // Whoever reads of a model that lives against the gate is told so.
  MILLGATE_ASSIGN(const std::optional<Serving> now, serving(repository->ledger()));
  if (now) tell_override(*now);
  if (all.empty()) {
    std::cout << "no alarms\n";
    return kDone;
  }
  const auto is_quiet = [](const Incident& one) {
    return one.state == AlarmState::resolved || one.state == AlarmState::muted;
  };
  size_t quiet = 0;
  for (const Incident& one : all) {
    if (!options.all && is_quiet(one)) {
      ++quiet;
    } else {
      print_incident(one);
    }
  }
  if (quiet > 0) std::cout << quiet << " muted or resolved; --all shows them\n";
  return kDone;
}

/// "7d" from now, or a time.
Result<Time> end_of(const std::string& until, Time now) {
  if (const auto length = parse_duration_micros(until)) return Time{now.micros + *length};
  return parse_time(until);
}

Result<int> decide(const Session& session, Decision decision) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  const Time now = repository->clock().now();
  if (!decision.until.empty()) {
    MILLGATE_ASSIGN(decision.decision.until, end_of(decision.until, now));
  }
  MILLGATE_ASSIGN(const Incident incident, decide_incident(repository->ledger(), decision.alarm,
                                                           decision.decision, now, author_name()));
  if (session.json) {
    print_json(to_json(incident));
  } else {
    print_incident(incident);
  }
  return kDone;
}

/// A URL may hold a secret, and what is typed is seen by others: it can come from a variable.
Result<std::string> receiver_url(const Sending& sending) {
  if (sending.url.empty() == sending.url_variable.empty()) {
    return invalid_input("where to send is not said",
                         "give --to URL, or --to-env NAME of a variable that holds it");
  }
  if (!sending.url.empty()) return sending.url;
  const char* value = std::getenv(sending.url_variable.c_str());
  if (value != nullptr && *value != '\0') return std::string(value);
  return invalid_input("the variable `" + sending.url_variable + "` is not set",
                       "set it to the URL that alarms are sent to");
}

Result<int> send(const Session& session, const Sending& sending) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const std::string url, receiver_url(sending));
  Ledger& ledger = place.repository->ledger();
  MILLGATE_ASSIGN(const auto all, incidents(ledger, place.repository->clock().now()));
  MILLGATE_ASSIGN(const auto left, undelivered(ledger, all, url));
  if (!left.empty()) {
    const bool is_mail = url.starts_with("smtp");
    const auto format = parse_alarm_format(is_mail ? "email" : sending.format);
    const AlarmMessage message = alarm_message(*format, place.project.name, left, sending.mail);
    MILLGATE_TRY(deliver(message, {.url = url, .mail = sending.mail}));
    MILLGATE_TRY(record_delivery(ledger, left, url, author_name()));
  }
  if (session.json) {
    Json numbers = Json::array();
    for (const Incident& one : left) numbers.push_back(one.number);
    print_json({{"to", shown_url(url)}, {"sent", numbers}});
  } else if (left.empty()) {
    std::cout << "no open incident that was not sent to " << shown_url(url) << " already\n";
  } else {
    std::cout << left.size() << (left.size() == 1 ? " incident" : " incidents") << " sent to "
              << shown_url(url) << '\n';
  }
  return kDone;
}

struct Reporting {
  int64_t incident = 0;
  std::string html, markdown;
};

Result<int> report_incident(const Session& session, const Reporting& reporting) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  IncidentQuestion question{.number = reporting.incident, .project = place.project.name};
  if (place.project.task) {
    question.slices = place.project.task->slices;
    question.is_binary = place.project.task->kind == TaskKind::binary;
  }
  MILLGATE_ASSIGN(question.guard.left_out,
                  hidden_log_columns(*place.repository, "select * from predictions"));
  MILLGATE_ASSIGN(const IncidentReport report, incident_report(*place.repository, question));
  if (!reporting.html.empty()) MILLGATE_TRY(write_file(reporting.html, incident_html(report)));
  const std::string markdown = incident_markdown(report);
  if (!reporting.markdown.empty()) MILLGATE_TRY(write_file(reporting.markdown, markdown));
  if (session.json) {
    print_json(to_json(report));
    return kDone;
  }
  if (reporting.html.empty() && reporting.markdown.empty()) {
    std::cout << markdown;
    return kDone;
  }
  for (const std::string& path : {reporting.html, reporting.markdown}) {
    if (path.empty()) continue;
    std::cout << "incident " << report.incident.number << ": "
              << std::filesystem::absolute(path).lexically_normal().string() << '\n';
  }
  return kDone;
}

void add_report_of_incident(const Command& alarms, Session& session) {
  auto reporting = std::make_shared<Reporting>();
  const Command command = alarms.add_command(
      "report", "all that is known of an incident, on one page; default: Markdown on stdout",
      "millgate alarms report 12 --html incident.html");
  command.add_option("alarm", reporting->incident, "number, as `millgate alarms` shows it")
      .required();
  command.add_option("--html", reporting->html, "write a page with a plot");
  command.add_option("--markdown", reporting->markdown, "write it for a ticket or a chat");
  command.does([&session, reporting] { return report_incident(session, *reporting); });
}

void add_send(const Command& alarms, Session& session) {
  auto sending = std::make_shared<Sending>();
  const Command command =
      alarms.add_command("send", "send open alarms that were not sent there yet, by HTTP or e-mail",
                         "millgate alarms send --to-env ALARM_HOOK --as slack");
  command.add_option("--to", sending->url, "http, https, smtp or smtps URL");
  command.add_option("--to-env", sending->url_variable,
                     "name of a variable that holds the URL: it may be a secret");
  command.add_option("--as", sending->format, "what the receiver of HTTP understands")
      .one_of({"json", "cloudevents", "slack", "alertmanager"})
      .shows_default();
  command.add_option("--mail-from", sending->mail.from, "sender of the mail");
  command.add_option("--mail-to", sending->mail.to, "receivers of the mail");
  command.does([&session, sending] { return send(session, *sending); });
}

void add_decision(const Command& alarms, Session& session, AlarmState state,
                  const std::string& name, const std::string& summary, const std::string& example) {
  auto decision = std::make_shared<Decision>();
  decision->decision.state = state;
  const Command command = alarms.add_command(name, summary, example);
  command.add_option("alarm", decision->alarm, "number of the alarm, as `millgate alarms` shows it")
      .required();
  if (state == AlarmState::muted) {
    command.add_option("--until", decision->until, "a time, or how long from now: 7d");
  }
  command.add_option("--by", decision->decision.name, "who answers for it");
  command.add_option("--reason", decision->decision.reason, "why; stays in the ledger");
  command.does([&session, decision] { return decide(session, *decision); });
}

/// What a person says to what a trigger asks; a yes is followed at once.
Result<int> answer(const Session& session, const Approval& approval) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_TRY(answer_action(place.repository->ledger(), approval, author_name()));
  std::vector<IncidentAction> actions;
  if (approval.is_yes) {
    MILLGATE_ASSIGN(actions, act_by_triggers(place));
  }
  if (session.json) {
    Json list = Json::array();
    for (const IncidentAction& one : actions) list.push_back(to_json(one));
    print_json(list);
  } else if (approval.is_yes) {
    print_actions(actions);
  } else {
    std::cout << "nothing is done for incident #" << approval.incident << '\n';
  }
  return kDone;
}

void add_answer(const Command& alarms, Session& session, bool is_yes, const std::string& name,
                const std::string& summary, const std::string& example) {
  auto approval = std::make_shared<Approval>();
  approval->is_yes = is_yes;
  const Command command = alarms.add_command(name, summary, example);
  command.add_option("alarm", approval->incident, "number, as `millgate alarms` shows it")
      .required();
  command.add_option("--by", approval->name, "who answers for it");
  command.add_option("--reason", approval->reason, "why; stays in the ledger");
  command.does([&session, approval] { return answer(session, *approval); });
}

}  // namespace

void add_alarms(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "alarms", "list incidents; report, acknowledge, mute, resolve and send them",
      "millgate alarms --all");
  command.add_flag("--all", options->all, "also those that are muted or resolved");
  add_decision(command, session, AlarmState::acknowledged, "acknowledge", "somebody looks into it",
               "millgate alarms acknowledge 12 --by ada --reason \"asked the sender\"");
  add_decision(command, session, AlarmState::muted, "mute", "nobody is told for a time",
               "millgate alarms mute 12 --until 7d --by ada --reason \"fixed on Monday\"");
  add_decision(command, session, AlarmState::resolved, "resolve",
               "done; it is raised again where it shows first after now",
               "millgate alarms resolve 12 --by ada --reason \"the sender uses miles again\"");
  add_answer(command, session, true, "approve", "let a trigger do what it asks for, at once",
             "millgate alarms approve 12 --by ada --reason \"the model before is sound\"");
  add_answer(command, session, false, "decline", "keep a trigger from what it asks for",
             "millgate alarms decline 12 --by ada --reason \"the sender is at fault\"");
  add_report_of_incident(command, session);
  add_send(command, session);
  command.does([&session, options] { return list_alarms(session, *options); });
}

}  // namespace millgate
