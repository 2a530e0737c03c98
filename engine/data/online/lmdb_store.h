/// The online store that needs no server: one LMDB file in the project's folder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "data/online/online_store.h"
#include "ground/error.h"

namespace millgate {

struct LmdbStoreOptions {
  std::string folder;  ///< Made when missing.
  /// Beyond it the store is full. Costs address space, not disk. Raise it when `update` says so.
  int64_t size_bytes_max = 64LL << 30;
};

/// One store a process and folder: who opens it a second time gets the same, with the options of
/// the first. Readers never wait; writers of all processes wait for each other. A row is on the
/// disk when `update` or `push` returns.
/// Errors: `outside` when the folder cannot be used; `damaged` when it holds something else.
[[nodiscard]] Result<std::shared_ptr<OnlineStore>> open_lmdb_store(const LmdbStoreOptions& options);

/// Whether `folder` holds a store already.
[[nodiscard]] bool has_lmdb_store(const std::string& folder);

}  // namespace millgate
