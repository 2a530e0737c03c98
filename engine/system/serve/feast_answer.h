/// Rows of the online store by the API of Feast's feature server, for its clients.
#pragma once

#include <string>
#include <string_view>

#include "data/online/online_store.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// Feast's POST /get-online-features: {"features": ["view:field"], "entities": {"column": [...]},
/// "full_feature_names": false} -> metadata and results by feature. Errors: as `answer_features`.
[[nodiscard]] Result<std::string> feast_features_json(const OnlineStore& store,
                                                      std::string_view body, Time now,
                                                      size_t rows_max);

}  // namespace millgate
