#include "data/store/branch_tips.h"

#include <algorithm>

#include "ground/json.h"

namespace millgate {

namespace {

Json id_or_null(std::optional<Id> id) { return id ? Json(id->hex()) : Json(nullptr); }

/// The commit that an event names; nothing when it says null.
Result<std::optional<Id>> commit_of(const Event& event) {
  const std::string object = "event " + std::to_string(event.number) + " of the ledger";
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
  MILLGATE_ASSIGN(const Json member, json_member<Json>(body, "commit", object));
  if (member.is_null()) return std::optional<Id>();
  auto id = Id::parse(member.is_string() ? member.get<std::string>() : "");
  if (!id.ok()) return damaged(object + " names no commit");
  return std::make_optional(*id);
}

}  // namespace

Result<std::optional<BranchTip>> branch_tip(const Ledger& ledger, const std::string& branch,
                                            std::optional<Time> at) {
  MILLGATE_ASSIGN(const auto moved, ledger.newest("commit", branch, at));
  MILLGATE_ASSIGN(const auto made, ledger.newest("branch", branch, at));
  if (!moved && !made) return std::optional<BranchTip>();
  const bool moved_last = moved && (!made || moved->number > made->number);
  MILLGATE_ASSIGN(const auto commit, commit_of(moved_last ? *moved : *made));
  return std::make_optional(BranchTip{.commit = commit});
}

Result<std::optional<Id>> tag_target(const Ledger& ledger, const std::string& tag) {
  MILLGATE_ASSIGN(const auto event, ledger.newest("tag", tag));
  if (!event) return std::optional<Id>();
  return commit_of(*event);
}

Result<std::vector<std::string>> branch_names(const Ledger& ledger) {
  MILLGATE_ASSIGN(const auto events, ledger.events(0, "branch"));
  std::vector<std::string> names;
  for (const Event& event : events) {
    if (std::find(names.begin(), names.end(), event.subject) == names.end()) {
      names.push_back(event.subject);
    }
  }
  return names;
}

Result<std::map<std::string, Id>> all_tags(const Ledger& ledger) {
  MILLGATE_ASSIGN(const auto events, ledger.events(0, "tag"));
  std::map<std::string, Id> tags;
  for (const Event& event : events) {
    MILLGATE_ASSIGN(const auto commit, commit_of(event));
    if (commit) tags[event.subject] = *commit;
  }
  return tags;
}

Result<std::vector<Id>> all_commits(const Ledger& ledger) {
  MILLGATE_ASSIGN(const auto events, ledger.events(0, "commit"));
  std::vector<Id> commits;
  for (const Event& event : events) {
    MILLGATE_ASSIGN(const auto commit, commit_of(event));
    if (commit) commits.push_back(*commit);
  }
  return commits;
}

NewEvent commit_event(const std::string& branch, const std::string& author, const Id& commit,
                      std::optional<Id> parent, const std::string& note_json) {
  Json body = {{"commit", commit.hex()}, {"parent", id_or_null(parent)}};
  if (!note_json.empty()) body["note"] = Json::parse(note_json, nullptr, false);
  return {.kind = "commit", .subject = branch, .author = author, .body = dump_json(body)};
}

NewEvent branch_event(const std::string& branch, const std::string& author,
                      std::optional<Id> commit) {
  const Json body = {{"commit", id_or_null(commit)}};
  return {.kind = "branch", .subject = branch, .author = author, .body = dump_json(body)};
}

NewEvent tag_event(const std::string& tag, const std::string& author, const Id& commit) {
  const Json body = {{"commit", commit.hex()}};
  return {.kind = "tag", .subject = tag, .author = author, .body = dump_json(body)};
}

}  // namespace millgate
