#include "model/learn/command_settings.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "ground/file_store.h"
#include "ground/id.h"

namespace millgate {
namespace {

Status read_limits(Section& train, CommandSettings& settings) {
  MILLGATE_ASSIGN(Section limits, train.section("limits"));
  MILLGATE_ASSIGN(const auto time, limits.duration_micros("time"));
  if (time) {
    if (*time <= 0) {
      return limits.error_at("time", "a limit of no time", "write a duration such as \"30m\"");
    }
    settings.seconds_max = static_cast<double>(*time) / 1e6;
  }
  const auto gigabytes = [&](const char* key, int64_t& bytes) -> Status {
    MILLGATE_ASSIGN(const auto number, limits.number(key));
    if (!number) return {};
    if (!(*number > 0 && *number <= 1e6)) {
      return limits.error_at(key, std::string("`") + key + "` must lie between 0 and 1000000",
                             "it is a number of gigabytes, for example 4");
    }
    bytes = std::llround(*number * 1e9);
    return {};
  };
  MILLGATE_TRY(gigabytes("memory_gb", settings.memory_bytes_max));
  MILLGATE_TRY(gigabytes("disk_gb", settings.disk_bytes_max));
  return limits.finish();
}

/// Adds the file, or those below the folder, by their names from the project's folder on.
Status add_files(const std::filesystem::path& root, const std::string& name,
                 std::map<std::string, std::string>& files) {
  const auto add = [&](const std::filesystem::path& path) -> Status {
    MILLGATE_ASSIGN(const std::string bytes, read_file(path.string()));
    files[path.lexically_relative(root).generic_string()] = hash_of(bytes).hex();
    return {};
  };
  const std::filesystem::path path = (root / name).lexically_normal();
  std::error_code failed;
  if (!std::filesystem::is_directory(path, failed)) return add(path);
  for (auto entry = std::filesystem::recursive_directory_iterator(path, failed);
       !failed && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(failed)) {
    // What Python writes beside its sources changes by itself.
    if (entry->path().filename() == "__pycache__") entry.disable_recursion_pending();
    if (entry->is_regular_file(failed)) MILLGATE_TRY(add(entry->path()));
  }
  if (failed) return outside_failure("cannot list `" + name + "`: " + failed.message());
  return {};
}

}  // namespace

Result<CommandSettings> read_command_settings(Section& train, bool is_command) {
  CommandSettings settings;
  settings.section = train;
  if (!is_command) {
    for (const char* key : {"command", "reads", "limits"}) {
      if (!train.has(key)) continue;
      return train.error_at(key, std::string("`") + key + "` belongs to the learner `command`",
                            "set `learner = \"command\"`, or remove it");
    }
    return settings;
  }
  MILLGATE_ASSIGN(settings.command, train.texts("command"));
  if (settings.command.empty() || settings.command.front().empty()) {
    return train.error_at("command", "the learner `command` needs a program to run",
                          "for example command = [\"python\", \"train.py\"]");
  }
  MILLGATE_ASSIGN(settings.reads, train.texts("reads"));
  MILLGATE_TRY(read_limits(train, settings));
  return settings;
}

Result<std::vector<std::pair<std::string, std::string>>> program_files(
    const CommandSettings& settings) {
  const std::filesystem::path root = settings.folder;
  std::map<std::string, std::string> files;
  for (const std::string& argument : settings.command) {
    std::error_code failed;
    const bool is_name = argument.find('\0') == std::string::npos && !argument.empty();
    if (!is_name || std::filesystem::path(argument).is_absolute()) continue;
    if (std::filesystem::is_regular_file(root / argument, failed)) {
      MILLGATE_TRY(add_files(root, argument, files));
    }
  }
  for (const std::string& name : settings.reads) {
    std::error_code failed;
    if (!std::filesystem::exists(root / name, failed)) {
      return settings.section.error_at("reads",
                                       "there is no `" + name + "` in the project's folder",
                                       "`reads` lists files and folders that the program is made "
                                       "of: when they change, it is run again");
    }
    MILLGATE_TRY(add_files(root, name, files));
  }
  return std::vector<std::pair<std::string, std::string>>(files.begin(), files.end());
}

}  // namespace millgate
