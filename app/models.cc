#include <algorithm>
#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/going_live.h"
#include "app/text_table.h"
#include "ground/comma_list.h"
#include "model/release/model_name.h"
#include "model/release/model_record.h"

namespace millgate {

namespace {

struct Options {
  std::string model;
  bool all = false;
};

/// What people call the environment of that key.
std::string name_of_key(const Project& project, const std::string& key) {
  return key.empty() ? project.environments.back().name : key;
}

std::string outcome(const Verdict& verdict) {
  return verdict.warns_only() ? "passed with a warning" : verdict.passed() ? "passed" : "refused";
}

/// "passed (prod), refused (staging)"; without environments only the word.
std::string verdict_text(const Project& project, const ModelRecord& record) {
  std::vector<std::string> words;
  for (const auto& [key, verdict] : record.verdicts) {
    const bool is_named = project.environments.size() > 1;
    words.push_back(outcome(verdict) +
                    (is_named ? " (" + name_of_key(project, key) + ")" : std::string()));
  }
  return comma_list(words);
}

/// "grace until 2026-04-01T00:00:00Z", "grace, ended 2026-..."
std::string override_text(const Serving& one, Time now) {
  if (!one.until) return one.by;
  return one.by + (one.has_expired(now) ? ", ended " : " until ") + to_string(*one.until);
}

Json record_json(const Project& project, const ModelRecord& record, Time now) {
  Json json = {{"version", record.version},
               {"model", record.model.hex()},
               {"trained", to_string(record.trained)},
               {"trained_by", record.trained_by},
               {"data_commit", record.data_commit},
               {"aliases", Json::array()},
               {"live", Json::array()},
               {"verdicts", Json::array()},
               {"overrides", Json::array()},
               {"retired", nullptr}};
  for (const Alias& one : record.aliases) json["aliases"].push_back(one.name);
  const auto with_name = [&](const Serving& one) {
    Json entry = serving_json(one, now);
    entry["environment"] = name_of_key(project, one.environment);
    return entry;
  };
  for (const Serving& one : record.live) json["live"].push_back(with_name(one));
  for (const Serving& one : record.overrides) json["overrides"].push_back(with_name(one));
  for (const auto& [key, verdict] : record.verdicts) {
    json["verdicts"].push_back({{"environment", name_of_key(project, key)},
                                {"verdict", verdict.name()},
                                {"passed", verdict.passed()},
                                {"warns_only", verdict.warns_only()},
                                {"time", to_string(verdict.event().time)}});
  }
  if (record.retired) {
    json["retired"] = {{"since", to_string(record.retired->since)},
                       {"by", record.retired->by},
                       {"reason", record.retired->reason}};
  }
  return json;
}

std::vector<std::string> record_row(const Project& project, const ModelRecord& record, Time now) {
  std::vector<std::string> names;
  std::vector<std::string> places;
  std::vector<std::string> overrides;
  names.reserve(record.aliases.size());
  places.reserve(record.live.size() + 1);
  overrides.reserve(record.overrides.size());
  for (const Alias& one : record.aliases) names.push_back(one.name);
  for (const Serving& one : record.live) places.push_back(name_of_key(project, one.environment));
  for (const Serving& one : record.overrides) overrides.push_back(override_text(one, now));
  if (record.retired) places.emplace_back("retired");
  return {"v" + std::to_string(record.version),
          record.model.brief(),
          to_string(record.trained),
          comma_list(names),
          comma_list(places),
          verdict_text(project, record),
          comma_list(overrides)};
}

/// Overrides that have ended while their model is live: somebody must decide.
void print_expired(const Project& project, const std::vector<ModelRecord>& records, Time now) {
  for (const ModelRecord& record : records) {
    for (const Serving& one : record.live) {
      if (!one.has_expired(now)) continue;
      std::cerr << "warning: model " << record.model.brief() << " is live in "
                << name_of_key(project, one.environment) << " by an override of " << one.by
                << " that ended at " << to_string(*one.until)
                << "; release a model that passes, or override again\n";
    }
  }
}

Result<int> list_models(const Session& session, const Workplace& place, bool all) {
  MILLGATE_ASSIGN(std::vector<ModelRecord> records, model_records(place.repository->ledger()));
  const Time now = system_clock().now();
  if (records.empty() && !session.json) {
    std::cerr << "no models yet; `millgate run` trains the first\n";
    return kDone;
  }
  const size_t count = records.size();
  if (!all && count > 0) {
    const int64_t newest = records.back().version;
    std::erase_if(records, [&](const ModelRecord& one) {
      return !one.is_of_note() && one.version != newest;
    });
  }
  if (session.json) {
    Json list = Json::array();
    for (const ModelRecord& one : records) list.push_back(record_json(place.project, one, now));
    print_json(list);
    return kDone;
  }
  TextTable table({"version", "model", "trained", "alias", "live in", "verdict", "override"});
  for (const ModelRecord& one : records) table.add(record_row(place.project, one, now));
  table.print(std::cout);
  if (records.size() < count) {
    std::cout << grouped(static_cast<int64_t>(count - records.size()))
              << " more of which nothing was decided; `--all` lists them\n";
  }
  print_expired(place.project, records, now);
  return kDone;
}

Result<int> show_model(const Session& session, const Workplace& place, const std::string& name) {
  const Ledger& ledger = place.repository->ledger();
  MILLGATE_ASSIGN(const Id model, resolve_model(ledger, name));
  MILLGATE_ASSIGN(std::vector<ModelRecord> records, model_records(ledger));
  std::erase_if(records, [&](const ModelRecord& one) { return one.model != model; });
  if (records.empty()) {
    return not_found("model " + model.brief() + " was not trained here",
                     "`millgate models --all` lists those that were");
  }
  const Time now = system_clock().now();
  MILLGATE_ASSIGN(const std::vector<ModelStep> steps, model_history(ledger, model));
  if (session.json) {
    Json json = record_json(place.project, records.front(), now);
    json["history"] = Json::array();
    for (const ModelStep& step : steps) {
      json["history"].push_back({{"event", step.event},
                                 {"time", to_string(step.time)},
                                 {"what", step.what},
                                 {"by", step.by},
                                 {"why", step.why},
                                 {"evidence", step.evidence}});
    }
    print_json(json);
    return kDone;
  }
  TextTable table({"event", "time", "what", "by", "why", "evidence"});
  for (const ModelStep& step : steps) {
    table.add({std::to_string(step.event), to_string(step.time), step.what, step.by,
               brief_text(step.why), step.evidence});
  }
  std::cout << "model " << model.brief() << ", v" << records.front().version << '\n';
  table.print(std::cout);
  print_expired(place.project, records, now);
  return kDone;
}

Result<int> models(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  return options.model.empty() ? list_models(session, place, options.all)
                               : show_model(session, place, options.model);
}

}  // namespace

void add_models(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "models", "list the models: versions, aliases, where they are live, verdicts, overrides",
      "millgate models champion");
  command.add_option("model", options->model, "what happened to this one, who, when and why");
  command.add_flag("--all", options->all, "also those of which nothing was decided");
  command.does([&session, options] { return models(session, *options); });
}

}  // namespace millgate
