/// `push` and `pull`: commits and everything they need, between a repository and a remote.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/keep/remote.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// How one branch stood and what became of it.
enum class TransferOutcome : uint8_t {
  up_to_date,  ///< Both sides were equal.
  moved,       ///< The behind side was moved forward.
  ahead,       ///< The side that would be moved has commits that the other lacks: nothing to do.
  diverged,    ///< Both have commits that the other lacks: nothing was moved.
};

struct BranchTransfer {
  std::string branch;
  TransferOutcome outcome = TransferOutcome::up_to_date;
  std::optional<Id> from;  ///< Where the moved side was; nothing: it is new there.
  Id to;                   ///< Where the other side is.
};

struct TransferReport {
  std::vector<BranchTransfer> branches;
  std::vector<std::string> tags;            ///< That are new on the other side.
  std::vector<std::string> differing_tags;  ///< Name another commit there; nothing was changed.
  int64_t object_count = 0;                 ///< That travelled.
  int64_t object_bytes = 0;
  [[nodiscard]] bool any_diverged() const;
};

struct TransferOptions {
  std::vector<std::string> branches = {};  ///< Empty: all of the side that gives.
  std::string remote_name = "origin";
  std::string author = {};
  unsigned transfers_at_once = 8;
  std::function<void(int64_t done, int64_t total)> progress = {};  ///< Objects; may be empty.
};

/// Only objects that the remote lacks travel, each proved before it leaves and, by a folder, once
/// it has arrived (a server proves it by its signature). A branch moves last, and only forward; so
/// what broke off is taken up where it stopped. `REMOTE/BRANCH` in the ledger says what is known
/// of the remote.
/// Errors: `not_found` for a branch; `conflict` when somebody else pushes at the same moment;
/// `damaged`, `outside`.
[[nodiscard]] Result<TransferReport> push(Repository& repository, Remote& remote,
                                          const TransferOptions& options);

/// The other way. `REMOTE/BRANCH` is moved always; BRANCH itself only forward, by one event of the
/// ledger: where they have diverged, both can be looked at and merged here.
/// Errors: as `push`; `damaged` also when what the remote gives does not hash to its name.
[[nodiscard]] Result<TransferReport> pull(Repository& repository, Remote& remote,
                                          const TransferOptions& options);

}  // namespace millgate
