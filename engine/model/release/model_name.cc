#include "model/release/model_name.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_set>

#include "ground/nearest_name.h"
#include "model/release/alias.h"
#include "model/release/registry.h"

namespace millgate {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_version_word(std::string_view name) {
  return name.size() > 1 && name.size() < 11 && name.front() == 'v' &&
         std::all_of(name.begin() + 1, name.end(), is_digit);
}

/// Every model that an event is about, in order of appearance.
Result<std::vector<std::string>> known_models(const Ledger& ledger) {
  std::vector<std::string> models;
  std::set<std::string> seen;
  for (const char* kind : {"run", "verdict", "release", "rollback"}) {
    MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events(0, kind));
    for (const Event& event : events) {
      if (Id::parse(event.subject).ok() && seen.insert(event.subject).second) {
        models.push_back(event.subject);
      }
    }
  }
  return models;
}

/// "latest", "serving", and the names that people gave.
Result<std::vector<std::string>> given_names(const Ledger& ledger) {
  std::vector<std::string> names = {"latest", "serving"};
  MILLGATE_ASSIGN(const std::vector<Alias> given, aliases(ledger));
  for (const Alias& one : given) names.push_back(one.name);
  MILLGATE_ASSIGN(const std::vector<Serving> live, live_everywhere(ledger));
  for (const Serving& one : live) {
    if (!one.environment.empty()) names.push_back(one.environment);
  }
  return names;
}

Result<Id> model_by_prefix(const Ledger& ledger, std::string_view prefix) {
  MILLGATE_ASSIGN(const std::vector<std::string> models, known_models(ledger));
  std::vector<std::string> found;
  for (const std::string& model : models) {
    if (!prefix.empty() && model.starts_with(prefix)) found.push_back(model);
  }
  if (found.size() == 1) return Id::parse(found.front());
  if (found.size() > 1) {
    std::string candidates;
    for (const std::string& model : found) {
      candidates += (candidates.empty() ? "" : ", ") + model.substr(0, 12);
    }
    return invalid_input("model `" + std::string(prefix) + "` is ambiguous",
                         "candidates: " + candidates);
  }
  MILLGATE_ASSIGN(std::vector<std::string> names, given_names(ledger));
  for (const std::string& model : models) names.push_back(model.substr(0, 12));
  return not_found("model `" + std::string(prefix) + "` does not exist",
                   models.empty() ? "train one with `millgate run`" : name_hint(prefix, names));
}

Result<Id> model_by_version(const Ledger& ledger, std::string_view word) {
  const int64_t number = std::stoll(std::string(word.substr(1)));
  MILLGATE_ASSIGN(const std::vector<RunRecord> versions, model_versions(ledger));
  if (number >= 1 && number <= static_cast<int64_t>(versions.size())) {
    return versions[static_cast<size_t>(number - 1)].model;
  }
  return not_found("model `" + std::string(word) + "` does not exist",
                   versions.empty()
                       ? "train one with `millgate run`"
                       : "versions reach from v1 to v" + std::to_string(versions.size()));
}

}  // namespace

bool is_taken_word(std::string_view name) {
  const auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  return name == "latest" || name == "serving" || is_version_word(name) ||
         std::all_of(name.begin(), name.end(), is_hex);
}

Result<std::vector<RunRecord>> runs(const Ledger& ledger) {
  MILLGATE_ASSIGN(std::vector<Event> events, ledger.events(0, "run"));
  std::vector<RunRecord> records;
  for (Event& event : events) {
    MILLGATE_ASSIGN(const Id model, Id::parse(event.subject));
    records.push_back({.model = model, .event = std::move(event)});
  }
  return records;
}

Result<std::vector<RunRecord>> model_versions(const Ledger& ledger) {
  MILLGATE_ASSIGN(std::vector<RunRecord> all, runs(ledger));
  std::unordered_set<Id> seen;
  std::erase_if(all, [&](const RunRecord& one) { return !seen.insert(one.model).second; });
  return all;
}

Result<Id> resolve_model(const Ledger& ledger, std::string_view name) {
  if (name == "latest") {
    MILLGATE_ASSIGN(const std::optional<Event> newest, ledger.newest("run"));
    if (!newest) return not_found("no model was trained yet", "train one with `millgate run`");
    return Id::parse(newest->subject);
  }
  if (name == "serving") {
    MILLGATE_ASSIGN(const std::optional<Serving> now, serving(ledger));
    if (!now) return not_found("no model serves", "release one with `millgate release MODEL`");
    return now->model;
  }
  if (is_version_word(name)) return model_by_version(ledger, name);
  if (!is_taken_word(name)) {
    MILLGATE_ASSIGN(const std::optional<Alias> alias, find_alias(ledger, std::string(name)));
    if (alias) return alias->model;
    MILLGATE_ASSIGN(const std::optional<Serving> live,
                    serving(ledger, std::nullopt, std::string(name)));
    if (live) return live->model;
  }
  return model_by_prefix(ledger, name);
}

}  // namespace millgate
