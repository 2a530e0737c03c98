/// Keeps a project's model fresh: looks again and again whether something is to be done.
#pragma once

#include <string>

#include "app/session.h"
#include "ground/error.h"

namespace millgate {

struct WatchOptions {
  std::string every = "5m";  ///< From the end of a look to the next one.
  std::string duration;      ///< No look begins after so long; empty: goes on until it is ended.
  bool once = false;         ///< One look.
  std::string then;          ///< Of a model that passed: "release", "rollout", or empty: nothing.
};

/// A look: `monitor`, which records alarms and does what triggers say; then, where data, code or
/// settings changed since the last run, `run`, `gate` and what `then` says. Each is a command of
/// its own, and is in the ledger as such.
///
/// One process at a time looks at a project: others wait for it, or with `once` leave it to it. It
/// may be killed at any time: the next look goes on. Errors: those of opening the project and of
/// its lock, and for `once` those of the look; of other looks they are told on stderr.
[[nodiscard]] Result<int> watch_project(const Session& session, const WatchOptions& options);

}  // namespace millgate
