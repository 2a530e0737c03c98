/// `gc`: removes objects that nothing refers to, and never one that somebody is about to refer to.
#pragma once

#include <cstdint>
#include <vector>

#include "data/keep/stored_objects.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

struct GarbageOptions {
  /// Objects that were written, or relied on by a writer, more recently stay. It must be longer
  /// than the longest command that writes (a commit, a training) can take.
  int64_t grace_micros = int64_t{7} * 24 * 3600 * 1'000'000;
  bool dry_run = false;
};

struct GarbageReport {
  int64_t kept_count = 0;  ///< Referred to.
  int64_t kept_bytes = 0;
  int64_t young_count = 0;  ///< Not referred to, within the grace period.
  int64_t young_bytes = 0;
  int64_t rescued_count = 0;  ///< A writer came to rely on it while it was being removed.
  int64_t removed_count = 0;  ///< With `dry_run`: would be.
  int64_t removed_bytes = 0;
  std::vector<Id> removed;
};

/// What the ledger names, and all that it needs, stays. Other processes may write meanwhile: who
/// puts an object that is there already marks it as fresh first (ObjectStore::put), an object is
/// taken away by a rename, and whoever finds a mark on it then puts it back. Objects are removed
/// after the list of them was made and before nothing else: a crash leaves at most files in the
/// scratch folder, which go by themselves after a day.
/// Errors: `damaged` when an object that is needed cannot be read, since what it needs in turn is
/// unknown then (nothing is removed); `outside`.
/// What `forget` said must not stay goes without a grace period.
[[nodiscard]] Result<GarbageReport> collect_garbage(Repository& repository,
                                                    const GarbageOptions& options);

/// Removes what any `forget` said must not stay, and that is still there; gives it back. Nothing
/// that a commit needs is among it. Errors: `damaged`, `outside`.
[[nodiscard]] Result<std::vector<StoredObject>> remove_forgotten_objects(Repository& repository);

}  // namespace millgate
