/// `[online]` of the project file: where the online store is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "data/online/online_store.h"
#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

struct OnlineSettings {
  /// What an LMDB store holds at most. Costs address space, not disk.
  int64_t size_bytes_max = 64LL << 30;
};

/// Errors: `invalid_input` with the place.
[[nodiscard]] Result<OnlineSettings> read_online_settings(Section section);

/// Opens the store; an LMDB one is in `folder`, which is made when missing. Errors: those of the
/// store.
[[nodiscard]] Result<std::shared_ptr<OnlineStore>> open_online_store(const OnlineSettings& settings,
                                                                     const std::string& folder);

}  // namespace millgate
