#include "data/keep/known_copies.h"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "ground/file_lock.h"
#include "ground/file_store.h"
#include "ground/json.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "millgate copies";
constexpr int kVersion = 1;

std::string path_of(const Repository& repository) {
  return repository.project_folder() + "/.millgate/copies.json";
}

Result<KnownCopies> read_all(const std::string& path) {
  KnownCopies copies;
  const auto text = read_file(path);
  if (!text.ok()) {
    if (text.error().code == ErrorCode::not_found) return copies;
    return text.error();
  }
  MILLGATE_ASSIGN(const Json json, parse_json(*text, path));
  MILLGATE_ASSIGN(const auto format, json_member<std::string>(json, "format", path));
  if (format != kFormat) return damaged(path + " is no list of copies", "remove the file");
  MILLGATE_ASSIGN(const auto version, json_member<int>(json, "version", path));
  if (version > kVersion) {
    return invalid_input(path + " was written by a newer millgate", "use that one");
  }
  MILLGATE_ASSIGN(const Json backups, json_member<Json>(json, "backups", path));
  for (const Json& one : backups) {
    KnownBackup backup;
    MILLGATE_ASSIGN(backup.address, json_member<std::string>(one, "address", path));
    MILLGATE_ASSIGN(backup.name, json_member<std::string>(one, "name", path));
    MILLGATE_ASSIGN(backup.number, json_member<int64_t>(one, "number", path));
    copies.backups.push_back(std::move(backup));
  }
  MILLGATE_ASSIGN(const Json exports, json_member<Json>(json, "exports", path));
  for (const Json& one : exports) {
    KnownExport table;
    MILLGATE_ASSIGN(table.table, json_member<std::string>(one, "table", path));
    MILLGATE_ASSIGN(table.folder, json_member<std::string>(one, "folder", path));
    copies.exports.push_back(std::move(table));
  }
  return copies;
}

Status change(const Repository& repository, const std::function<void(KnownCopies&)>& note) {
  MILLGATE_ASSIGN(const Descriptor lock,
                  lock_file(repository.project_folder() + "/.millgate/copies.lock"));
  MILLGATE_ASSIGN(KnownCopies copies, read_all(path_of(repository)));
  note(copies);
  Json backups = Json::array();
  for (const KnownBackup& one : copies.backups) {
    backups.push_back({{"address", one.address}, {"name", one.name}, {"number", one.number}});
  }
  Json exports = Json::array();
  for (const KnownExport& one : copies.exports) {
    exports.push_back({{"table", one.table}, {"folder", one.folder}});
  }
  return write_file(path_of(repository), dump_json_pretty({{"format", kFormat},
                                                           {"version", kVersion},
                                                           {"backups", backups},
                                                           {"exports", exports}}) +
                                             "\n");
}

std::string absolute(const std::string& folder) {
  if (folder.find("://") != std::string::npos) return folder;
  return fs::absolute(folder).lexically_normal().string();
}

bool is_gone(const std::string& place) {
  std::error_code unknown;
  return place.find("://") == std::string::npos && !fs::exists(place, unknown);
}

}  // namespace

Result<KnownCopies> read_known_copies(const Repository& repository) {
  MILLGATE_ASSIGN(KnownCopies copies, read_all(path_of(repository)));
  std::erase_if(copies.exports, [](const KnownExport& one) { return is_gone(one.folder); });
  return copies;
}

Status note_backup(const Repository& repository, const std::string& address, const Backup& backup) {
  return change(repository, [&](KnownCopies& copies) {
    const std::string place = absolute(address);
    std::erase_if(copies.backups, [&](const KnownBackup& one) {
      return one.address == place && one.name == backup.name;
    });
    copies.backups.push_back({.address = place, .name = backup.name, .number = backup.number});
  });
}

Status note_export(const Repository& repository, const std::string& table,
                   const std::string& folder) {
  return change(repository, [&](KnownCopies& copies) {
    const std::string place = absolute(folder);
    std::erase_if(copies.exports, [&](const KnownExport& one) { return one.folder == place; });
    copies.exports.push_back({.table = table, .folder = place});
  });
}

}  // namespace millgate
