/// Brings the rows of views into the online store.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/online/online_store.h"
#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "system/pipeline/project.h"

namespace millgate {

struct MaterialiseRequest {
  std::string revision;            ///< Of the data.
  std::vector<std::string> views;  ///< Names; empty: all.
  std::optional<Time> as_of;       ///< Nothing: now.
};

/// What happened to one view.
struct MaterialisedView {
  OnlineView view;
  RowCounts counts;
  /// "first time", "rows of `weather` changed", "time went on", "nothing changed" ...
  std::string why;
  int64_t row_count_read = 0;  ///< Rows that were compared with the store.
};

/// Computes, for every entity of each view, what could be known at the time, and writes all views
/// in one step. What cannot have changed since the last time is not computed: a view whose
/// sources are the same and of which nothing became known meanwhile costs one look.
/// Two at once: one of them is told `conflict`, and the store has the rows of the other.
/// Errors: `not_found` for a view or revision; those of the join and of the store.
[[nodiscard]] Result<std::vector<MaterialisedView>> materialise(Repository& repository,
                                                                const Project& project,
                                                                OnlineStore& store,
                                                                const MaterialiseRequest& request);

}  // namespace millgate
