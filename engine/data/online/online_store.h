/// Rows of views by entity, for reading one at a time: behind it LMDB or another store.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/online/online_view.h"
#include "ground/error.h"

namespace millgate {

/// A row by its key, both as bytes of online_row.h.
struct KeyedRow {
  std::string key;
  std::string row;
};

/// The rows of one view as they shall be.
struct ViewUpdate {
  OnlineView view;  ///< Its `entity_count` is filled in by the store.
  /// What `views` said of it when the rows were computed; nothing: it was not there.
  std::optional<OnlineView> before;
  std::vector<KeyedRow> rows;
  bool is_whole = true;  ///< False: what `rows` does not name stays as it is.
};

/// What an update or a push did, in rows.
struct RowCounts {
  int64_t written = 0;
  int64_t unchanged = 0;
  int64_t added = 0;  ///< Of those written: there was none before.
  int64_t removed = 0;
  int64_t kept = 0;  ///< What was there is newer: the row that came is not used.
};

struct UpdateCounts {
  RowCounts rows;
  int64_t entity_count = 0;  ///< As in the view that is now stored.
};

/// Thread-safe; any number of processes. Every call sees or makes one whole state: a reader sees
/// an update as a whole or not at all, and an update that fails, or whose process is killed at any
/// moment, leaves what was there.
///
/// Errors of all calls: `outside` when the store cannot be reached or is full; `damaged`.
class OnlineStore {
 public:
  virtual ~OnlineStore() = default;

  /// Every version of every view, by name and version.
  [[nodiscard]] virtual Result<std::vector<OnlineView>> views() const = 0;

  /// Calls `visit` once a key, in order, with the row's bytes; nothing where there is none. All
  /// are of one moment. The bytes live as long as the call of `visit`, whose error ends the read.
  using Visit = std::function<Status(size_t, std::optional<std::string_view>)>;
  [[nodiscard]] virtual Status read(std::span<const std::string> keys,
                                    const Visit& visit) const = 0;

  /// Makes the rows of each view those of `updates`, in one step: rows that are the same are not
  /// written, others of the view are removed. A row that was pushed and is newer than the one that
  /// came stays, and so does one whose entity did not come. Errors: `conflict` when a view is
  /// not as it was `before`: somebody else updated it meanwhile, and would be undone.
  [[nodiscard]] virtual Result<std::vector<UpdateCounts>> update(
      std::vector<ViewUpdate> updates) = 0;

  /// Writes each row unless the one that is there is newer by RowStamp. Of rows of one key the
  /// newest wins, whatever their order. Their views are ones that `views` has.
  [[nodiscard]] virtual Result<RowCounts> push(std::vector<KeyedRow> rows) = 0;

  /// Removes these versions of views with all their rows, in one step.
  [[nodiscard]] virtual Status drop(const std::vector<OnlineView>& views) = 0;
};

}  // namespace millgate
