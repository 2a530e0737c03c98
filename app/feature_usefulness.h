/// `millgate features --useful`: which features to keep, which to drop.
#pragma once

#include <string>

#include "app/session.h"
#include "system/pipeline/useful_features.h"

namespace millgate {

/// Judges the features of the project and prints the table, or JSON.
[[nodiscard]] Result<int> show_useful_features(const Session& session,
                                               UsefulFeaturesOptions& options);

}  // namespace millgate
