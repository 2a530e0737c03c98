#include "system/pipeline/command_step.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include "ground/plain_name.h"
#include "ground/scalar_text.h"

namespace millgate {

namespace {

/// `path` without `.` and doubled slashes; folders end without a slash.
std::string normal(const std::string& path) {
  std::string text = std::filesystem::path(path).lexically_normal().generic_string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

bool is_inside(const std::string& path, const std::string& folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool overlap(const std::string& one, const std::string& other) {
  return one == other || is_inside(one, other) || is_inside(other, one);
}

/// Whether reading `read`, which may be a glob, sees what is written to `written`.
bool sees(const std::string& read, const std::string& written) {
  return overlap(read, written) || ::fnmatch(read.c_str(), written.c_str(), FNM_PATHNAME) == 0;
}

Status check_path(const CommandStep& step, const std::string& key, const std::string& path) {
  const bool is_outside = path.empty() || path == "." || path.starts_with('/') || path == ".." ||
                          path.starts_with("../");
  if (is_outside) {
    return step.section.error_at(key, "`" + path + "` does not lie in the project",
                                 "paths are relative to the folder of millgate.toml");
  }
  if (overlap(path, ".millgate")) {
    return step.section.error_at(key, "`.millgate` belongs to millgate",
                                 "write below data/, for example data/processed/clean.parquet");
  }
  if (key == "writes" && path == "millgate.toml") {
    return step.section.error_at(key, "a step may not write the project file");
  }
  return {};
}

Status read_paths(CommandStep& step, const std::string& key, std::vector<std::string>& paths) {
  MILLGATE_ASSIGN(paths, step.section.texts(key));
  for (std::string& path : paths) {
    path = normal(path);
    MILLGATE_TRY(check_path(step, key, path));
  }
  return {};
}

Status read_command(CommandStep& step) {
  MILLGATE_ASSIGN(step.command, step.section.texts("command"));
  if (step.command.empty() || step.command.front().empty()) {
    return step.section.error_at("command", "step `" + step.name + "` has no command",
                                 "for example command = \"python prepare/clean.py\"");
  }
  // One text is a line for the shell; a list is a program and its arguments, which no shell reads.
  if (step.command.size() == 1) step.command = {"sh", "-c", step.command.front()};
  return {};
}

Result<CommandStep> read_step(const Section& section) {
  CommandStep step;
  step.section = section;
  MILLGATE_ASSIGN(step.name, read_plain_name(step.section, "step"));
  MILLGATE_TRY(read_command(step));
  MILLGATE_TRY(read_paths(step, "reads", step.reads));
  MILLGATE_TRY(read_paths(step, "writes", step.writes));
  if (step.writes.empty()) {
    return step.section.error_at("writes", "step `" + step.name + "` writes nothing",
                                 "name the files that it makes: writes = [\"data/clean.csv\"]");
  }
  MILLGATE_ASSIGN(Section parameters, step.section.section("parameters"));
  for (const std::string& name : parameters.keys()) {
    MILLGATE_ASSIGN(step.parameters[name], scalar_text(parameters, name));
  }
  MILLGATE_TRY(parameters.finish());
  MILLGATE_ASSIGN(step.environment, step.section.texts("environment"));
  MILLGATE_ASSIGN(const auto limit, step.section.duration_micros("at_most"));
  step.seconds_max = limit ? static_cast<double>(*limit) / 1e6 : 0;
  MILLGATE_TRY(step.section.finish());
  return step;
}

Status check_writers(const std::vector<CommandStep>& steps) {
  for (size_t i = 0; i < steps.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      for (const std::string& path : steps[i].writes) {
        for (const std::string& other : steps[j].writes) {
          if (!overlap(path, other)) continue;
          return steps[i].section.error_at("writes",
                                           "steps `" + steps[j].name + "` and `" + steps[i].name +
                                               "` both write `" +
                                               (is_inside(path, other) ? other : path) + "`",
                                           "let each file be made by one step");
        }
      }
    }
  }
  return {};
}

/// The circle in which `step` waits for itself, if it does, as "a, b, a".
std::string circle_from(const std::vector<CommandStep>& steps,
                        const std::vector<std::vector<size_t>>& before, size_t step,
                        std::vector<char>& state, std::vector<size_t>& path) {
  constexpr char kOpen = 1, kDone = 2;
  if (state[step] == kDone) return {};
  path.push_back(step);
  if (state[step] == kOpen) {
    std::string names;
    for (auto at = std::find(path.begin(), path.end(), step); at != path.end(); ++at) {
      names += (names.empty() ? "`" : " waits for `") + steps[*at].name + "`";
    }
    return names;
  }
  state[step] = kOpen;
  for (const size_t earlier : before[step]) {
    std::string circle = circle_from(steps, before, earlier, state, path);
    if (!circle.empty()) return circle;
  }
  state[step] = kDone;
  path.pop_back();
  return {};
}

Status check_circles(const std::vector<CommandStep>& steps) {
  const auto before = steps_before(steps);
  std::vector<char> state(steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    std::vector<size_t> path;
    const std::string circle = circle_from(steps, before, i, state, path);
    if (circle.empty()) continue;
    return steps[i].section.error_at("reads", "steps wait for each other: " + circle,
                                     "a step may not read what is made from what it writes");
  }
  return {};
}

}  // namespace

std::string CommandStep::variable_of(const std::string& parameter) {
  std::string name = "MILLGATE_PARAMETER_";
  for (const char one : parameter) {
    const auto letter = static_cast<unsigned char>(one);
    name += std::isalnum(letter) != 0 ? static_cast<char>(std::toupper(letter)) : '_';
  }
  return name;
}

Result<std::vector<CommandStep>> read_command_steps(Section& root) {
  MILLGATE_ASSIGN(const auto sections, root.sections("step"));
  std::vector<CommandStep> steps;
  for (const Section& section : sections) {
    MILLGATE_ASSIGN(CommandStep step, read_step(section));
    const bool is_taken = std::any_of(steps.begin(), steps.end(), [&](const CommandStep& other) {
      return other.name == step.name;
    });
    if (is_taken || step.name == "join" || step.name == "tune" || step.name == "train") {
      return step.section.error_at("name", "step `" + step.name + "` is there twice",
                                   is_taken ? "give each [[step]] a name of its own"
                                            : "join, tune and train are millgate's own steps");
    }
    steps.push_back(std::move(step));
  }
  MILLGATE_TRY(check_writers(steps));
  MILLGATE_TRY(check_circles(steps));
  return steps;
}

bool reads_from(const std::string& read, const CommandStep& step) {
  return std::any_of(step.writes.begin(), step.writes.end(),
                     [&](const std::string& written) { return sees(normal(read), written); });
}

std::vector<std::vector<size_t>> steps_before(const std::vector<CommandStep>& steps) {
  std::vector<std::vector<size_t>> before(steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    for (size_t j = 0; j < steps.size(); ++j) {
      const bool reads_it =
          std::any_of(steps[i].reads.begin(), steps[i].reads.end(),
                      [&](const std::string& read) { return reads_from(read, steps[j]); });
      if (reads_it) before[i].push_back(j);
    }
  }
  return before;
}

}  // namespace millgate
