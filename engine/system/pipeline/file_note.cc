#include "system/pipeline/file_note.h"

#include <deque>
#include <functional>
#include <unordered_set>
#include <utility>

#include "data/store/about.h"
#include "ground/json.h"
#include "system/pipeline/source_origin.h"

namespace millgate {

namespace {

constexpr int kCommitsMax = 10'000;

Result<Json> origin_in(const Commit& commit, const std::string& source) {
  MILLGATE_ASSIGN(const Json origins, parse_json(commit.origin_json, "origin of commit"));
  return origins.value(source, Json::object());
}

/// The first commit that `is_it` says yes to, breadth first from `tip`.
Result<std::optional<Commit>> find_before(const Repository& repository, const Commit& tip,
                                          const std::function<Result<bool>(const Commit&)>& is_it) {
  std::deque<Id> open = {tip.id};
  std::unordered_set<Id> seen = {tip.id};
  for (int count = 0; !open.empty() && count < kCommitsMax; ++count) {
    MILLGATE_ASSIGN(Commit commit, repository.read_commit(open.front()));
    open.pop_front();
    MILLGATE_ASSIGN(const bool found, is_it(commit));
    if (found) return std::make_optional(std::move(commit));
    for (const Id& parent : commit.parents) {
      if (seen.insert(parent).second) open.push_back(parent);
    }
  }
  return std::optional<Commit>();
}

}  // namespace

FileNote::FileNote() : FileNote(std::nullopt, Json::object()) {}
FileNote::FileNote(std::optional<Id> at, Json what)
    : commit(at), files(std::make_unique<Json>(std::move(what))) {}
FileNote::FileNote(const FileNote& other) : FileNote(other.commit, *other.files) {
  committing = other.committing;
}
FileNote& FileNote::operator=(const FileNote& other) {
  if (this != &other) *this = FileNote(other);
  return *this;
}
FileNote::~FileNote() = default;

std::optional<Id> FileNote::tree() const {
  const auto found = files->find("tree");
  if (found == files->end() || !found->is_string()) return std::nullopt;
  const auto id = Id::parse(found->get<std::string>());
  return id.ok() ? std::make_optional(*id) : std::nullopt;
}

std::string FileNote::text() const {
  Json json = *files;
  if (commit) json["commit"] = commit->hex();
  if (!committing.empty()) json["committing"] = committing;
  return dump_json(json);
}

FileNote FileNote::parse(const std::string& text) {
  auto json = parse_json(text, "carried files");
  // Millgate before `about` was compared wrote the tree of a folder alone.
  if (!json.ok() || !json->is_object()) return {std::nullopt, Json{{"tree", text}}};
  FileNote note(std::nullopt, *std::move(json));
  if (const auto about = note.files->find("committing"); about != note.files->end()) {
    if (about->is_string()) note.committing = about->get<std::string>();
    note.files->erase(about);
  }
  const auto found = note.files->find("commit");
  if (found == note.files->end()) return note;
  if (found->is_string()) {
    if (const auto id = Id::parse(found->get<std::string>()); id.ok()) note.commit = *id;
  }
  note.files->erase("commit");
  return note;
}

Result<std::optional<Id>> commit_of_files(const Repository& repository, const Commit& from,
                                          const std::string& source, const Json& files) {
  Commit commit = from;
  MILLGATE_ASSIGN(Json origin, origin_in(commit, source));
  if (!is_same_origin(origin, files)) return std::optional<Id>();
  for (int count = 0; count < kCommitsMax; ++count) {
    bool older = false;
    for (const Id& id : commit.parents) {
      MILLGATE_ASSIGN(Commit parent, repository.read_commit(id));
      MILLGATE_ASSIGN(Json before, origin_in(parent, source));
      if (!parent.tables.contains(source) || !is_same_origin(before, files)) continue;
      commit = std::move(parent);
      origin = std::move(before);
      older = true;
      break;
    }
    if (older) continue;
    if (origin.contains("changes")) return std::optional<Id>();
    return std::make_optional(commit.id);
  }
  return std::optional<Id>();
}

Result<std::optional<Id>> find_commit_of_files(const Repository& repository, const Commit& tip,
                                               const std::string& source, const Json& files) {
  MILLGATE_ASSIGN(const auto found,
                  find_before(repository, tip, [&](const Commit& commit) -> Result<bool> {
                    MILLGATE_ASSIGN(const Json origin, origin_in(commit, source));
                    return commit.tables.contains(source) && is_same_origin(origin, files);
                  }));
  if (!found) return std::optional<Id>();
  return commit_of_files(repository, *found, source, files);
}

Result<FileNote> settled_note(const Repository& repository, const Commit& tip,
                              const std::string& source, FileNote note) {
  if (note.committing.empty()) return note;
  auto files = parse_json(note.committing, "files of a commit");
  if (!files.ok()) return note;
  std::optional<Id> made;
  if (const auto tree = FileNote(std::nullopt, *files).tree()) {
    MILLGATE_ASSIGN(const auto found,
                    find_before(repository, tip, [&](const Commit& commit) -> Result<bool> {
                      const auto there = commit.trees.find(source);
                      return there != commit.trees.end() && there->second == *tree;
                    }));
    if (found) made = found->id;
  } else {
    MILLGATE_ASSIGN(made, find_commit_of_files(repository, tip, source, *files));
  }
  if (!made) return note;
  return FileNote(made, *std::move(files));
}

Result<bool> was_said_of(const Repository& repository, const Commit& tip, const std::string& source,
                         const Json& about) {
  MILLGATE_ASSIGN(
      const auto found, find_before(repository, tip, [&](const Commit& commit) -> Result<bool> {
        const bool known = commit.tables.contains(source) || commit.trees.contains(source);
        MILLGATE_ASSIGN(const Json said, about_in(commit, source));
        return known && about_changes(said, about).empty();
      }));
  return found.has_value();
}

}  // namespace millgate
