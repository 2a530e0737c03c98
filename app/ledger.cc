#include "ground/ledger.h"

#include <iostream>

#include "app/commands.h"
#include "app/going_live.h"
#include "app/text_table.h"
#include "model/release/alias.h"
#include "model/release/registry.h"

namespace millgate {

namespace {

struct Options {
  std::string at;
  std::string kind;
  bool verify = false;
};

Result<int> print_events(const Session& session, const Ledger& ledger, const Options& options) {
  MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, options.kind));
  Json list = Json::array();
  TextTable table({"event", "time", "kind", "subject", "author", "hash"});
  for (const Event& event : events) {
    MILLGATE_ASSIGN(Json body, parse_json(event.body, "event " + std::to_string(event.number)));
    list.push_back({{"event", event.number},
                    {"time", to_string(event.time)},
                    {"kind", event.kind},
                    {"subject", event.subject},
                    {"author", event.author},
                    {"body", std::move(body)},
                    {"hash", event.id.hex()}});
    const bool is_id = event.subject.size() == 64;
    table.add({std::to_string(event.number), to_string(event.time), event.kind,
               is_id ? event.subject.substr(0, 12) : event.subject, event.author,
               event.id.brief()});
  }
  if (session.json) {
    print_json(list);
  } else {
    table.print(std::cout);
  }
  return kDone;
}

/// What served at one moment, what was live elsewhere, and which names models had.
Result<int> print_moment(const Session& session, const Ledger& ledger, Time at) {
  MILLGATE_ASSIGN(const std::vector<Serving> live, live_everywhere(ledger, at));
  MILLGATE_ASSIGN(const std::vector<Alias> names, aliases(ledger, at));
  const bool serves = !live.empty() && live.back().environment.empty();
  if (session.json) {
    Json json = {{"at", to_string(at)}, {"model", nullptr}};
    if (serves) json.update(serving_json(live.back(), at));
    json["environments"] = Json::object();
    json["aliases"] = Json::object();
    for (const Serving& one : live) {
      if (!one.environment.empty()) json["environments"][one.environment] = serving_json(one, at);
    }
    for (const Alias& one : names) json["aliases"][one.name] = one.model.hex();
    print_json(json);
    return kDone;
  }
  const std::string when = "at " + to_string(at) + " ";
  if (!serves) std::cout << when << "nothing served\n";
  for (const Serving& one : live) {
    std::cout << when << "model " << one.model.brief()
              << (one.environment.empty() ? " served" : " was live in " + one.environment)
              << " since " << to_string(one.since) << how_text(one, at) << '\n';
  }
  for (const Alias& one : names) {
    std::cout << when << "alias " << one.name << " named model " << one.model.brief() << ", by "
              << one.by << '\n';
  }
  return kDone;
}

Result<int> show_ledger(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  const Ledger& ledger = repository->ledger();
  if (options.verify) {
    MILLGATE_TRY(ledger.verify());
    MILLGATE_ASSIGN(const int64_t count, ledger.head());
    if (session.json) {
      print_json({{"verified", true}, {"event_count", count}});
    } else {
      std::cout << "the chain of " << grouped(count) << " events is whole\n";
    }
    return kDone;
  }
  if (options.at.empty()) return print_events(session, ledger, options);
  MILLGATE_ASSIGN(const Time at, parse_time(options.at));
  return print_moment(session, ledger, at);
}

}  // namespace

void add_ledger(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command("ledger", "what happened, and what served when",
                                              "millgate ledger --at 2026-03-03T02:00:00Z");
  command.add_option("--at", options->at,
                     "tell what served at this time, and which names models had");
  command.add_option("--kind", options->kind, "only events of this kind");
  command.add_flag("--verify", options->verify, "recompute the chain of hashes");
  command.does([&session, options] { return show_ledger(session, *options); });
}

}  // namespace millgate
