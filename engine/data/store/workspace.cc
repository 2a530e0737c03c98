#include "data/store/workspace.h"

#include "ground/file_lock.h"
#include "ground/file_store.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kFormat = "millgate workspace";
constexpr int kVersion = 1;

std::string path_of(const std::string& project_folder) {
  return project_folder + "/.millgate/workspace.json";
}

Result<Workspace> from_json(const Json& json, const std::string& object) {
  MILLGATE_ASSIGN(const auto format, json_member<std::string>(json, "format", object));
  if (format != kFormat) return damaged(object + " is no workspace");
  MILLGATE_ASSIGN(const auto version, json_member<int>(json, "version", object));
  if (version > kVersion) {
    return invalid_input(object + " was written by a newer millgate", "use that one");
  }
  Workspace workspace;
  MILLGATE_ASSIGN(workspace.branch, json_member<std::string>(json, "branch", object));
  using Files = std::map<std::string, std::string>;
  MILLGATE_ASSIGN(workspace.carried_files, json_member<Files>(json, "carried_files", object));
  return workspace;
}

}  // namespace

Result<Workspace> read_workspace(const std::string& project_folder) {
  const std::string path = path_of(project_folder);
  const auto text = read_file(path);
  if (!text.ok()) {
    if (text.error().code == ErrorCode::not_found) return Workspace();
    return text.error();
  }
  const auto json = parse_json(*text, path);
  auto workspace = json.ok() ? from_json(*json, path) : Result<Workspace>(json.error());
  if (workspace.ok() || workspace.error().code != ErrorCode::damaged) return workspace;
  Error error = workspace.error();
  error.hint = "remove the file: the current branch is then `main`, and no data is lost";
  return error;
}

Status change_workspace(const std::string& project_folder,
                        const std::function<Status(Workspace&)>& change) {
  // The file itself is replaced by each change, so it cannot hold the lock.
  MILLGATE_ASSIGN(const Descriptor lock, lock_file(project_folder + "/.millgate/workspace.lock"));
  MILLGATE_ASSIGN(Workspace workspace, read_workspace(project_folder));
  MILLGATE_TRY(change(workspace));
  const Json json = {{"format", kFormat},
                     {"version", kVersion},
                     {"branch", workspace.branch},
                     {"carried_files", workspace.carried_files}};
  return write_file(path_of(project_folder), dump_json_pretty(json) + "\n");
}

}  // namespace millgate
