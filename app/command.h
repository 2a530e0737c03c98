/// A command as people type it: its parameters, its help, and what it does. The library behind it
/// stays in command.cc: its header costs more time to compile than all else in a command's file.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ground/error.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace millgate {

struct Session;

/// An option, a flag or a positional of a command. A handle, valid as long as the program.
class Parameter {
 public:
  explicit Parameter(CLI::Option& option) : option_(&option) {}

  Parameter required();
  /// The help shows what the value is when nobody gives one.
  Parameter shows_default();
  /// Of numbers: refuses a value below zero.
  Parameter not_negative();
  /// Of numbers: refuses zero and below.
  Parameter positive();
  /// Of numbers: refuses what is outside [low, high].
  Parameter between(double low, double high);
  Parameter one_of(const std::vector<std::string>& values);
  /// Refused without `other`.
  Parameter needs(const Parameter& other);
  /// Of lists: one value each time that it is given, so that a positional may follow.
  Parameter one_at_a_time();
  /// Whether the call has it; known once the action runs.
  [[nodiscard]] bool given() const;

 private:
  CLI::Option* option_;
};

/// A handle, valid as long as the program.
class Command {
 public:
  Command(CLI::App& app, Session& session) : app_(&app), session_(&session) {}

  /// A command below this one, with its help and an example.
  Command add_command(const std::string& name, const std::string& summary,
                      const std::string& example) const;
  /// The same command; what is added to this handle, the help lists under `title`.
  [[nodiscard]] Command in_group(const std::string& title) const;
  /// The call must name a command below this one.
  void requires_command() const;

  /// `names` as in "-o,--out", or one word for a positional. Writes into `value`, which lives until
  /// the action has run: a std::string, a list of them, a bool, a number.
  template <typename T>
  Parameter add_option(const std::string& names, T& value, const std::string& help) const;
  Parameter add_flag(const std::string& names, bool& value, const std::string& help) const;

  /// What the program does when this command was typed, and none below it; the exit code or an
  /// error.
  void does(std::function<Result<int>()> action) const;

 private:
  CLI::App* app_;
  Session* session_;
  std::string group_ = "Subcommands";
};

}  // namespace millgate
