/// Features of views read by entity, as a training row of that entity and time would have them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/vector.h"
#include "data/online/online_store.h"
#include "data/online/online_view.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// What a read of one view for one entity found.
enum class OnlineState {
  present,    ///< A row that counts.
  missing,    ///< Nothing was known of the entity; windows are those of no facts.
  expired,    ///< The row is past the view's `max_age`: its columns are null, its windows are not.
  later,      ///< The row could be known only after the asked time: all is null.
  no_entity,  ///< A part of the entity is null: all is null.
};
inline constexpr size_t kOnlineStateCount = 5;
[[nodiscard]] std::string_view to_string(OnlineState state);

/// The fields of one view that a caller wants, and where they go.
struct OnlinePlan {
  OnlineView view;
  /// One entry a field of the view: a column of the caller's block; nothing: not wanted.
  std::vector<std::optional<size_t>> columns;
};

/// One view and one row of a read.
struct OnlineRead {
  OnlineState state = OnlineState::missing;
  std::optional<int64_t> happened;  ///< Microseconds; nothing where no row or no time is there.
  std::optional<int64_t> known;
  /// The row, or a fact of its windows, came from a stream, not from `materialise`.
  bool is_pushed = false;
};

/// Who asks: entities of one view by row, and when.
struct OnlineQuestion {
  std::span<const OnlinePlan> plans;
  std::span<const Block> entities;  ///< One a plan; columns as `plan.view.entity`, equal rows.
  std::span<const int64_t> at;      ///< Microseconds, one a row.
};

/// Fills the wanted columns of `out`, which has the types of the fields and the rows of the
/// question, and gives one read a row and plan, rows outermost. Everything is of one moment of the
/// store. Thread-safe. Errors: those of the store; `damaged` for a row that is none.
[[nodiscard]] Status read_online(const OnlineStore& store, const OnlineQuestion& question,
                                 Block& out, std::vector<OnlineRead>& reads);

/// The stored version of `name` that was materialised as of the latest time, of several the one
/// that was written last; null: there is none.
[[nodiscard]] const OnlineView* latest_view(const std::vector<OnlineView>& views,
                                            std::string_view name);

}  // namespace millgate
