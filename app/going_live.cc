#include "app/going_live.h"

#include <algorithm>
#include <iostream>
#include <optional>
#include <string_view>

#include "model/release/model_name.h"
#include "system/doctor/examination.h"
#include "system/pipeline/doctor_settings.h"

namespace millgate {

namespace {

Error not_from_elsewhere(const std::string& setting) {
  return invalid_input(
      "`" + setting + "`: what a model must meet to go live stands in millgate.toml alone",
      "change it there, or override with a name and a reason");
}

/// A setting of the environment's variables that changes what the gate asks; none else matters to
/// who goes live, and a server may need them.
const std::string* asked_by_variable(const Project& project) {
  for (const std::string& setting : project.configuration.overrides) {
    for (const char* section : {"requirement", "gate", "environment", "sign_off", "doctor"}) {
      const std::string_view rest = std::string_view(setting).substr(
          std::min(setting.size(), std::string_view(section).size()));
      if (setting.starts_with(section) && (rest.starts_with('.') || rest.starts_with('='))) {
        return &setting;
      }
    }
  }
  return nullptr;
}

Result<Serving> enter(const Session& session, const GoingLive& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  Ledger& ledger = place.repository->ledger();
  MILLGATE_ASSIGN(const Entry entry, entry_from(session, place, options.environment));
  MILLGATE_ASSIGN(const Id model, resolve_model(ledger, options.model));
  MILLGATE_ASSIGN(const std::optional<Override> why, override_from(options, entry.now));
  if (why) return release_by_override(ledger, model, *why, author_name(), entry);
  MILLGATE_TRY(check_health(place));
  if (entry.environment.open) return enter_open(ledger, model, author_name(), entry);
  MILLGATE_ASSIGN(const std::optional<Verdict> verdict,
                  find_verdict(ledger, model, entry.environment.key));
  if (!verdict) {
    const std::string& key = entry.environment.key;
    return Error{.code = ErrorCode::refused,
                 .what = "model " + model.brief() + " has no verdict" +
                         (key.empty() ? "" : " for `" + key + "`"),
                 .hint = "`millgate gate " + model.brief() + (key.empty() ? "" : " --env " + key) +
                         "` judges it"};
  }
  return release(ledger, *verdict, author_name(), entry);
}

}  // namespace

Result<std::string> environment_key(const Session& session, const std::string& name) {
  if (name.empty()) return std::string();
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const Environment found, find_environment(place.project.environments, name));
  return found.key;
}

Result<SignOffRules> sign_off_rules(const Project& project) {
  Section root = project.root;
  return read_sign_offs(root, project.environments, project.folder);
}

Result<Entry> entry_from(const Session& session, const Workplace& place,
                         const std::string& environment) {
  if (!session.overrides.empty()) return not_from_elsewhere("--set " + session.overrides.front());
  if (const std::string* setting = asked_by_variable(place.project)) {
    return not_from_elsewhere(*setting);
  }
  Entry entry{.environment = {}, .now = system_clock().now(), .sign_offs = {}};
  MILLGATE_ASSIGN(entry.sign_offs, sign_off_rules(place.project));
  MILLGATE_ASSIGN(entry.environment, find_environment(place.project.environments, environment));
  return entry;
}

Status check_health(const Workplace& place) {
  Section root = place.project.root;
  MILLGATE_ASSIGN(const DoctorSettings settings, read_doctor_settings(root));
  if (settings.blocks_release.empty()) return {};
  MILLGATE_ASSIGN(const Examination found, examine(place.project.folder, system_clock(),
                                                   {.only = settings.blocks_release, .skip = {}}));
  if (found.symptoms.empty()) return {};
  Error error{.code = ErrorCode::refused,
              .what = "the project is not in order: `blocks_release` of [doctor] forbids a release",
              .hint = "`millgate doctor` says how each is mended"};
  for (const Symptom& one : found.symptoms) {
    error.because.push_back(one.id + ": " + (one.file.empty() ? "" : one.where() + ": ") +
                            one.what);
  }
  return error;
}

Result<std::optional<Override>> override_from(const GoingLive& options, Time now) {
  if (options.reason.empty() && options.name.empty()) return std::optional<Override>();
  MILLGATE_ASSIGN(const int64_t micros, parse_duration_micros(options.lasts));
  return std::optional<Override>(
      Override{.name = options.name, .reason = options.reason, .until = Time{now.micros + micros}});
}

void add_override_options(const Command& command, GoingLive& options) {
  command.add_option("--override", options.reason, "against the gate: why");
  command.add_option("--by", options.name, "with --override: who answers for it");
  command.add_option("--for", options.lasts, "with --override: how long it holds").shows_default();
}

Result<int> go_live(const Session& session, const GoingLive& options) {
  MILLGATE_ASSIGN(const Serving now, enter(session, options));
  return print_serving(session, now);
}

std::string how_text(const Serving& serving, Time now) {
  std::string text = ", by " + (serving.how == "open" ? std::string("promotion") : serving.how) +
                     " of " + serving.by;
  if (serving.until) {
    text +=
        (serving.has_expired(now) ? ", which ended at " : " until ") + to_string(*serving.until);
  }
  if (!serving.verdict.empty()) text += ", verdict " + serving.verdict;
  if (!serving.reason.empty()) text += ", because: " + serving.reason;
  return text;
}

void tell_override(const Serving& live) {
  if (live.how != "override") return;
  const Time now = system_clock().now();
  std::cerr << (live.has_expired(now) ? "warning: " : "note: ") << "model " << live.model.brief()
            << (live.environment.empty() ? " serves" : " is live in " + live.environment)
            << how_text(live, now) << '\n';
}

Json serving_json(const Serving& serving, Time now) {
  Json json = {{"model", serving.model.hex()},
               {"since", to_string(serving.since)},
               {"by", serving.by},
               {"how", serving.how},
               {"reason", serving.reason},
               {"verdict", serving.verdict},
               {"event", serving.since_event}};
  if (!serving.environment.empty()) json["environment"] = serving.environment;
  if (serving.until) {
    json["until"] = to_string(*serving.until);
    json["override_expired"] = serving.has_expired(now);
  }
  return json;
}

int print_serving(const Session& session, const Serving& serving) {
  const Time now = system_clock().now();
  if (session.json) {
    print_json(serving_json(serving, now));
    return kDone;
  }
  const std::string where =
      serving.environment.empty() ? " serves" : " is live in " + serving.environment;
  std::cout << "model " << serving.model.brief() << where << " since " << to_string(serving.since)
            << how_text(serving, now) << '\n';
  return kDone;
}

}  // namespace millgate
