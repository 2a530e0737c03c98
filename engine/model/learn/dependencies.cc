#include "model/learn/dependencies.h"

#include <arrow/util/config.h>
#include <gnu/libc-version.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <utility>

#include "ground/child_process.h"
#include "ground/file_store.h"
#include "ground/id.h"
#include "ground/json.h"

namespace millgate {

namespace {

// Their C interfaces do not tell their versions to this room; scripts/pins fixes these, and a test
// compares the two.
constexpr std::string_view kLightgbmVersion = "4.7.0";
constexpr std::string_view kDuckdbVersion = "1.5.6";

/// Prints one line: the version, and the packages along the path.
constexpr const char* kAskPython =
    "import importlib.metadata as m, json, platform; "
    "print(json.dumps({'python': platform.python_implementation() + ' ' + "
    "platform.python_version(), 'packages': {d.metadata['Name']: d.version for d in "
    "m.distributions() if d.metadata['Name']}}))";

using Versions = std::map<std::string, std::string>;

Status add_python(const CommandSettings& settings, Versions& versions) {
  ProcessOrder order;
  order.command = {settings.command.front(), "-c", kAskPython};
  order.folder = settings.folder;
  order.seconds_max = 60;
  std::string answer;
  order.on_line = [&](std::string_view line) {
    answer = line;
    return Status();
  };
  ProcessEnd end;
  MILLGATE_TRY(run_process(order, end));
  const auto json = parse_json(answer, "the list of Python packages");
  if (end.fate != ProcessFate::exited || end.code != 0 || !json.ok() || !json->is_object()) {
    return outside_failure(
        "`" + settings.command.front() +
            "` does not tell which packages it has: " + end.errors.substr(0, 300),
        "Python 3.8 or later is needed");
  }
  MILLGATE_ASSIGN(versions["python"], json_member<std::string>(*json, "python", "Python"));
  MILLGATE_ASSIGN(const auto packages, json_member<Versions>(*json, "packages", "Python"));
  for (const auto& [name, version] : packages) versions[name + " (python)"] = version;
  return {};
}

/// Where the program lies: in the project's folder, or along PATH.
std::string path_of(const CommandSettings& settings) {
  const std::string& name = settings.command.front();
  if (name.find('/') != std::string::npos) {
    return (std::filesystem::path(settings.folder) / name).string();
  }
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::error_code failed;
    if (std::filesystem::is_regular_file(folder + "/" + name, failed)) return folder + "/" + name;
  }
  return name;
}

Status add_program(const CommandSettings& settings, Versions& versions) {
  const std::string name = std::filesystem::path(settings.command.front()).filename().string();
  if (name.starts_with("python")) return add_python(settings, versions);
  MILLGATE_ASSIGN(const std::string bytes, read_file(path_of(settings)));
  versions["program `" + name + "`"] = hash_of(bytes).hex();
  return {};
}

}  // namespace

Result<Versions> dependencies_of(const TrainSettings& settings) {
  Versions versions{{"millgate", std::string(kEngineVersion)},
                    {"compiler", "g++ " __VERSION__},
                    {"libc", gnu_get_libc_version()},
                    {"arrow", ARROW_VERSION_STRING},
                    {"duckdb", std::string(kDuckdbVersion)}};
  if (settings.learner == "gbdt") versions["lightgbm"] = kLightgbmVersion;
  if (settings.learner == "command") MILLGATE_TRY(add_program(settings.command, versions));
  for (const EnsembleMember& member : settings.ensemble.members) {
    MILLGATE_ASSIGN(Versions of_member, dependencies_of(member.settings));
    versions.merge(of_member);
  }
  return versions;
}

}  // namespace millgate
