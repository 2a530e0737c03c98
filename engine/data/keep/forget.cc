#include "data/keep/forget.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "data/keep/garbage.h"
#include "data/keep/object_graph.h"
#include "data/keep/reference.h"
#include "data/store/commit_merge.h"
#include "data/store/row_eraser.h"
#include "ground/clock.h"
#include "ground/durable_file.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

/// Every commit of the ledger and of its history, the oldest first.
Result<std::vector<Commit>> commits_of(const Repository& repository) {
  MILLGATE_ASSIGN(const auto roots, ledger_references(repository.ledger()));
  std::vector<Id> waiting;
  for (const Reference& root : roots) {
    if (root.role == "commit") waiting.push_back(root.id);
  }
  std::unordered_set<Id> seen;
  std::vector<Commit> commits;
  while (!waiting.empty()) {
    const Id id = waiting.back();
    waiting.pop_back();
    // Of a commit that is lost `fsck` tells; what is here is forgotten all the same.
    if (!seen.insert(id).second || !repository.objects().has(id)) continue;
    MILLGATE_ASSIGN(Commit commit, repository.read_commit(id));
    waiting.insert(waiting.end(), commit.parents.begin(), commit.parents.end());
    commits.push_back(std::move(commit));
  }
  std::sort(commits.begin(), commits.end(), [](const Commit& a, const Commit& b) {
    return std::pair(a.time, a.id) < std::pair(b.time, b.id);
  });
  return commits;
}

/// Versions of one table, each once, with the commits that have it.
struct TableHistory {
  std::vector<Id> versions;
  std::unordered_map<Id, std::vector<Id>> commits;
  std::vector<std::string> files;  ///< That it was read from.
  int64_t commit_count = 0;
};

void add_files(const Commit& commit, const std::string& table, std::set<std::string>& files) {
  const auto origin = parse_json(commit.origin_json, "the origin of a commit");
  if (!origin.ok() || !origin->contains(table)) return;
  const Json& entry = origin->at(table);
  for (const char* list : {"files", "changes"}) {
    if (!entry.is_object() || !entry.contains(list) || !entry.at(list).is_array()) continue;
    for (const Json& file : entry.at(list)) {
      if (file.is_object() && file.contains("path") && file.at("path").is_string()) {
        files.insert(file.at("path").get<std::string>());
      }
    }
  }
}

Result<TableHistory> history_of_table(const Repository& repository, const std::string& table) {
  MILLGATE_ASSIGN(const auto commits, commits_of(repository));
  TableHistory history;
  std::set<std::string> names;
  std::set<std::string> files;
  for (const Commit& commit : commits) {
    for (const auto& [name, version] : commit.tables) names.insert(name);
    const auto found = commit.tables.find(table);
    if (found == commit.tables.end()) continue;
    ++history.commit_count;
    auto& of_version = history.commits[found->second];
    if (of_version.empty()) history.versions.push_back(found->second);
    of_version.push_back(commit.id);
    add_files(commit, table, files);
  }
  if (history.versions.empty()) {
    return not_found("no commit has a table `" + table + "`",
                     name_hint(table, std::vector<std::string>(names.begin(), names.end())));
  }
  for (const std::string& file : files) {
    const std::string path =
        fs::path(file).is_absolute() ? file : repository.project_folder() + "/" + file;
    std::error_code unknown;
    if (fs::exists(path, unknown)) history.files.push_back(file);
  }
  return history;
}

/// Numbers of the newest events that a version can come by.
Result<std::vector<int64_t>> places_in(const Ledger& ledger) {
  std::vector<int64_t> numbers;
  for (const char* kind : {"commit", "branch", "tag", kForgetEvent}) {
    MILLGATE_ASSIGN(const auto newest, ledger.newest(kind));
    numbers.push_back(newest ? newest->number : 0);
  }
  return numbers;
}

/// A file of `cache` that holds rows of tables.
bool holds_rows(const fs::path& path) { return path.extension() == ".parquet"; }

bool is_old(const fs::directory_entry& entry, int64_t grace_micros) {
  std::error_code failed;
  const auto written = entry.last_write_time(failed);
  return !failed &&
         fs::file_time_type::clock::now() - written >= std::chrono::microseconds(grace_micros);
}

class Forgetting {
 public:
  Forgetting(Repository& repository, const ForgetRequest& request)
      : repository_(repository),
        request_(request),
        eraser_(repository.objects(), request.columns, request.rows) {}

  Result<ForgetReport> run() {
    MILLGATE_TRY(check_no_merge_waits());
    while (true) {
      report_ = {};
      MILLGATE_ASSIGN(const auto places, places_in(repository_.ledger()));
      MILLGATE_TRY(find());
      MILLGATE_TRY(find_models());
      if (request_.dry_run) return dry_report();
      if (report_.known_since > 0 && report_.versions.empty()) break;
      MILLGATE_ASSIGN(const bool appended, rewrite_and_append(places));
      if (appended) break;
    }
    MILLGATE_TRY(clean());
    return std::move(report_);
  }

 private:
  /// Its rows lie in a file that says what each side had.
  Status check_no_merge_waits() const {
    MILLGATE_ASSIGN(const auto waiting, waiting_merge(repository_));
    if (!waiting) return {};
    return Error{.code = ErrorCode::conflict,
                 .what = "a merge waits, and what it keeps may hold the rows",
                 .hint = "end it by `millgate merge --continue` or `--abort`, then forget again"};
  }

  /// Which versions hold the rows.
  Status find() {
    MILLGATE_ASSIGN(history_, history_of_table(repository_, request_.table));
    report_.commit_count = history_.commit_count;
    report_.version_count = static_cast<int64_t>(history_.versions.size());
    report_.origin_files = history_.files;
    for (const Id& id : history_.versions) {
      MILLGATE_ASSIGN(const TableVersion version, read_table_version(repository_.objects(), id));
      MILLGATE_TRY(eraser_.learn(version));
    }
    for (const Id& id : history_.versions) {
      MILLGATE_ASSIGN(const TableVersion version, read_table_version(repository_.objects(), id));
      MILLGATE_ASSIGN(const ErasableRows rows, eraser_.look(version));
      if (!rows.searched) ++report_.unsearched_count;
      if (!rows.stored) continue;
      report_.versions.push_back({.before = id,
                                  .after = {},
                                  .row_count = rows.row_count,
                                  .commits = history_.commits.at(id)});
    }
    return find_known();
  }

  /// Whether all rows were forgotten before, and by which event.
  Status find_known() {
    MILLGATE_ASSIGN(const auto forgotten, repository_.forgotten());
    for (const auto& texts : request_.rows) {
      int64_t event = 0;
      for (const Forgotten::Entry& entry : forgotten->entries()) {
        if (is_about(entry) &&
            entry.record.rows.contains(forgotten_row_hash(entry.record.salt, texts))) {
          event = entry.event_number;
        }
      }
      if (event == 0) {
        report_.known_since = 0;
        break;
      }
      report_.known_since = std::max(report_.known_since, event);
    }
    if (report_.known_since > 0 || !report_.versions.empty() || request_.held_elsewhere) return {};
    return not_found("no version of table `" + request_.table + "` ever held " +
                         (request_.rows.size() == 1 ? "that row" : "one of those rows"),
                     "a row is named by the values of " + names_of_columns());
  }

  [[nodiscard]] bool is_about(const Forgotten::Entry& entry) const {
    return entry.record.table == request_.table && entry.record.columns == request_.columns;
  }

  [[nodiscard]] std::string names_of_columns() const {
    std::string names;
    for (const std::string& name : request_.columns) names += (names.empty() ? "" : ", ") + name;
    return names;
  }

  /// Models that were trained from the versions found.
  Status find_models() {
    const Ledger& ledger = repository_.ledger();
    MILLGATE_ASSIGN(const auto runs, ledger.events(0, "run"));
    MILLGATE_ASSIGN(const auto forgotten, repository_.forgotten());
    std::map<Id, int64_t> rows_in;
    for (const ForgottenVersion& version : report_.versions) {
      rows_in[version.before] = version.row_count;
    }
    std::set<Id> listed;
    for (const Event& run : runs) {
      const auto model = Id::parse(run.subject);
      if (!model.ok() || listed.contains(*model)) continue;
      MILLGATE_ASSIGN(const auto read, version_read_by(run));
      if (!read) continue;
      const auto rows = rows_in.find(forgotten->current(*read));
      if (rows == rows_in.end() || rows->second == 0) continue;
      listed.insert(*model);
      const Json body = *parse_json(run.body, "a run");
      const auto commit = Id::parse(body.value("data_commit", std::string()));
      MILLGATE_ASSIGN(const auto released, ledger.newest("release", run.subject));
      MILLGATE_ASSIGN(const bool serving, is_serving(run.subject));
      report_.models.push_back({.id = *model,
                                .data_commit = commit.ok() ? *commit : Id{},
                                .row_count = rows->second,
                                .released = released.has_value(),
                                .serving = serving});
    }
    return {};
  }

  /// The version of the table whose rows a run joined.
  Result<std::optional<Id>> version_read_by(const Event& run) const {
    MILLGATE_ASSIGN(const Json body,
                    parse_json(run.body, "event " + std::to_string(run.number) + " of the ledger"));
    const std::string part = "rows of `" + request_.table + "`";
    if (body.contains("join_key") && body.at("join_key").is_array()) {
      for (const Json& pair : body.at("join_key")) {
        if (!pair.is_array() || pair.size() != 2 || pair[0] != part || !pair[1].is_string()) {
          continue;
        }
        if (const auto id = Id::parse(pair[1].get<std::string>()); id.ok()) {
          return std::make_optional(*id);
        }
      }
      return std::optional<Id>();
    }
    const auto commit_id = Id::parse(body.value("data_commit", std::string()));
    if (!commit_id.ok() || !repository_.objects().has(*commit_id)) return std::optional<Id>();
    MILLGATE_ASSIGN(const Commit commit, repository_.read_commit(*commit_id));
    const auto found = commit.tables.find(request_.table);
    if (found == commit.tables.end()) return std::optional<Id>();
    return std::make_optional(found->second);
  }

  Result<bool> is_serving(const std::string& model) const {
    MILLGATE_ASSIGN(const auto released, repository_.ledger().newest("release"));
    MILLGATE_ASSIGN(const auto rolled_back, repository_.ledger().newest("rollback"));
    const auto& newest = !rolled_back || (released && rolled_back->number < released->number)
                             ? released
                             : rolled_back;
    if (newest && newest->subject == model) return true;
    std::map<std::string, std::string> live;
    MILLGATE_ASSIGN(const auto promotions, repository_.ledger().events(0, "promotion"));
    for (const Event& event : promotions) {
      MILLGATE_ASSIGN(const Json body, parse_json(event.body, "a promotion"));
      live[event.subject] = body.value("model", std::string());
    }
    return std::any_of(live.begin(), live.end(),
                       [&](const auto& one) { return one.second == model; });
  }

  Result<ForgetReport> dry_report() {
    for (const ForgottenVersion& version : report_.versions) {
      MILLGATE_ASSIGN(const TableVersion read,
                      read_table_version(repository_.objects(), version.before));
      for (const Id& object : eraser_.objects_with_rows(read)) would_go_.insert(object);
    }
    MILLGATE_ASSIGN(const auto stored, list_stored_objects(repository_));
    for (const StoredObject& object : stored) {
      if (would_go_.contains(object.id)) report_.removed.push_back(object);
    }
    count_removed();
    return std::move(report_);
  }

  /// False when somebody else was faster, so that there is more to look at.
  Result<bool> rewrite_and_append(const std::vector<int64_t>& places) {
    MILLGATE_ASSIGN(const auto forgotten, repository_.forgotten());
    ForgetRecord record{.table = request_.table,
                        .columns = request_.columns,
                        .salt = {},
                        .rows = {},
                        .versions = {},
                        .removed = {}};
    if (forgotten->entries().empty()) {
      MILLGATE_ASSIGN(record.salt, new_forget_salt());
    } else {
      record.salt = forgotten->entries().front().record.salt;
    }
    for (const auto& texts : request_.rows) {
      record.rows.insert(forgotten_row_hash(record.salt, texts));
    }
    // All of them: also where only an extreme in the statistics was a value of the rows.
    for (const Id& id : history_.versions) {
      MILLGATE_ASSIGN(const TableVersion version, read_table_version(repository_.objects(), id));
      MILLGATE_ASSIGN(const TableVersion rewritten, eraser_.rewrite(version));
      if (rewritten.id != id) record.versions[id] = rewritten.id;
    }
    for (ForgottenVersion& version : report_.versions) {
      const auto found = record.versions.find(version.before);
      if (found != record.versions.end()) version.after = found->second;
    }
    MILLGATE_TRY(choose_removed(*forgotten, record));
    MILLGATE_ASSIGN(const Id id, repository_.objects().put(forget_record_text(record)));
    bool overtaken = false;
    const auto appended =
        repository_.ledger().append(event_of(id, record), [&](const Ledger& ledger) -> Status {
          MILLGATE_ASSIGN(const auto now, places_in(ledger));
          overtaken = now != places;
          if (overtaken) return bug("a lost race is tried again");
          return {};
        });
    if (overtaken) {
      MILLGATE_TRY(repository_.objects().remove(id));
      return false;
    }
    if (!appended.ok()) return appended.error();
    report_.event_number = appended->number;
    return true;
  }

  /// What no version needs any more, once the record counts.
  Status choose_removed(const Forgotten& forgotten, ForgetRecord& record) const {
    if (record.versions.empty()) return {};
    std::vector<Forgotten::Entry> entries = forgotten.entries();
    entries.push_back({.id = {}, .event_number = 0, .record = record});
    MILLGATE_ASSIGN(auto roots, ledger_references(repository_.ledger()));
    for (const auto& [before, after] : record.versions) {
      roots.push_back({after, "rewritten version"});
    }
    const ObjectGraph graph =
        walk_objects(repository_.objects(), Forgotten(std::move(entries)), roots);
    for (const Id& object : eraser_.replaced()) {
      if (!graph.nodes.contains(object)) record.removed.insert(object);
    }
    return {};
  }

  [[nodiscard]] NewEvent event_of(const Id& record_id, const ForgetRecord& record) const {
    Json models = Json::array();
    for (const ForgottenModel& model : report_.models) models.push_back(model.id.hex());
    Json body = {{"record", record_id.hex()},
                 {"table", request_.table},
                 {"row_count", record.rows.size()},
                 {"version_count", record.versions.size()},
                 {"removed_count", record.removed.size()},
                 {"models", models}};
    if (!request_.reason.empty()) body["reason"] = request_.reason;
    return {.kind = kForgetEvent,
            .subject = request_.table,
            .author = request_.author,
            .body = dump_json(body)};
  }

  /// Everything that may still hold the rows: replaced objects, broken-off ones, caches.
  Status clean() {
    MILLGATE_ASSIGN(report_.removed, remove_forgotten_objects(repository_));
    MILLGATE_TRY(remove_loose_objects());
    count_removed();
    clean_folder("cache");
    clean_folder("scratch");
    clean_folder(".tmp");
    return {};
  }

  void count_removed() {
    report_.removed_bytes = 0;
    for (const StoredObject& object : report_.removed) report_.removed_bytes += object.size_bytes;
  }

  /// Objects that nothing refers to, as of a commit that broke off.
  Status remove_loose_objects() {
    MILLGATE_ASSIGN(const auto forgotten, repository_.forgotten());
    MILLGATE_ASSIGN(const auto stored, list_stored_objects(repository_));
    MILLGATE_ASSIGN(const auto roots, ledger_references(repository_.ledger()));
    const ObjectGraph graph = walk_objects(repository_.objects(), *forgotten, roots);
    std::vector<StoredObject> loose;
    for (const StoredObject& object : stored) {
      if (!graph.nodes.contains(object.id)) loose.push_back(object);
    }
    std::set<Id> holding;
    for (const StoredObject& object : loose) {
      const auto facts = facts_of(repository_.objects(), object.id);
      if (facts.ok() && facts->kind == ObjectKind::table_version) {
        const auto version = read_table_version(repository_.objects(), object.id);
        if (!version.ok()) continue;  // Broken off before all of it was there.
        MILLGATE_TRY(eraser_.learn(*version));
        const auto rows = eraser_.look(*version);
        if (!rows.ok() || !rows->stored) continue;
        holding.insert(object.id);
        for (const Id& part : eraser_.objects_with_rows(*version)) holding.insert(part);
      } else if (eraser_.holds(object.id)) {
        holding.insert(object.id);
      }
    }
    const int64_t now_micros = std::chrono::duration_cast<std::chrono::microseconds>(
                                   std::chrono::system_clock::now().time_since_epoch())
                                   .count();
    for (const StoredObject& object : loose) {
      if (!holding.contains(object.id)) continue;
      if (now_micros - object.written_micros < request_.grace_micros) {
        report_.left.push_back(object.id);
        continue;
      }
      MILLGATE_TRY(repository_.objects().remove(object.id));
      report_.removed.push_back(object);
    }
    return {};
  }

  /// Rows that a step joined, and what commands that ended left behind.
  void clean_folder(const std::string& name) {
    std::error_code failed;
    const bool is_cache = name == "cache";
    fs::directory_iterator entries(repository_.folder(name), failed);
    std::vector<fs::directory_entry> going;
    for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
      const std::string file = entries->path().filename().string();
      const bool is_abandoned =
          !is_of_running_process(file).value_or(!is_old(*entries, request_.grace_micros));
      if (is_cache ? holds_rows(entries->path()) : is_abandoned) going.push_back(*entries);
    }
    for (const fs::directory_entry& entry : going) {
      std::error_code left;  // Of somebody else who removed it too.
      if (fs::remove_all(entry.path(), left) > 0 && !left) {
        report_.removed_files.push_back(name + "/" + entry.path().filename().string());
      }
    }
    std::sort(report_.removed_files.begin(), report_.removed_files.end());
  }

  Repository& repository_;
  const ForgetRequest& request_;
  RowEraser eraser_;
  TableHistory history_;
  ForgetReport report_;
  std::set<Id> would_go_;
};

}  // namespace

Result<std::vector<Id>> versions_of_table(const Repository& repository, const std::string& table) {
  MILLGATE_ASSIGN(TableHistory history, history_of_table(repository, table));
  return std::move(history.versions);
}

Result<ForgetReport> forget_rows(Repository& repository, const ForgetRequest& request) {
  return Forgetting(repository, request).run();
}

}  // namespace millgate
