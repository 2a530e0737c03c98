#include "data/keep/restore.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <unordered_set>

#include "data/keep/backup_ledger.h"
#include "data/keep/object_transfer.h"
#include "data/keep/remote_forgets.h"
#include "data/store/repository.h"
#include "data/tree/checkout.h"
#include "ground/durable_file.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

/// Kept when an attempt breaks off, so that the next goes on from there.
constexpr const char* kUnfinished = "/.millgate-restoring";

Status rename_path(const std::string& from, const std::string& to) {
  std::error_code failed;
  fs::rename(from, to, failed);
  if (failed) return system_failure("make", to, failed.value());
  return {};
}

Result<Backup> choose_backup(const Remote& remote, const RestoreOptions& options) {
  MILLGATE_ASSIGN(const auto series, list_backups(remote));
  std::vector<std::string> names;
  names.reserve(series.size());
  for (const auto& [name, numbers] : series) names.push_back(name);
  if (names.empty()) {
    return not_found("there are no backups in this remote",
                     "`millgate clone` brings what was pushed to it");
  }
  if (options.name.empty() && names.size() > 1) {
    return invalid_input(
        "there are backups of " + std::to_string(names.size()) + " projects",
        "choose one by --name: " + names[0] + ", " + names[1] + (names.size() > 2 ? " ..." : ""));
  }
  const std::string name = options.name.empty() ? names[0] : options.name;
  const auto found = series.find(name);
  if (found == series.end()) {
    return not_found("there is no backup of `" + name + "`", name_hint(name, names));
  }
  return read_backup(remote, name, options.number == 0 ? found->second.back() : options.number);
}

/// One restoration into a folder that nobody sees yet.
class Restoration {
 public:
  Restoration(Remote& remote, std::string folder, const Clock& clock, const RestoreOptions& options,
              RestoreReport& report)
      : there_(remote.shared_files()),
        files_(remote.files()),
        folder_(std::move(folder)),
        clock_(clock),
        options_(options),
        report_(report) {}

  /// The settings of `.millgate` and the ledger. Without them there is no project.
  Status bring_state() {
    const std::string staged = folder_ + "/scratch/state";
    MILLGATE_ASSIGN(const int64_t count, check_out_part("state", staged));
    report_.parts.emplace_back("state", count);
    std::error_code failed;
    // Of an attempt before, which only looked at its copy.
    for (const char* name : {"/ledger.sqlite-wal", "/ledger.sqlite-shm"}) {
      fs::remove(folder_ + name, failed);
    }
    for (const auto& entry : fs::directory_iterator(staged + "/millgate", failed)) {
      const std::string name = entry.path().filename().string();
      MILLGATE_TRY(rename_path(entry.path().string(), folder_ + "/" + name));
    }
    if (failed) return damaged("the backup holds no ledger", "restore an older one by --number");
    return {};
  }

  Status bring_objects() {
    MILLGATE_ASSIGN(auto local, open_local_file_store(folder_));
    ObjectStore here(std::move(local));
    std::vector<Reference> roots;
    Forgotten forgotten;
    std::vector<Forgotten::Entry> newer;
    {
      MILLGATE_ASSIGN(const auto ledger,
                      open_backup_ledger(folder_ + "/ledger.sqlite", report_.backup, clock_));
      MILLGATE_ASSIGN(const std::vector<Event> events, ledger->events());
      MILLGATE_ASSIGN(roots, references_of(events));
      MILLGATE_ASSIGN(forgotten, bring_forgotten(events, *ledger, here));
      MILLGATE_ASSIGN(newer, bring_newer_forgets(forgotten, here));
      for (const Forgotten::Entry& entry : newer) roots.push_back({entry.id, "forget record"});
    }
    FetchOptions how;
    how.at_once = options_.transfers_at_once;
    how.named_too = true;
    how.lose = [&](const Id& id, const Error&) { report_.lost.push_back(id); };
    TransferCount count(options_.progress);
    MILLGATE_TRY(fetch_closure(here, files_, forgotten, roots, {}, how, count));
    std::sort(report_.lost.begin(), report_.lost.end());
    report_.object_count = count.object_count();
    report_.object_bytes = count.object_bytes();
    return note_newer_forgets(newer);
  }

  Status bring_logs() {
    for (const std::string name :
         {"predictions", "shadow", "rollouts", "sketches", "feedback", "outcomes"}) {
      MILLGATE_TRY(bring_part(name, folder_ + "/" + name));
    }
    return {};
  }

  /// The files of the user that are not there yet.
  Status bring_project_files(const std::string& project_folder) {
    std::error_code unknown;
    const std::string settings = folder_ + "/scratch/state/project/millgate.toml";
    if (fs::exists(project_folder + "/millgate.toml", unknown)) {
      report_.left.emplace_back("millgate.toml");
    } else if (fs::exists(settings, unknown)) {
      MILLGATE_ASSIGN(const std::string bytes, read_file(settings));
      MILLGATE_TRY(write_file(project_folder + "/millgate.toml", bytes));
    }
    if (fs::exists(project_folder + "/reports", unknown)) {
      report_.left.emplace_back("reports");
      return {};
    }
    const std::string staged = folder_ + "/scratch/reports";
    MILLGATE_TRY(bring_part("reports", staged));
    if (!fs::exists(staged, unknown)) return {};
    return rename_path(staged, project_folder + "/reports");
  }

 private:
  /// What the remote knows to have been forgotten since; `forgotten` knows it from now on.
  Result<std::vector<Forgotten::Entry>> bring_newer_forgets(Forgotten& forgotten,
                                                            ObjectStore& here) const {
    MILLGATE_ASSIGN(std::set<Id> ids, forgets_of_backups(files_, report_.backup.name));
    std::vector<Forgotten::Entry> all = forgotten.entries();
    for (const Forgotten::Entry& entry : all) ids.erase(entry.id);
    MILLGATE_ASSIGN(std::vector<Forgotten::Entry> newer, read_forgets(there_, ids));
    for (const Id& id : ids) {
      MILLGATE_ASSIGN(const std::string bytes, there_.get(id));
      MILLGATE_TRY(here.put(bytes));
    }
    all.insert(all.end(), newer.begin(), newer.end());
    forgotten = Forgotten(std::move(all));
    return newer;
  }

  /// Before anybody sees the project.
  Status note_newer_forgets(const std::vector<Forgotten::Entry>& newer) {
    if (newer.empty()) return {};
    MILLGATE_ASSIGN(const auto ledger, open_ledger(folder_ + "/ledger.sqlite", clock_));
    for (const Forgotten::Entry& entry : newer) {
      MILLGATE_ASSIGN(
          const Event event,
          ledger->append(learned_forget_event(
              entry.id, entry.record,
              {.from = "backup", .name = report_.backup.name, .author = options_.author})));
      report_.forgets.push_back({.event_number = event.number,
                                 .table = entry.record.table,
                                 .row_count = std::ssize(entry.record.rows)});
    }
    return {};
  }

  /// The records of what was forgotten come first: they say which versions are meant by now.
  Result<Forgotten> bring_forgotten(const std::vector<Event>& events, const Ledger& ledger,
                                    ObjectStore& here) const {
    for (const Event& event : events) {
      if (event.kind != kForgetEvent) continue;
      const std::string object = "event " + std::to_string(event.number) + " of the ledger";
      MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
      MILLGATE_ASSIGN(const auto record, json_member<std::string>(body, "record", object));
      MILLGATE_ASSIGN(const Id id, Id::parse(record));
      MILLGATE_ASSIGN(const std::string bytes, there_.get(id));
      MILLGATE_TRY(here.put(bytes));
    }
    return Forgotten::load(ledger, here);
  }

  Result<int64_t> check_out_part(const std::string& name, const std::string& to) {
    MILLGATE_ASSIGN(const Tree tree, read_tree(there_, report_.backup.parts.at(name)));
    CheckoutOptions how;
    how.force = true;  // Nobody else's files lie there.
    MILLGATE_ASSIGN(const CheckoutReport made, check_out(there_, tree, {.path = to}, "", how));
    return made.file_count;
  }

  /// A damaged part is told, and does not stop the others.
  Status bring_part(const std::string& name, const std::string& to) {
    if (!report_.backup.parts.contains(name)) return {};
    const auto count = check_out_part(name, to);
    if (count.ok()) {
      report_.parts.emplace_back(name, *count);
      return {};
    }
    const ErrorCode code = count.error().code;
    if (code != ErrorCode::damaged && code != ErrorCode::not_found) return count.error();
    report_.lost_parts.push_back(name + ": " + count.error().what);
    return {};
  }

  const ObjectStore there_;
  const FileStore& files_;
  std::string folder_;
  const Clock& clock_;
  const RestoreOptions& options_;
  RestoreReport& report_;
};

NewEvent restore_event(const RestoreReport& report, const std::string& author) {
  const Json body = {{"backup", report.backup.name},
                     {"number", report.backup.number},
                     {"made", to_string(report.backup.time)},
                     {"event_count", report.backup.event_count},
                     {"lost_count", report.lost.size() + report.lost_parts.size()}};
  return {
      .kind = "restore", .subject = report.backup.name, .author = author, .body = dump_json(body)};
}

}  // namespace

Result<RestoreReport> restore_backup(Remote& remote, const std::string& project_folder,
                                     const Clock& clock, const RestoreOptions& options) {
  std::error_code unknown;
  if (fs::exists(project_folder + "/.millgate", unknown)) {
    return Error{.code = ErrorCode::conflict,
                 .what = "`" + project_folder + "` is a Millgate project already",
                 .hint =
                     "restore into another folder; or, to take lost objects from the backup, "
                     "`millgate fsck --repair-from ADDRESS`"};
  }
  RestoreReport report;
  MILLGATE_ASSIGN(report.backup, choose_backup(remote, options));
  const std::string unfinished = project_folder + kUnfinished;
  MILLGATE_TRY(make_folders(unfinished + "/objects"));
  Restoration restoration(remote, unfinished, clock, options, report);
  MILLGATE_TRY(restoration.bring_state());
  MILLGATE_TRY(restoration.bring_objects());
  MILLGATE_TRY(restoration.bring_logs());
  MILLGATE_TRY(restoration.bring_project_files(project_folder));
  fs::remove_all(unfinished + "/scratch", unknown);
  MILLGATE_TRY(sync_path(unfinished));
  MILLGATE_TRY(rename_path(unfinished, project_folder + "/.millgate"));
  MILLGATE_TRY(sync_path(project_folder));
  MILLGATE_ASSIGN(const auto repository, Repository::open(project_folder, clock));
  MILLGATE_TRY(repository->ledger().append(restore_event(report, options.author)));
  return report;
}

}  // namespace millgate
