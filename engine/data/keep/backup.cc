#include "data/keep/backup.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "data/store/object_store.h"
#include "ground/format_version.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kFormat = "millgate backup";
constexpr int64_t kFormatVersion = 1;
constexpr std::string_view kFolder = "backups/";

/// "backups/flights/0000000012": digits, so that names sort by number.
std::string file_name(const std::string& name, int64_t number) {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "%010lld", static_cast<long long>(number));
  return std::string(kFolder) + name + "/" + digits.data();
}

Result<Id> parse_id(const Json& json, const std::string& object) {
  if (json.is_string()) {
    const auto id = Id::parse(json.get<std::string>());
    if (id.ok()) return *id;
  }
  return damaged(object + " names no object where it should");
}

Result<Backup> parse_backup(const std::string& text, const std::string& object) {
  MILLGATE_ASSIGN(const Json json, parse_json(text, object));
  MILLGATE_TRY(read_format_version(json, kFormat, {.oldest = 1, .newest = kFormatVersion}, object));
  Backup backup;
  MILLGATE_ASSIGN(const auto time, json_member<std::string>(json, "time", object));
  MILLGATE_ASSIGN(backup.time, parse_time(time));
  MILLGATE_ASSIGN(backup.author, json_member<std::string>(json, "author", object));
  MILLGATE_ASSIGN(backup.event_count, json_member<int64_t>(json, "event_count", object));
  MILLGATE_ASSIGN(const auto newest, json_member<Json>(json, "newest_event", object));
  MILLGATE_ASSIGN(backup.newest_event, parse_id(newest, object));
  MILLGATE_ASSIGN(const auto parts, json_member<Json>(json, "parts", object));
  for (const auto& [part, tree] : parts.items()) {
    MILLGATE_ASSIGN(backup.parts[part], parse_id(tree, object));
  }
  MILLGATE_ASSIGN(const auto lost, json_member<Json>(json, "lost", object));
  for (const Json& one : lost) {
    MILLGATE_ASSIGN(const Id id, parse_id(one, object));
    backup.lost.push_back(id);
  }
  return backup;
}

std::string text_of(const Backup& backup) {
  Json parts = Json::object();
  for (const auto& [part, tree] : backup.parts) parts[part] = tree.hex();
  Json lost = Json::array();
  for (const Id& id : backup.lost) lost.push_back(id.hex());
  const Json json = {{"format", kFormat},
                     {"version", kFormatVersion},
                     {"time", to_string(backup.time)},
                     {"author", backup.author},
                     {"event_count", backup.event_count},
                     {"newest_event", backup.newest_event.hex()},
                     {"parts", parts},
                     {"lost", lost}};
  return dump_json_pretty(json) + "\n";
}

}  // namespace

Result<std::map<std::string, std::vector<int64_t>>> list_backups(const Remote& remote) {
  MILLGATE_ASSIGN(const auto names, remote.shared_files()->list(std::string(kFolder)));
  std::map<std::string, std::vector<int64_t>> series;
  for (const std::string& name : names) {
    const size_t slash = name.rfind('/');
    if (slash <= kFolder.size()) continue;
    int64_t number = 0;
    const auto read = std::from_chars(name.data() + slash + 1, name.data() + name.size(), number);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size() || number < 1) continue;
    series[name.substr(kFolder.size(), slash - kFolder.size())].push_back(number);
  }
  for (auto& [name, numbers] : series) std::sort(numbers.begin(), numbers.end());
  return series;
}

Result<Backup> read_backup(const Remote& remote, const std::string& name, int64_t number) {
  const std::string object = "backup " + std::to_string(number) + " of `" + name + "`";
  auto text = remote.shared_files()->read(file_name(name, number));
  if (!text.ok()) {
    if (text.error().code != ErrorCode::not_found) return std::move(text).error();
    return not_found("there is no " + object, "leave the number out to take the newest");
  }
  if (!text->ends_with('\n')) return damaged(object + " does not end where it should");
  text->pop_back();
  const auto id = Id::parse(*text);
  if (!id.ok()) return damaged(object + " names no object");
  const ObjectStore there(remote.shared_files());
  auto manifest = there.get(*id);
  if (!manifest.ok()) return std::move(manifest).error().inside(object + " cannot be read");
  MILLGATE_ASSIGN(Backup backup, parse_backup(*manifest, object));
  backup.object = *id;
  backup.name = name;
  backup.number = number;
  return backup;
}

Status write_backup(const Remote& remote, const Backup& backup) {
  ObjectStore there(remote.shared_files());
  MILLGATE_ASSIGN(const Id id, there.put(text_of(backup)));
  Status made =
      remote.shared_files()->create(file_name(backup.name, backup.number), id.hex() + "\n");
  if (!made.ok() && made.error().code == ErrorCode::conflict) {
    return Error{.code = ErrorCode::conflict,
                 .what = "another backup of `" + backup.name + "` was made at the same moment",
                 .hint = "make this one again"};
  }
  return made;
}

Status remove_backup(Remote& remote, const std::string& name, int64_t number) {
  return remote.files().remove(file_name(name, number));
}

}  // namespace millgate
