/// Names that people give to models and may move: "champion", "challenger", any other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"

namespace millgate {

/// Which model a name stands for, and who said so.
struct Alias {
  std::string name;
  Id model;
  int64_t event = 0;
  Time since;
  std::string by;
  std::string reason;  ///< May be empty.
};

/// How an alias is moved.
struct AliasMove {
  std::string name;
  std::optional<Id> to;  ///< Nothing: the name is taken away.
  std::string reason = {};
  /// The event that gave the name its model when the caller looked; 0: it had none.
  int64_t seen = 0;
};

/// The alias called `name`, now or at `at`; nothing when it names no model.
[[nodiscard]] Result<std::optional<Alias>> find_alias(const Ledger& ledger, const std::string& name,
                                                      std::optional<Time> at = std::nullopt);
/// All aliases that name a model, by name.
[[nodiscard]] Result<std::vector<Alias>> aliases(const Ledger& ledger,
                                                 std::optional<Time> at = std::nullopt);

/// Gives `move.name` to a model, or takes it away. Errors: `invalid_input` for a name that cannot
/// be one; `refused` when the model is retired; `not_found` when there is nothing to take away;
/// `conflict` when it names that model already, or when somebody moved it since `move.seen`.
[[nodiscard]] Status move_alias(Ledger& ledger, const AliasMove& move, const std::string& author);

}  // namespace millgate
