/// What an online store knows of one version of a view, beside the view's rows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/vector.h"
#include "data/feature/window.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// Format: docs/formats/online-store.md.
struct OnlineView {
  std::string name;
  std::string version;        ///< ViewDefinition::version.
  std::vector<Field> entity;  ///< What its rows are read by.
  std::vector<Field> fields;  ///< What can be read: columns, then windows.
  bool has_time = false;
  std::optional<int64_t> max_age_micros;
  /// So many of the last fields are windows. They have no age.
  size_t window_count = 0;
  /// The windows: rows hold the facts, by which whoever reads computes them as of the asked time.
  /// None where an older program wrote the view: rows hold what the windows were as of `as_of`.
  std::vector<Window> windows;
  std::vector<std::string> key;  ///< Fields that tell versions of one fact; of views with windows.
  Time as_of;                    ///< What could be known then is what the rows hold.
  Time written;                  ///< When; 0 where an older program wrote it.
  std::string commit;            ///< Hex id: of these data.
  std::map<std::string, std::string> tables;  ///< Table that was read -> id of its version.
  int64_t entity_count =
      0;  ///< Rows that updates left; those that were only pushed are not counted.

  /// So many of the first fields are columns.
  [[nodiscard]] size_t column_count() const { return fields.size() - window_count; }
  bool operator==(const OnlineView&) const = default;
};

/// What names a version of a view in a store: the name, a zero byte, the version.
[[nodiscard]] std::string view_key(const OnlineView& view);
/// The `conflict` of an update whose view was updated by somebody else after it was looked at.
[[nodiscard]] Error materialised_meanwhile(const OnlineView& view);

/// Same view, same bytes.
[[nodiscard]] std::string write_online_view(const OnlineView& view);
/// Errors: `damaged` naming the member; `invalid_input` for a newer format version.
[[nodiscard]] Result<OnlineView> read_online_view(std::string_view bytes);

}  // namespace millgate
