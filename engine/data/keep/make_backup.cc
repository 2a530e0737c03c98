#include "data/keep/make_backup.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <optional>
#include <utility>

#include "data/keep/object_graph.h"
#include "data/keep/object_transfer.h"
#include "data/keep/remote_forgets.h"
#include "data/keep/remote_lock.h"
#include "data/tree/store_folder.h"
#include "ground/durable_file.h"
#include "ground/ledger_copy.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

/// Files of `.millgate` beside the ledger that say how the project stands.
constexpr const char* kSettings[] = {"format", "remotes.json", "workspace.json", "merge.json"};

/// A folder that is gone with this.
class Staging {
 public:
  explicit Staging(std::string path) : path_(std::move(path)) {}
  ~Staging() {
    std::error_code ignored;  // What stays is removed as abandoned a day later.
    fs::remove_all(path_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Status check_name(const std::string& name) {
  const bool plain = !name.empty() && name[0] != '.' && name.find('/') == std::string::npos &&
                     name.find('\\') == std::string::npos && name.find('\0') == std::string::npos;
  if (plain) return {};
  return invalid_input("`" + name + "` is no name for backups",
                       "write one word, for example --name flights");
}

/// Copies what is small and changes under our hands, so that it is read as of one moment.
Status stage_state(const Repository& repository, const std::string& folder) {
  const std::string from = repository.project_folder() + "/.millgate/";
  MILLGATE_TRY(make_folders(folder + "/millgate"));
  MILLGATE_TRY(copy_ledger(from + "ledger.sqlite", folder + "/millgate/ledger.sqlite"));
  std::error_code unknown;
  for (const std::string name : kSettings) {
    if (!fs::exists(from + name, unknown)) continue;
    MILLGATE_ASSIGN(const std::string bytes, read_file(from + name));
    MILLGATE_TRY(write_file(folder + "/millgate/" + name, bytes));
  }
  const std::string project_file = repository.project_folder() + "/millgate.toml";
  if (!fs::exists(project_file, unknown)) return {};
  MILLGATE_ASSIGN(const std::string bytes, read_file(project_file));
  return write_file(folder + "/project/millgate.toml", bytes);
}

/// All events of the staged ledger, whose chain is proved.
Result<std::vector<Event>> staged_events(const Repository& repository, const std::string& folder) {
  MILLGATE_ASSIGN(const auto ledger,
                  open_ledger(folder + "/millgate/ledger.sqlite", repository.clock()));
  MILLGATE_TRY(ledger->verify());
  return ledger->events();
}

/// The newest backup of the series. Errors: `conflict` when `events` do not go on from it.
Result<std::optional<Backup>> find_previous(const Remote& remote, const std::string& name,
                                            const std::vector<Event>& events) {
  MILLGATE_ASSIGN(const auto series, list_backups(remote));
  const auto found = series.find(name);
  if (found == series.end()) return std::optional<Backup>();
  MILLGATE_ASSIGN(Backup previous, read_backup(remote, name, found->second.back()));
  const auto count = static_cast<size_t>(previous.event_count);
  if (count > 0 && count <= events.size() && events[count - 1].id == previous.newest_event) {
    return std::optional<Backup>(std::move(previous));
  }
  return Error{
      .code = ErrorCode::conflict,
      .what = "backup " + std::to_string(previous.number) + " of `" + name +
              "` is of another ledger: this one does not go on from its " +
              std::to_string(previous.event_count) + " events",
      .hint =
          "if this is another project, or another clone, give its backups a name of their own "
          "by --name; if events are missing here, `millgate restore` brings them back"};
}

/// Sends what the ledger needs and `previous` does not hold.
class ObjectBackup {
 public:
  ObjectBackup(const ObjectStore& objects, const Forgotten& forgotten, FileStore& there,
               const BackupOptions& options)
      : objects_(objects),
        forgotten_(forgotten),
        there_(there),
        options_(options),
        count_(options.progress) {}

  Status send(const std::vector<Event>& events, const std::optional<Backup>& previous) {
    ObjectGraph known;
    if (previous && !options_.full) {
      const auto end = events.begin() + static_cast<std::ptrdiff_t>(previous->event_count);
      MILLGATE_ASSIGN(const auto roots, references_of({events.begin(), end}));
      // What was forgotten since was sent as it was before, and is no more.
      std::vector<Forgotten::Entry> before = forgotten_.entries();
      std::erase_if(before, [&](const Forgotten::Entry& entry) {
        return entry.event_number > previous->event_count;
      });
      // What was lost, and what only that leads to, may have been repaired since.
      known = walk_objects(objects_, Forgotten(std::move(before)), roots, [&](const Id& id) {
        return std::binary_search(previous->lost.begin(), previous->lost.end(), id);
      });
    }
    MILLGATE_ASSIGN(const auto roots, references_of(events));
    const ObjectGraph needed = walk_objects(objects_, forgotten_, roots, [&](const Id& id) {
      const auto node = known.nodes.find(id);
      return node != known.nodes.end() && !node->second.fault;
    });
    std::vector<Id> ids;
    ids.reserve(needed.nodes.size());
    for (const auto& [id, node] : needed.nodes) ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    count_.expect(ids.size());
    MILLGATE_TRY(for_each_at_once(ids, options_.transfers_at_once,
                                  [&](const Id& id) { return send_one(id); }));
    std::sort(lost_.begin(), lost_.end());
    return {};
  }

  [[nodiscard]] const std::vector<Id>& lost() const { return lost_; }
  [[nodiscard]] const TransferCount& count() const { return count_; }

 private:
  Status send_one(const Id& id) {
    const auto bytes = objects_.get(id);
    if (bytes.ok()) return send_object(there_, id, *bytes, count_);
    const ErrorCode code = bytes.error().code;
    if (code != ErrorCode::not_found && code != ErrorCode::damaged) return bytes.error();
    count_.add(0, false);
    if (there_.exists(ObjectStore::name_of(id))) return {};
    const std::scoped_lock lock(mutex_);
    lost_.push_back(id);
    return {};
  }

  const ObjectStore& objects_;
  const Forgotten& forgotten_;
  FileStore& there_;
  const BackupOptions& options_;
  TransferCount count_;
  std::mutex mutex_;
  std::vector<Id> lost_;
};

/// Stores `place` as a tree in the remote, beside the one of the backup before.
Result<StoredFolder> store_part(ObjectStore& there, const FolderPlace& place,
                                const std::string& index_path, std::optional<Id> before) {
  StoreFolderOptions options;
  options.index_path = index_path;
  if (before) options.before = {*before};
  auto stored = store_folder(there, place, options);
  if (stored.ok() || !before || stored.error().code == ErrorCode::outside) return stored;
  // The backup before is damaged there; this one does without it.
  return store_folder(there, place, {.index_path = index_path, .before = {}, .progress = {}});
}

}  // namespace

Result<BackupReport> make_backup(Repository& repository, Remote& remote,
                                 const BackupOptions& options) {
  MILLGATE_TRY(check_name(options.name));
  MILLGATE_ASSIGN(const auto lock,
                  RemoteLock::take(remote.shared_files(), RemoteUse::adds,
                                   "backup of `" + options.name + "`", options.author));
  const Staging staging(repository.folder("scratch") + "/" + unique_name("backup-"));
  MILLGATE_TRY(stage_state(repository, staging.path()));
  MILLGATE_ASSIGN(const auto events, staged_events(repository, staging.path()));
  MILLGATE_ASSIGN(const auto previous, find_previous(remote, options.name, events));
  BackupReport report;
  Backup& backup = report.backup;
  backup.name = options.name;
  backup.number = previous ? previous->number + 1 : 1;
  backup.time = repository.clock().now();
  backup.author = options.author;
  backup.event_count = static_cast<int64_t>(events.size());
  if (!events.empty()) backup.newest_event = events.back().id;

  MILLGATE_ASSIGN(const auto forgotten, repository.forgotten());
  ObjectBackup objects(repository.objects(), *forgotten, remote.files(), options);
  MILLGATE_TRY(objects.send(events, previous));
  MILLGATE_TRY(tell_backups(remote.files(), options.name, *forgotten));
  backup.lost = objects.lost();
  report.object_count = objects.count().object_count();
  report.object_bytes = objects.count().object_bytes();

  ObjectStore there(remote.shared_files());
  const std::string indices = repository.folder("cache") + "/backup/";
  const std::pair<std::string, std::string> parts[] = {
      {"state", staging.path()},
      {"predictions", repository.folder("predictions")},
      {"shadow", repository.folder("shadow")},
      {"rollouts", repository.folder("rollouts")},
      {"sketches", repository.folder("sketches")},
      {"feedback", repository.folder("feedback")},
      {"outcomes", repository.folder("outcomes")},
      {"reports", repository.project_folder() + "/reports"}};
  for (const auto& [name, path] : parts) {
    std::error_code unknown;
    if (!fs::is_directory(path, unknown)) continue;
    std::optional<Id> before;
    if (previous && !options.full) {
      if (const auto found = previous->parts.find(name); found != previous->parts.end()) {
        before = found->second;
      }
    }
    const std::string index = name == "state" || options.full ? "" : indices + name + ".index";
    // The server writes what it answered under such names first.
    MILLGATE_ASSIGN(const StoredFolder stored,
                    store_part(there, {.path = path, .ignore = {"*.tmp"}}, index, before));
    backup.parts[name] = stored.tree;
    report.parts.push_back({.name = name,
                            .file_count = stored.file_count,
                            .size_bytes = stored.size_bytes,
                            .new_bytes = stored.new_bytes});
  }
  MILLGATE_TRY(write_backup(remote, backup));
  return report;
}

}  // namespace millgate
