#include "data/keep/remote_forgets.h"

#include <vector>

#include "data/keep/object_graph.h"
#include "data/keep/object_transfer.h"
#include "data/keep/remote_lock.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kForgets = "forgets/";

std::string place_of_series(const std::string& series) { return "forgotten/" + series + "/"; }

Result<std::set<Id>> ids_below(const FileStore& files, const std::string& place) {
  MILLGATE_ASSIGN(const auto names, files.list(place));
  std::set<Id> ids;
  for (const std::string& name : names) {
    const auto id = Id::parse(name.substr(place.size()));
    if (id.ok()) ids.insert(*id);
  }
  return ids;
}

/// The bytes are the id once more: a store may not keep empty files.
Status tell(FileStore& files, const std::string& place, const Id& record) {
  Status made = files.create(place + record.hex(), record.hex() + "\n");
  if (!made.ok() && made.error().code != ErrorCode::conflict) return made;
  return {};
}

}  // namespace

Result<std::set<Id>> forgets_of(const FileStore& files) { return ids_below(files, kForgets); }

Result<std::vector<Forgotten::Entry>> read_forgets(const ObjectStore& there,
                                                   const std::set<Id>& ids) {
  std::vector<Forgotten::Entry> entries;
  for (const Id& id : ids) {
    MILLGATE_ASSIGN(const std::string bytes, there.get(id));
    MILLGATE_ASSIGN(ForgetRecord record, parse_forget_record(bytes, id));
    entries.push_back({.id = id, .event_number = 0, .record = std::move(record)});
  }
  return entries;
}

Status tell_forget(FileStore& files, const Id& record) { return tell(files, kForgets, record); }

Result<std::set<Id>> forgets_of_backups(const FileStore& files, const std::string& series) {
  return ids_below(files, place_of_series(series));
}

Status tell_backups(FileStore& files, const std::string& series, const Forgotten& forgotten) {
  if (forgotten.entries().empty()) return {};
  const std::string place = place_of_series(series);
  MILLGATE_ASSIGN(const auto known, ids_below(files, place));
  for (const Forgotten::Entry& entry : forgotten.entries()) {
    if (!known.contains(entry.id)) MILLGATE_TRY(tell(files, place, entry.id));
  }
  return {};
}

Status send_forgets(const Repository& repository, Remote& remote, const std::string& series,
                    const std::string& author) {
  constexpr unsigned kTransfersAtOnce = 8;
  MILLGATE_ASSIGN(const auto lock,
                  RemoteLock::take(remote.shared_files(), RemoteUse::adds, "forget", author));
  MILLGATE_ASSIGN(const auto forgotten, repository.forgotten());
  std::vector<Reference> roots;
  for (const Forgotten::Entry& entry : forgotten->entries()) {
    roots.push_back({entry.id, "forget record"});
  }
  const ObjectGraph needed = walk_objects(repository.objects(), *forgotten, roots);
  std::vector<Id> ids;
  for (const auto& [id, node] : needed.nodes) {
    if (node.fault) return *node.fault;
    ids.push_back(id);
  }
  TransferCount count({});
  MILLGATE_TRY(for_each_at_once(ids, kTransfersAtOnce, [&](const Id& id) -> Status {
    MILLGATE_ASSIGN(const std::string bytes, repository.objects().get(id));
    return send_object(remote.files(), id, bytes, count);
  }));
  return tell_backups(remote.files(), series, *forgotten);
}

NewEvent learned_forget_event(const Id& id, const ForgetRecord& record,
                              const ForgetTeller& teller) {
  Json body = {{"record", id.hex()},
               {"table", record.table},
               {"row_count", record.rows.size()},
               {"version_count", record.versions.size()},
               {"removed_count", record.removed.size()},
               {"models", Json::array()}};
  body[teller.from] = teller.name;
  return {.kind = kForgetEvent,
          .subject = record.table,
          .author = teller.author,
          .body = dump_json(body)};
}

}  // namespace millgate
