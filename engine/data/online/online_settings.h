/// `[online]` of the project file: where the online store is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "data/online/online_store.h"
#include "data/online/redis_address.h"
#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

struct OnlineSettings {
  std::optional<RedisAddress> address;  ///< Nothing: an LMDB file in the project's folder.
  /// What keys in a Redis server begin with; there, nothing else has the same.
  std::string prefix;
  /// What an LMDB store holds at most. Costs address space, not disk.
  int64_t size_bytes_max = 64LL << 30;
};

/// `project` is the prefix where none is set. Errors: `invalid_input` with the place.
[[nodiscard]] Result<OnlineSettings> read_online_settings(Section section,
                                                          const std::string& project);

/// Whether `open_online_store` would find a store that somebody made. A Redis server is not asked.
[[nodiscard]] bool has_online_store(const OnlineSettings& settings, const std::string& folder);

/// Where its rows are, for messages: "the folder `.millgate/online`".
[[nodiscard]] std::string online_place(const OnlineSettings& settings);

/// Opens the store; an LMDB one is in `folder`, which is made when missing. Errors: those of the
/// store.
[[nodiscard]] Result<std::shared_ptr<OnlineStore>> open_online_store(const OnlineSettings& settings,
                                                                     const std::string& folder);

}  // namespace millgate
