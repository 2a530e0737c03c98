/// The service of an unpacked package, for systemd.
#pragma once

#include <string>

namespace millgate {

/// The unit of the package `name`, unpacked in /opt: it checks the package before it starts, runs
/// as a user of its own that may write its state alone, and listens on the machine itself, port
/// 8080. `loader` is the file in lib/ that starts programs.
[[nodiscard]] std::string systemd_unit(const std::string& name, const std::string& loader);

/// How the program of a package in `folder` is started: its own loader with its own libraries.
[[nodiscard]] std::string start_command(const std::string& folder, const std::string& loader);

}  // namespace millgate
