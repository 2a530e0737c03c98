#include "data/keep/remote_garbage.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "data/keep/backup.h"
#include "data/keep/backup_ledger.h"
#include "data/keep/object_graph.h"
#include "data/keep/object_transfer.h"
#include "data/keep/remote_forgets.h"
#include "data/keep/remote_lock.h"
#include "data/tree/checkout.h"
#include "ground/durable_file.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

/// Everything in a remote that somebody needs.
class NeededObjects {
 public:
  NeededObjects(const Repository& repository, const Remote& remote)
      : here_(repository.objects()),
        there_(remote.shared_files()),
        remote_(remote),
        clock_(repository.clock()),
        scratch_(repository.folder("scratch")) {}

  /// What was pushed.
  Status add_refs() {
    std::vector<Reference> roots;
    MILLGATE_ASSIGN(const auto branches, remote_.branches());
    MILLGATE_ASSIGN(const auto tags, remote_.tags());
    roots.reserve(branches.size() + tags.size());
    for (const auto& [name, ref] : branches) roots.push_back({ref.commit, "branch " + name});
    for (const auto& [name, ref] : tags) roots.push_back({ref.commit, "tag " + name});
    MILLGATE_ASSIGN(const std::set<Id> forgets, forgets_of(*remote_.shared_files()));
    MILLGATE_ASSIGN(auto records, read_forgets(there_, forgets));
    return add(Forgotten(std::move(records)), std::move(roots), forgets, {});
  }

  /// All that the newest ledger of the series needs, which goes on from those before it, and the
  /// files of each backup.
  Status add_series(const std::string& name, const std::vector<int64_t>& numbers) {
    std::vector<Reference> roots;
    Backup newest;
    for (const int64_t number : numbers) {
      MILLGATE_ASSIGN(newest, read_backup(remote_, name, number));
      const std::string role = "backup " + std::to_string(number) + " of `" + name + "`";
      roots.push_back({newest.object, role});
      for (const auto& [part, tree] : newest.parts) roots.push_back({tree, role + ": " + part});
    }
    std::set<Id> forgets;
    MILLGATE_ASSIGN(forgets, forgets_of_backups(*remote_.shared_files(), name));
    const std::string staged = scratch_ + "/" + unique_name("gc-state-");
    Status added = add_ledger(newest, staged, std::move(roots), std::move(forgets));
    std::error_code ignored;  // What stays is removed as abandoned a day later.
    fs::remove_all(staged, ignored);
    return added;
  }

  [[nodiscard]] const std::unordered_set<Id>& ids() const { return ids_; }

 private:
  Status add_ledger(const Backup& newest, const std::string& staged, std::vector<Reference> roots,
                    std::set<Id> forgets) {
    MILLGATE_ASSIGN(const Tree state, read_tree(there_, newest.parts.at("state")));
    MILLGATE_TRY(check_out(there_, state, {.path = staged}, "", {}));
    MILLGATE_ASSIGN(const auto ledger,
                    open_backup_ledger(staged + "/millgate/ledger.sqlite", newest, clock_));
    MILLGATE_ASSIGN(const std::vector<Reference> needed, ledger_references(*ledger));
    roots.insert(roots.end(), needed.begin(), needed.end());
    MILLGATE_ASSIGN(const Forgotten forgotten, Forgotten::load(*ledger, there_));
    std::vector<Forgotten::Entry> entries = forgotten.entries();
    for (const Forgotten::Entry& entry : entries) forgets.erase(entry.id);
    MILLGATE_ASSIGN(const auto newer, read_forgets(there_, forgets));
    entries.insert(entries.end(), newer.begin(), newer.end());
    return add(Forgotten(std::move(entries)), std::move(roots), forgets,
               {newest.lost.begin(), newest.lost.end()});
  }

  /// `lost`: what the project had lost itself, and may be whole here by another one.
  Status add(const Forgotten& forgotten, std::vector<Reference> roots, const std::set<Id>& forgets,
             const std::set<Id>& lost) {
    for (const Id& id : forgets) roots.push_back({id, "forget record"});
    const auto look = [&](const Id& id) { return facts_of(here_.has(id) ? here_ : there_, id); };
    const ObjectGraph graph = walk_objects(look, forgotten, roots);
    for (const auto& [id, node] : graph.nodes) {
      if (!node.fault) {
        ids_.insert(id);
        continue;
      }
      if (lost.contains(id)) continue;
      Error error = damaged("nothing was removed: " + node.users.front().role + " needs object `" +
                                id.brief() +
                                "` of the remote, which cannot be read, so what that "
                                "needs is not known",
                            "push, or `millgate backup --full`, from a project that has it whole");
      error.because = {node.fault->what};
      return error;
    }
    return {};
  }

  const ObjectStore& here_;
  const ObjectStore there_;
  const Remote& remote_;
  const Clock& clock_;
  const std::string scratch_;
  std::unordered_set<Id> ids_;
};

/// The id in "objects/ab/cdef..."; nothing for other names.
std::optional<Id> id_of(const std::string& name) {
  std::string digits = name.substr(name.find('/') + 1);
  std::erase(digits, '/');
  const auto id = Id::parse(digits);
  if (!id.ok() || ObjectStore::name_of(*id) != name) return std::nullopt;
  return *id;
}

Status leave_out(std::map<std::string, std::vector<int64_t>>& series, const std::string& name,
                 const std::vector<int64_t>& numbers) {
  std::vector<int64_t>& all = series[name];
  for (const int64_t number : numbers) {
    const auto found = std::find(all.begin(), all.end(), number);
    const std::string backup = "backup " + std::to_string(number) + " of `" + name + "`";
    if (found == all.end()) return not_found("there is no " + backup);
    if (number == all.back()) {
      return invalid_input(backup + " is the newest, which stays", "make another one first");
    }
    all.erase(found);
  }
  return {};
}

}  // namespace

Result<RemoteGarbageReport> collect_remote_garbage(const Repository& repository, Remote& remote,
                                                   const RemoteGarbageOptions& options) {
  std::unique_ptr<RemoteLock> lock;
  if (!options.dry_run) {
    MILLGATE_ASSIGN(
        lock, RemoteLock::take(remote.shared_files(), RemoteUse::removes, "gc", options.author));
  }
  NeededObjects needed(repository, remote);
  MILLGATE_TRY(needed.add_refs());
  MILLGATE_ASSIGN(auto series, list_backups(remote));
  for (const auto& [name, numbers] : options.backups_to_remove) {
    MILLGATE_TRY(leave_out(series, name, numbers));
  }
  for (const auto& [name, numbers] : series) MILLGATE_TRY(needed.add_series(name, numbers));
  MILLGATE_ASSIGN(const auto names, remote.files().list("objects/"));
  RemoteGarbageReport report;
  report.removed_backups = options.backups_to_remove;
  for (const std::string& name : names) {
    const auto id = id_of(name);
    if (!id) continue;
    if (needed.ids().contains(*id)) {
      ++report.kept_count;
    } else {
      report.removed.push_back(*id);
    }
  }
  if (!options.dry_run) {
    for (const auto& [name, numbers] : options.backups_to_remove) {
      for (const int64_t number : numbers) MILLGATE_TRY(remove_backup(remote, name, number));
    }
  }
  std::mutex mutex;
  const auto remove_one = [&](const Id& id) -> Status {
    const std::string name = ObjectStore::name_of(id);
    MILLGATE_ASSIGN(const uint64_t size, remote.files().size_bytes(name));
    if (!options.dry_run) MILLGATE_TRY(remote.files().remove(name));
    const std::scoped_lock counting(mutex);
    report.removed_bytes += static_cast<int64_t>(size);
    return {};
  };
  MILLGATE_TRY(for_each_at_once(report.removed, options.transfers_at_once, remove_one));
  return report;
}

}  // namespace millgate
