#include "data/keep/reference.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <unordered_set>

#include "data/store/commit_object.h"
#include "data/store/forget_record.h"
#include "data/store/forgotten.h"
#include "data/store/table_manifest.h"
#include "data/tree/tree.h"
#include "ground/durable_file.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr std::string_view kLeafMagic = "MGTL";
constexpr size_t kIdDigits = 64;

/// The first four bytes, without the cost of a large object.
Result<std::string> first_bytes(const ObjectStore& objects, const Id& id) {
  const auto path = objects.local_path(id);
  if (!path.ok()) {
    if (path.error().code != ErrorCode::outside) return path.error();
    MILLGATE_ASSIGN(const std::string bytes, objects.get(id));
    return bytes.substr(0, kLeafMagic.size());
  }
  const int descriptor = ::open(path->c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_failure("read", *path, errno);
  std::array<char, 4> bytes{};
  const ssize_t count = ::read(descriptor, bytes.data(), bytes.size());
  const int failed = errno;
  ::close(descriptor);
  if (count < 0) return system_failure("read", *path, failed);
  return std::string(bytes.data(), static_cast<size_t>(count));
}

/// Every text in `json` that could be the name of an object.
void find_ids(const Json& json, std::unordered_set<Id>& ids) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (text.size() != kIdDigits) return;
    if (const auto id = Id::parse(text); id.ok()) ids.insert(*id);
  } else if (json.is_structured()) {
    for (const Json& member : json) find_ids(member, ids);
  }
}

ObjectFacts facts_of(const Commit& commit) {
  ObjectFacts facts{.kind = ObjectKind::commit, .references = {}};
  for (const Id& parent : commit.parents) facts.references.push_back({parent, "parent"});
  for (const auto& [name, id] : commit.tables) facts.references.push_back({id, "table " + name});
  for (const auto& [name, id] : commit.trees) facts.references.push_back({id, "folder " + name});
  return facts;
}

Result<ObjectFacts> facts_of_leaf(const ObjectStore& objects, const Id& id) {
  MILLGATE_ASSIGN(const std::string bytes, objects.get(id));
  MILLGATE_ASSIGN(const std::vector<TreeEntry> entries, parse_leaf(bytes, id));
  ObjectFacts facts{.kind = ObjectKind::leaf, .references = {}};
  std::unordered_set<Id> packs;
  for (const TreeEntry& entry : entries) {
    for (const Piece& piece : entry.pieces) {
      if (packs.insert(piece.pack).second) facts.references.push_back({piece.pack, "pack"});
    }
  }
  return facts;
}

/// What `objects_of` of the store lists, which is the one that knows: what it leaves out is
/// collected as garbage and does not travel. `version` may be a part of one, without id or base.
ObjectFacts facts_of_parts(ObjectKind kind, const TableVersion& version) {
  ObjectFacts facts{.kind = kind, .references = {}};
  for (const Id& part : objects_of(version)) {
    if (part != version.id && part != Id{}) facts.references.push_back({part, "part"});
  }
  return facts;
}

ObjectFacts facts_of_json(const Json& json, const std::string& format) {
  ObjectFacts facts;
  std::unordered_set<Id> required;
  if (format == "millgate-model") {
    facts.kind = ObjectKind::model;
    for (const char* part : {"features", "model", "profiles"}) {
      const auto found = json.find(part);
      if (found == json.end() || !found->is_string()) continue;
      const auto id = Id::parse(found->get<std::string>());
      if (id.ok() && required.insert(*id).second) facts.references.push_back({*id, part});
    }
  }
  std::unordered_set<Id> named;
  find_ids(json, named);
  for (const Id& id : named) {
    if (!required.contains(id)) facts.references.push_back({id, "named", false});
  }
  return facts;
}

}  // namespace

Result<ObjectFacts> facts_of(const ObjectStore& objects, const Id& id) {
  MILLGATE_ASSIGN(const std::string head, first_bytes(objects, id));
  if (head == kLeafMagic) return facts_of_leaf(objects, id);
  if (!head.starts_with('{')) return ObjectFacts{};
  MILLGATE_ASSIGN(const std::string text, objects.get(id));
  const auto json = parse_json(text, "object `" + id.brief() + "`");
  // What is no JSON after all, or says no format, is somebody's bytes; they were proved by `get`.
  if (!json.ok() || !json->is_object()) return ObjectFacts{};
  const auto member = json->find("format");
  const std::string format =
      member != json->end() && member->is_string() ? member->get<std::string>() : "";
  if (format == "millgate commit") {
    MILLGATE_ASSIGN(const Commit commit, parse_commit(text, id));
    return facts_of(commit);
  }
  if (format == "millgate table version") {
    // Without its segments, which the list names that it needs: that may be what is missing.
    MILLGATE_ASSIGN(const TableVersion version, parse_manifest(text, id));
    return facts_of_parts(ObjectKind::table_version, version);
  }
  if (format == "millgate segment list") {
    TableVersion version;
    MILLGATE_ASSIGN(version.segments, parse_segment_list(text, id));
    return facts_of_parts(ObjectKind::other, version);
  }
  if (format == "millgate forget") {
    // Not the versions that it replaces, nor what it removed.
    MILLGATE_ASSIGN(const ForgetRecord record, parse_forget_record(text, id));
    ObjectFacts facts{.kind = ObjectKind::other, .references = {}};
    for (const auto& [before, after] : record.versions) {
      facts.references.push_back({after, "rewritten version"});
    }
    return facts;
  }
  if (format == "millgate tree") {
    MILLGATE_ASSIGN(const Tree tree, parse_tree(text, id));
    ObjectFacts facts{.kind = ObjectKind::tree, .references = {}};
    for (const TreeLeaf& leaf : tree.leaves) facts.references.push_back({leaf.object, "leaf"});
    return facts;
  }
  return facts_of_json(*json, format);
}

Result<std::vector<Reference>> ledger_references(const Ledger& ledger) {
  MILLGATE_ASSIGN(const std::vector<Event> events, ledger.events());
  return references_of(events);
}

Result<std::vector<Reference>> references_of(const std::vector<Event>& events) {
  std::vector<Reference> references;
  std::unordered_set<Id> seen;
  const auto add = [&](const Id& id, const std::string& role, bool required) {
    if (seen.insert(id).second) references.push_back({id, role, required});
  };
  std::unordered_set<Id> named;
  for (const Event& event : events) {
    const std::string object = "event " + std::to_string(event.number) + " of the ledger";
    MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
    if (event.kind == "commit" || event.kind == "branch" || event.kind == "tag") {
      const auto commit = body.find("commit");
      if (commit != body.end() && commit->is_string()) {
        MILLGATE_ASSIGN(const Id id, Id::parse(commit->get<std::string>()));
        add(id, "commit", true);
      }
    } else if (event.kind == kForgetEvent) {
      MILLGATE_ASSIGN(const auto record, json_member<std::string>(body, "record", object));
      MILLGATE_ASSIGN(const Id id, Id::parse(record));
      add(id, "forget record", true);
    } else if (event.kind == "run" || event.kind == "release" || event.kind == "rollback") {
      if (const auto id = Id::parse(event.subject); id.ok()) add(*id, "model", true);
    } else if (event.kind == "promotion" || event.kind == "alias") {
      if (const auto id = Id::parse(body.value("model", std::string())); id.ok()) {
        add(*id, "model", true);
      }
    }
    find_ids(body, named);
    find_ids(Json(event.subject), named);
  }
  for (const Id& id : named) add(id, "named", false);
  return references;
}

}  // namespace millgate
