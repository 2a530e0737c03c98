/// `fsck`: proves every object, and tells what a damaged or missing one breaks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/file_store.h"
#include "ground/id.h"

namespace millgate {

/// One object that is not what it should be.
struct BrokenObject {
  Id id;
  bool missing = false;  ///< Else its bytes do not hash to its name.
  bool repaired = false;
  /// What cannot be used without it: "commit 0123456789ab table flights", "model ..." ; sorted.
  /// Empty: nothing refers to it.
  std::vector<std::string> breaks;
};

struct SoundnessOptions {
  /// A remote or a backup, from which good copies are taken; null: nothing is repaired.
  std::shared_ptr<FileStore> repair_from;
  std::function<void(double share)> progress;  ///< Of the bytes that are hashed.
};

struct SoundnessReport {
  int64_t object_count = 0;
  int64_t size_bytes = 0;
  int64_t event_count = 0;  ///< Of the ledger, whose chain is whole.
  std::vector<BrokenObject> broken;
  [[nodiscard]] bool sound() const;  ///< Nothing broken that was not repaired.
};

/// Reads everything once, in several threads. What a broken object needs in turn is not known
/// until it is repaired: then what it led to is looked at as well.
/// Errors: `damaged` for the ledger; `outside`.
[[nodiscard]] Result<SoundnessReport> check_soundness(Repository& repository,
                                                      const SoundnessOptions& options);

}  // namespace millgate
