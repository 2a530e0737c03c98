#include "data/delta/delta_export.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "data/delta/delta_log.h"
#include "data/delta/delta_part.h"
#include "data/delta/delta_schema.h"
#include "data/store/version_scan.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

/// The version of a table at a commit; nothing when it is not there.
std::optional<Id> version_at(const Commit& commit, const std::string& table) {
  const auto found = commit.tables.find(table);
  return found == commit.tables.end() ? std::nullopt : std::make_optional(found->second);
}

Error no_table(const Commit& commit, const std::string& table) {
  std::vector<std::string> names;
  names.reserve(commit.tables.size());
  for (const auto& [name, version] : commit.tables) names.push_back(name);
  return not_found("table `" + table + "` is not in commit " + commit.id.brief(),
                   name_hint(table, names));
}

/// 8-4-4-4-12 digits: the same table of the same project has the same name everywhere.
std::string uuid_of(const Id& id) {
  std::string text = id.hex().substr(0, 32);
  for (const size_t at : {20, 16, 12, 8}) text.insert(at, "-");
  return text;
}

DeltaProtocol protocol_for(const arrow::Schema& schema) {
  if (!needs_timestamp_ntz(schema)) return {};
  return {.reader_version = 3,
          .writer_version = 7,
          .reader_features = {"timestampNtz"},
          .writer_features = {"appendOnly", "invariants", "timestampNtz"}};
}

class Exporter {
 public:
  Exporter(Repository& repository, const DeltaTarget& target, std::shared_ptr<FileStore> files)
      : repository_(repository), target_(target), files_(std::move(files)) {}

  Result<DeltaExportReport> run() {
    if (!version_at(target_.commit, target_.table)) return no_table(target_.commit, target_.table);
    // A round is lost only to another exporter, who brought the table further.
    while (true) {
      MILLGATE_ASSIGN(DeltaSnapshot snapshot, read_snapshot());
      MILLGATE_ASSIGN(const auto pending, commits_after(snapshot));
      const Status done = write_versions(snapshot, pending);
      if (!done.ok() && done.error().code == ErrorCode::conflict) continue;
      MILLGATE_TRY(done);
      report_.version = snapshot.version;
      report_.file_count = static_cast<int64_t>(snapshot.files.size());
      return report_;
    }
  }

 private:
  Result<DeltaSnapshot> read_snapshot() const {
    if (!has_delta_log(*files_)) return DeltaSnapshot();
    return read_delta_log(*files_);
  }

  Error in_the_way(const std::string& what) const {
    return Error{.code = ErrorCode::conflict,
                 .what = "`" + target_.folder + "` " + what,
                 .where = target_.folder,
                 .hint = "export to another folder"};
  }

  /// The commit that the newest version was made from; nothing when there is none.
  Result<std::optional<Id>> exported_commit(const DeltaSnapshot& snapshot) const {
    if (snapshot.version < 0) return std::optional<Id>();
    const Json info = Json::parse(snapshot.commit_info, nullptr, false);
    const Json ours = info.is_object() ? info.value("millgate", Json()) : Json();
    const Json commit = ours.is_object() ? ours.value("commit", Json()) : Json();
    if (!commit.is_string() || ours.value("table", Json()) != target_.table) {
      return in_the_way("holds a Delta table whose version " + std::to_string(snapshot.version) +
                        " is not an export of table `" + target_.table + "`");
    }
    MILLGATE_ASSIGN(const Id id, Id::parse(commit.get<std::string>()));
    MILLGATE_TRY(check_same_change(id, ours.value("changed", std::string())));
    return std::make_optional(id);
  }

  Result<std::shared_ptr<const RowChange>> change_of(const TableVersion& version) const {
    if (!target_.changes) return std::shared_ptr<const RowChange>();
    return target_.changes(target_.table, version);
  }

  Status check_same_change(const Id& exported, const std::string& name) const {
    MILLGATE_ASSIGN(const Commit commit, repository_.read_commit(exported));
    MILLGATE_ASSIGN(const TableVersion version,
                    read_table_version(repository_.objects(), *version_at(commit, target_.table)));
    MILLGATE_ASSIGN(const auto change, change_of(version));
    if ((change == nullptr ? std::string() : change->name) == name) return {};
    return in_the_way("holds versions that were written under another policy for personal data");
  }

  /// The commits that changed the table since the newest version, oldest first.
  Result<std::vector<Commit>> commits_after(const DeltaSnapshot& snapshot) const {
    MILLGATE_ASSIGN(const auto exported, exported_commit(snapshot));
    std::vector<Commit> pending;
    Commit at = target_.commit;
    while (!exported || at.id != *exported) {
      const auto version = version_at(at, target_.table);
      if (at.parents.empty()) {
        if (exported) {
          return in_the_way("was exported to commit " + exported->brief() + ", which commit " +
                            target_.commit.id.brief() + " does not descend from");
        }
        if (version) pending.push_back(std::move(at));
        break;
      }
      MILLGATE_ASSIGN(Commit parent, repository_.read_commit(at.parents.front()));
      if (version && version != version_at(parent, target_.table)) pending.push_back(std::move(at));
      at = std::move(parent);
    }
    std::reverse(pending.begin(), pending.end());
    return pending;
  }

  Status write_versions(DeltaSnapshot& snapshot, const std::vector<Commit>& pending) {
    for (const Commit& commit : pending) {
      MILLGATE_ASSIGN(const DeltaActions actions, actions_of(snapshot, commit));
      MILLGATE_TRY(append_delta_version(*files_, snapshot, actions, repository_.folder("scratch")));
      ++report_.new_versions;
      set_time(snapshot.version, commit.time);
    }
    return {};
  }

  /// Readers that ask for a time look at that of the log's file. Without it they find a later one.
  void set_time(int64_t version, Time time) const {
    using std::chrono::microseconds;
    const auto system = std::chrono::system_clock::time_point(microseconds(time.micros));
    std::error_code ignored;
    std::filesystem::last_write_time(files_->local_path(delta_log_name(version)),
                                     std::chrono::file_clock::from_sys(system), ignored);
  }

  Result<DeltaActions> actions_of(const DeltaSnapshot& snapshot, const Commit& commit) {
    MILLGATE_ASSIGN(const TableVersion version,
                    read_table_version(repository_.objects(), *version_at(commit, target_.table)));
    MILLGATE_ASSIGN(const auto change, change_of(version));
    const arrow::Schema& schema = change == nullptr ? *version.schema : *change->schema;
    MILLGATE_ASSIGN(const std::string schema_text, delta_schema_text(schema));
    MILLGATE_ASSIGN(const auto scan, VersionScan::make(repository_.objects(), version));
    const int64_t now_ms = commit.time.micros / 1000;
    DeltaActions actions;
    const DeltaProtocol protocol = protocol_for(schema);
    const bool first = snapshot.version < 0;
    if (first || protocol.reader_version > snapshot.protocol.reader_version) {
      actions.protocol = protocol;
    }
    if (first || schema_text != snapshot.metadata.schema_text) {
      actions.metadata = snapshot.metadata;
      actions.metadata->schema_text = schema_text;
      if (first) {
        actions.metadata->id = uuid_of(hash_of(target_.table + commit.id.hex()));
        actions.metadata->name = target_.table;
        actions.metadata->created_ms = now_ms;
        // Else other writers remove log files after a month, and with them old versions.
        actions.metadata->configuration["delta.enableExpiredLogCleanup"] = "false";
      }
    }
    MILLGATE_TRY(place_parts(snapshot, {*scan, change.get()}, now_ms, actions));
    const bool append = actions.removals.empty();
    Json ours = {{"table", target_.table}, {"commit", commit.id.hex()}};
    if (change != nullptr) ours["changed"] = change->name;
    actions.commit_info = dump_json(Json{
        {"timestamp", now_ms},
        {"operation", "WRITE"},
        {"operationParameters", {{"mode", append ? "Append" : "Overwrite"}, {"partitionBy", "[]"}}},
        {"engineInfo", "Millgate"},
        {"userName", commit.author},
        {"userMetadata", commit.message},
        {"millgate", std::move(ours)}});
    return actions;
  }

  /// Each part of the version keeps its file, or gets a new one; the other files go.
  Status place_parts(const DeltaSnapshot& snapshot, const ExportedVersion& version, int64_t now_ms,
                     DeltaActions& actions) {
    const VersionScan& scan = version.scan;
    DeltaPartFiles known(snapshot.files);
    std::set<std::string> taken;
    for (const auto& [path, file] : snapshot.files) taken.insert(path);
    for (size_t part = 0; part < scan.part_count(); ++part) {
      if (scan.row_count(part) == 0) continue;
      MILLGATE_ASSIGN(const DeltaPart one, describe_part(version, part));
      if (known.keep(one)) continue;
      MILLGATE_ASSIGN(auto file, write_part(version, part, one, taken));
      if (!file) continue;  // Nothing is left of its rows.
      file->modified_ms = now_ms;
      taken.insert(file->path);
      actions.files.push_back(std::move(*file));
    }
    for (const DeltaFile& gone : known.left()) {
      actions.removals.push_back(
          {.path = gone.path, .deleted_ms = now_ms, .size_bytes = gone.size_bytes});
    }
    return {};
  }

  Result<std::optional<DeltaFile>> write_part(const ExportedVersion& version, size_t part,
                                              const DeltaPart& one,
                                              const std::set<std::string>& taken) {
    MILLGATE_ASSIGN(auto written,
                    write_delta_part(repository_, version, part, one, taken, *files_));
    if (!written) return std::optional<DeltaFile>();
    report_.new_files += written->is_new ? 1 : 0;
    report_.new_bytes += written->is_new ? written->file.size_bytes : 0;
    return std::make_optional(std::move(written->file));
  }

  Repository& repository_;
  const DeltaTarget& target_;
  std::shared_ptr<FileStore> files_;
  DeltaExportReport report_;
};

}  // namespace

Result<DeltaExportReport> export_delta(Repository& repository, const DeltaTarget& target) {
  MILLGATE_ASSIGN(auto files, open_local_file_store(target.folder));
  return Exporter(repository, target, std::move(files)).run();
}

}  // namespace millgate
