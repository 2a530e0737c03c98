/// The online store for a fleet: rows in a Redis server that many servers read.
#pragma once

#include <memory>
#include <string>

#include "data/online/online_store.h"
#include "data/online/redis_address.h"
#include "ground/error.h"

namespace millgate {

struct RedisStoreOptions {
  RedisAddress address;
  /// All keys begin with `millgate:{prefix}:`: projects can share a server, and all keys of one lie
  /// on one node of a cluster.
  std::string prefix;
};

/// What every key of a project begins with.
[[nodiscard]] std::string redis_key_prefix(const std::string& prefix);

/// Needs Redis 6 or later, or what speaks its protocol. Does not connect yet, and connects again
/// by itself when the server went away: a call then fails at once or after a second, and the
/// next one tries again.
///
/// A view that comes for the first time is written beside and appears in one step; of one that is
/// there only what changed is sent, in one transaction, during which the server answers nobody.
/// A view whose rows the server lost (it was restarted without them) is as one that was never
/// there: `views` does not have it, and reading it is an error, not a missing row. Errors beside
/// those of OnlineStore: `outside` when the server may evict rows to win memory.
[[nodiscard]] std::shared_ptr<OnlineStore> open_redis_store(const RedisStoreOptions& options);

}  // namespace millgate
