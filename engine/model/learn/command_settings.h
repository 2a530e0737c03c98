/// `command`, `reads` and `limits` in [train]: a learner that is another program.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// The program that trains, and how far it may go. Empty for learners of our own.
struct CommandSettings {
  std::vector<std::string> command;  ///< The program and its arguments; started in `folder`.
  std::vector<std::string> reads;    ///< Files and folders that it is made of, beside arguments.
  double seconds_max = 3600;
  int64_t memory_bytes_max = 0;                               ///< 0: no limit.
  int64_t disk_bytes_max = int64_t{10} * 1024 * 1024 * 1024;  ///< Of its work folder.
  std::string folder;   ///< Of the project; set by who knows it.
  std::string scratch;  ///< Where work folders are made.
  Section section;      ///< For errors.
};

/// Reads the keys of `train`; `is_command`: they must be there, else they must not.
/// Errors: `invalid_input` with the place.
[[nodiscard]] Result<CommandSettings> read_command_settings(Section& train, bool is_command);

/// Name and SHA-256 (hex) of each file that the program is made of: arguments that are files, and
/// all below `reads`, sorted by name. The program itself is not among them unless it lies in the
/// project's folder.
/// Errors: `invalid_input` for one of `reads` that is not there; `outside`.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> program_files(
    const CommandSettings& settings);

}  // namespace millgate
