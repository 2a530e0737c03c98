#include "data/delta/delta_log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "data/delta/delta_checkpoint.h"
#include "ground/durable_file.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr std::string_view kFolder = "_delta_log/";
constexpr size_t kDigits = 20;
constexpr int64_t kCheckpointVersions = 10;
/// Those that are read here, and those that change nothing for a reader who keeps to the log.
constexpr std::array<std::string_view, 5> kKnownFeatures = {
    "columnMapping", "deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"};

std::string padded(int64_t number, size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(digits > text.size() ? digits - text.size() : 0, '0') + text;
}

std::optional<int64_t> number_of(std::string_view digits) {
  int64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || read.ec != std::errc() || read.ptr != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return number;
}

/// What lies in the log's folder.
struct LogFiles {
  std::set<int64_t> versions;
  std::map<int64_t, std::vector<std::string>> checkpoints;  ///< Whole ones: the names of all parts.
};

/// "N.checkpoint.parquet", "N.checkpoint.PART.PARTS.parquet", or of version 2
/// "N.checkpoint.UUID.parquet" or ".json"; nothing for others.
struct CheckpointName {
  int64_t version = 0;
  int64_t parts = 1;
};

std::optional<CheckpointName> parse_checkpoint_name(std::string_view name) {
  constexpr std::string_view kMiddle = ".checkpoint.";
  if (name.size() < kDigits) return std::nullopt;
  const auto version = number_of(name.substr(0, kDigits));
  std::string_view rest = name.substr(kDigits);
  if (!version || !rest.starts_with(kMiddle)) return std::nullopt;
  rest.remove_prefix(kMiddle.size());
  if (rest == "parquet") return CheckpointName{.version = *version, .parts = 1};
  constexpr size_t kUuid = 36;
  if (rest.size() > kUuid && std::count(rest.begin(), rest.begin() + kUuid, '-') == 4 &&
      (rest.substr(kUuid) == ".parquet" || rest.substr(kUuid) == ".json")) {
    return CheckpointName{.version = *version, .parts = 1};
  }
  // Ten digits each.
  if (rest.size() != 29 || !rest.ends_with(".parquet") || rest[10] != '.') return std::nullopt;
  const auto parts = number_of(rest.substr(11, 10));
  if (!number_of(rest.substr(0, 10)) || !parts) return std::nullopt;
  return CheckpointName{.version = *version, .parts = *parts};
}

Result<LogFiles> list_log(const FileStore& files) {
  MILLGATE_ASSIGN(const auto names, files.list(std::string(kFolder)));
  LogFiles found;
  std::map<std::pair<int64_t, int64_t>, std::vector<std::string>> parts;
  for (const std::string& full : names) {
    const std::string_view name = std::string_view(full).substr(kFolder.size());
    if (name.size() == kDigits + 5 && name.ends_with(".json")) {
      if (const auto version = number_of(name.substr(0, kDigits))) found.versions.insert(*version);
    } else if (const auto checkpoint = parse_checkpoint_name(name)) {
      parts[{checkpoint->version, checkpoint->parts}].push_back(full);
    }
  }
  for (auto& [key, all] : parts) {
    // Several of one part are checkpoints by themselves, with the same content.
    if (key.second == 1) all.resize(1);
    if (static_cast<int64_t>(all.size()) == key.second) {
      found.checkpoints[key.first] = std::move(all);
    }
  }
  return found;
}

Status check_features(const DeltaProtocol& protocol, const DeltaMetadata& metadata) {
  const auto refused = [](const std::string& what) {
    return invalid_input("the Delta table uses " + what + ", which this reader does not know",
                         "write a copy of the table without it with the program that made it");
  };
  if (protocol.reader_version > 3) {
    return refused("reader version " + std::to_string(protocol.reader_version));
  }
  for (const std::string& feature : protocol.reader_features) {
    if (std::find(kKnownFeatures.begin(), kKnownFeatures.end(), feature) == kKnownFeatures.end()) {
      return refused("the feature `" + feature + "`");
    }
  }
  const auto mapping = metadata.configuration.find("delta.columnMapping.mode");
  if (mapping != metadata.configuration.end() && mapping->second != "none" &&
      mapping->second != "name") {
    return refused("the feature `columnMapping` in mode `" + mapping->second + "`");
  }
  if (metadata.format != "parquet") return refused("files in the format `" + metadata.format + "`");
  return {};
}

Error hole(const std::string& name) {
  Error error = damaged("the log of the Delta table lacks `" + name + "`",
                        "get the table again from where it came");
  error.where = name;
  return error;
}

std::string checkpoint_name(int64_t version) {
  return std::string(kFolder) + padded(version, kDigits) + ".checkpoint.parquet";
}

Result<DeltaActions> read_checkpoint_file(const FileStore& files, const std::string& name) {
  if (!name.ends_with(".json")) return read_delta_checkpoint(files.local_path(name));
  MILLGATE_ASSIGN(const std::string text, files.read(name));
  return parse_delta_log_file(text, "`" + name + "`");
}

/// A file beside a checkpoint, which names it by its name alone.
Result<std::string> sidecar_name(const std::string& path) {
  if (path.find('/') != std::string::npos || path.starts_with('.')) {
    return invalid_input(
        "a checkpoint of the Delta table names a file outside of its folder: `" + path + "`",
        "write a whole copy of the table with the program that made it");
  }
  return std::string(kFolder) + "_sidecars/" + path;
}

Status write_checkpoint(FileStore& files, DeltaSnapshot& snapshot,
                        const std::string& scratch_folder) {
  DeltaActions actions;
  actions.protocol = snapshot.protocol;
  actions.metadata = snapshot.metadata;
  actions.transactions = snapshot.transactions;
  for (const auto& [path, file] : snapshot.files) actions.files.push_back(file);
  for (const auto& [path, removal] : snapshot.removals) actions.removals.push_back(removal);
  const std::string temporary = scratch_folder + "/" + unique_name("checkpoint-");
  MILLGATE_TRY(write_delta_checkpoint(actions, temporary));
  MILLGATE_TRY(files.adopt(temporary, checkpoint_name(snapshot.version)));
  const auto count = static_cast<int64_t>(2 + actions.transactions.size() + actions.files.size() +
                                          actions.removals.size());
  MILLGATE_TRY(files.write(std::string(kFolder) + "_last_checkpoint",
                           dump_json(Json{{"version", snapshot.version}, {"size", count}})));
  snapshot.checkpoint_version = snapshot.version;
  return {};
}

}  // namespace

std::string delta_log_name(int64_t version) {
  return std::string(kFolder) + padded(version, kDigits) + ".json";
}

bool DeltaSnapshot::maps_columns() const {
  const auto mapping = metadata.configuration.find("delta.columnMapping.mode");
  return mapping != metadata.configuration.end() && mapping->second == "name";
}

void DeltaSnapshot::apply(const DeltaActions& actions) {
  if (actions.protocol) protocol = *actions.protocol;
  if (actions.metadata) metadata = *actions.metadata;
  for (const DeltaRemoval& removal : actions.removals) {
    const auto file = files.find(removal.path);
    if (file != files.end() && file->second.deletions == removal.deletions) files.erase(file);
    removals[removal.path] = removal;
  }
  for (const DeltaFile& file : actions.files) {
    removals.erase(file.path);
    files[file.path] = file;
  }
  for (const auto& [application, number] : actions.transactions) {
    transactions[application] = number;
  }
  commit_info = actions.commit_info;
}

bool has_delta_log(const FileStore& files) {
  const auto found = list_log(files);
  return found.ok() && (!found->versions.empty() || !found->checkpoints.empty());
}

Result<DeltaSnapshot> read_delta_log(const FileStore& files, std::optional<int64_t> version) {
  MILLGATE_ASSIGN(const LogFiles log, list_log(files));
  DeltaSnapshot snapshot;
  const int64_t newest = std::max(log.versions.empty() ? -1 : *log.versions.rbegin(),
                                  log.checkpoints.empty() ? -1 : log.checkpoints.rbegin()->first);
  if (newest < 0) return not_found("there is no Delta table: `_delta_log` holds no version");
  const int64_t target = version.value_or(newest);
  if (target < 0 || target > newest) {
    return not_found("the Delta table has no version " + std::to_string(target),
                     "the newest is " + std::to_string(newest));
  }
  if (!log.checkpoints.empty()) snapshot.checkpoint_version = log.checkpoints.rbegin()->first;
  auto checkpoint = log.checkpoints.upper_bound(target);
  bool any_protocol = false;
  bool any_metadata = false;
  const auto take = [&](const DeltaActions& actions) {
    any_protocol |= actions.protocol.has_value();
    any_metadata |= actions.metadata.has_value();
    snapshot.apply(actions);
  };
  if (checkpoint != log.checkpoints.begin()) {
    --checkpoint;
    for (const std::string& name : checkpoint->second) {
      MILLGATE_ASSIGN(const DeltaActions actions, read_checkpoint_file(files, name));
      take(actions);
      for (const std::string& sidecar : actions.sidecars) {
        MILLGATE_ASSIGN(const std::string inside, sidecar_name(sidecar));
        MILLGATE_ASSIGN(const DeltaActions more, read_checkpoint_file(files, inside));
        take(more);
      }
    }
    snapshot.version = checkpoint->first;
    if (log.versions.contains(snapshot.version)) {
      const std::string name = delta_log_name(snapshot.version);
      MILLGATE_ASSIGN(const std::string text, files.read(name));
      MILLGATE_ASSIGN(const DeltaActions actions, parse_delta_log_file(text, "`" + name + "`"));
      snapshot.commit_info = actions.commit_info;
    }
  }
  while (snapshot.version < target) {
    const std::string name = delta_log_name(snapshot.version + 1);
    auto text = files.read(name);
    if (!text.ok() && text.error().code == ErrorCode::not_found) return hole(name);
    if (!text.ok()) return std::move(text).error();
    MILLGATE_ASSIGN(const DeltaActions actions, parse_delta_log_file(*text, "`" + name + "`"));
    take(actions);
    ++snapshot.version;
  }
  if (!any_protocol || !any_metadata) {
    return damaged("the log of the Delta table states no " +
                       std::string(any_protocol ? "`metaData`" : "`protocol`"),
                   "get the table again from where it came");
  }
  MILLGATE_TRY(check_features(snapshot.protocol, snapshot.metadata));
  return snapshot;
}

Status append_delta_version(FileStore& files, DeltaSnapshot& snapshot, const DeltaActions& actions,
                            const std::string& scratch_folder) {
  std::string text;
  for (const Json& line : delta_lines(actions)) text += dump_json(line) + "\n";
  MILLGATE_TRY(files.create(delta_log_name(snapshot.version + 1), text));
  snapshot.apply(actions);
  ++snapshot.version;
  if (snapshot.version - snapshot.checkpoint_version < kCheckpointVersions) return {};
  if (snapshot.checkpoint_version < 0 && snapshot.version < kCheckpointVersions) return {};
  return write_checkpoint(files, snapshot, scratch_folder);
}

}  // namespace millgate
