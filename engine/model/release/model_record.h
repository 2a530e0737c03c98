/// The registry: what the ledger knows of each model, in one place.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"
#include "model/release/alias.h"
#include "model/release/gate.h"
#include "model/release/registry.h"
#include "model/release/retirement.h"

namespace millgate {

/// A model as the ledger knows it.
struct ModelRecord {
  int64_t version = 0;  ///< 1 is the first that was trained: "v1".
  Id model;
  Time trained;
  std::string trained_by;
  std::string data_commit;  ///< Hex.
  std::vector<Alias> aliases;
  std::vector<Serving> live;                ///< Where it is live now, as live_everywhere.
  std::map<std::string, Verdict> verdicts;  ///< The newest of each environment, by key.
  /// The newest override of each environment in which it was ever live by one, also when it is no
  /// more: an override stays visible.
  std::vector<Serving> overrides;
  std::optional<Retirement> retired;

  /// Whether anything was ever decided about it: it has an alias, a verdict, or was live.
  [[nodiscard]] bool is_of_note() const;
};

/// All models, the first version first.
[[nodiscard]] Result<std::vector<ModelRecord>> model_records(const Ledger& ledger);

/// Something that happened to a model.
struct ModelStep {
  int64_t event = 0;
  Time time;
  std::string what;  ///< "trained", "verdict passed", "release", "alias champion" ...
  std::string by;
  std::string why;       ///< The reason that was given; may be empty.
  std::string evidence;  ///< On what it rests: commit, verdict; may be empty.
};

/// What happened to `model`, oldest first.
[[nodiscard]] Result<std::vector<ModelStep>> model_history(const Ledger& ledger, const Id& model);

}  // namespace millgate
