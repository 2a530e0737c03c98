/// The rows of a view for its entities, as the online store keeps them.
#pragma once

#include <vector>

#include "data/feature/entity_rows.h"
#include "data/online/online_store.h"

namespace millgate {

/// One row an entity, and the one of entities that were never seen. `view` is the one that
/// `rows` was computed for.
[[nodiscard]] std::vector<KeyedRow> keyed_rows(const OnlineView& view, const EntityRows& rows);

}  // namespace millgate
