#include <cstdlib>
#include <iostream>
#include <optional>

#include "app/commands.h"
#include "app/going_live.h"
#include "app/text_table.h"
#include "system/monitor/alarm_decision.h"
#include "system/monitor/alarm_delivery.h"
#include "system/monitor/alarm_message.h"

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

void print_standing(const AlarmStanding& standing) {
  const Alarm& alarm = standing.alarm;
  std::cout << '#' << alarm.event_number << ' ' << to_string(standing.state) << ": " << alarm.what
            << '\n';
  std::cout << "  since " << to_string(alarm.since).substr(0, 10) << ", " << alarm.how_much << '\n';
  if (!alarm.suspected_cause.empty()) std::cout << "  suspected: " << alarm.suspected_cause << '\n';
  if (!alarm.next_step.empty()) std::cout << "  next: " << alarm.next_step << '\n';
  if (!standing.decision) return;
  std::cout << "  " << to_string(standing.decision->state) << " by " << standing.decision->name
            << " at " << to_string(standing.decided)
            << (standing.decision->until ? " until " + to_string(*standing.decision->until) : "")
            << ": " << standing.decision->reason << '\n';
}

Result<int> list_alarms(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(std::vector<AlarmStanding> all,
                  alarm_standings(repository->ledger(), repository->clock().now()));
  if (session.json) {
    Json list = Json::array();
    for (const AlarmStanding& one : all) list.push_back(to_json(one));
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
  const auto is_quiet = [](const AlarmStanding& one) {
    return one.state == AlarmState::resolved || one.state == AlarmState::muted;
  };
  size_t quiet = 0;
  for (const AlarmStanding& one : all) {
    if (!options.all && is_quiet(one)) {
      ++quiet;
    } else {
      print_standing(one);
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
  MILLGATE_ASSIGN(
      const AlarmStanding standing,
      decide_alarm(repository->ledger(), decision.alarm, decision.decision, now, author_name()));
  if (session.json) {
    print_json(to_json(standing));
  } else {
    print_standing(standing);
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
  MILLGATE_ASSIGN(const auto standings, alarm_standings(ledger, place.repository->clock().now()));
  MILLGATE_ASSIGN(const auto left, undelivered(ledger, standings, url));
  if (!left.empty()) {
    const bool is_mail = url.starts_with("smtp");
    const auto format = parse_alarm_format(is_mail ? "email" : sending.format);
    const AlarmMessage message = alarm_message(*format, place.project.name, left, sending.mail);
    MILLGATE_TRY(deliver(message, {.url = url, .mail = sending.mail}));
    MILLGATE_TRY(record_delivery(ledger, left, url, author_name()));
  }
  if (session.json) {
    Json numbers = Json::array();
    for (const AlarmStanding& one : left) numbers.push_back(one.alarm.event_number);
    print_json({{"to", shown_url(url)}, {"sent", numbers}});
  } else if (left.empty()) {
    std::cout << "no open alarm that was not sent to " << shown_url(url) << " already\n";
  } else {
    std::cout << left.size() << (left.size() == 1 ? " alarm" : " alarms") << " sent to "
              << shown_url(url) << '\n';
  }
  return kDone;
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

}  // namespace

void add_alarms(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "alarms", "list alarms; acknowledge, mute, resolve and send them", "millgate alarms --all");
  command.add_flag("--all", options->all, "also those that are muted or resolved");
  add_decision(command, session, AlarmState::acknowledged, "acknowledge", "somebody looks into it",
               "millgate alarms acknowledge 12 --by ada --reason \"asked the sender\"");
  add_decision(command, session, AlarmState::muted, "mute", "nobody is told for a time",
               "millgate alarms mute 12 --until 7d --by ada --reason \"fixed on Monday\"");
  add_decision(command, session, AlarmState::resolved, "resolve",
               "done; it is raised again where it shows first after now",
               "millgate alarms resolve 12 --by ada --reason \"the sender uses miles again\"");
  add_send(command, session);
  command.does([&session, options] { return list_alarms(session, *options); });
}

}  // namespace millgate
