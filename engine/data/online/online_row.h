/// Keys and rows of an online store as bytes. Format: docs/formats/online-store.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/vector.h"
#include "data/online/online_view.h"
#include "ground/error.h"

namespace millgate {

/// When a row's fact happened and could be known, and how the row came here.
struct RowStamp {
  bool has_time = false;
  bool is_pushed = false;  ///< By a stream; false: by `materialise`.
  int64_t happened = 0;    ///< Microseconds; 0 without time.
  int64_t known = 0;

  /// The order of the as-of join: by what happened last, then by what was known last.
  [[nodiscard]] bool is_newer_than(const RowStamp& other) const {
    return happened != other.happened ? happened > other.happened : known > other.known;
  }
};

/// The key of an entity: row `row` of `entity`, whose columns are as `view.entity`, none null.
/// Equal values have equal keys (-0.0 is 0.0). At most 300 bytes: longer ones are hashed.
[[nodiscard]] std::string entity_key(const OnlineView& view, const Block& entity, size_t row);
/// The key of the row that stands for every entity of which nothing was ever known.
[[nodiscard]] std::string unseen_key(const OnlineView& view);
/// Of the hash of a view's definition, the first: what all keys of the view, and no others, begin
/// with.
inline constexpr size_t kViewDigits = 16;
[[nodiscard]] std::string key_prefix(const OnlineView& view);

/// Row `row` of `values`, whose columns are as `view.fields`.
[[nodiscard]] std::string write_row(const RowStamp& stamp, const Block& values, size_t row);

/// Errors: `damaged`, also for a version that this program does not know.
[[nodiscard]] Result<RowStamp> read_stamp(std::string_view bytes);

/// Where one field of a row goes; null: nowhere.
using RowTargets = std::span<Vector* const>;

/// Reads the values of `bytes` into row `row` of each target; `targets` has one entry a field of
/// `fields`. Errors: `damaged`; the targets' row is then unspecified.
[[nodiscard]] Status read_row(std::string_view bytes, const std::vector<Field>& fields,
                              RowTargets targets, size_t row);

}  // namespace millgate
