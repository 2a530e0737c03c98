/// Keys and rows of an online store as bytes. Format: docs/formats/online-store.md.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/vector.h"
#include "data/online/online_view.h"
#include "ground/error.h"

namespace millgate {

/// The facts of an entity in its row: one record a fact, see fact_record.h.
struct FactBytes {
  /// Facts that happened up to then are not all there, microseconds.
  int64_t kept_from = std::numeric_limits<int64_t>::min();
  size_t record_bytes = 0;
  std::string_view records;
};

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

/// Row `row` of `values`, whose columns are as `view.fields`; of a view with windows without these,
/// and with `facts`.
[[nodiscard]] std::string write_row(const RowStamp& stamp, const Block& values, size_t row,
                                    const FactBytes* facts = nullptr);

/// Whether the row holds facts.
[[nodiscard]] bool has_facts(std::string_view bytes);
/// Errors: `damaged`, also for a version that this program does not know.
[[nodiscard]] Result<std::optional<FactBytes>> read_facts(std::string_view bytes);
/// As read_facts.
[[nodiscard]] Result<RowStamp> read_stamp(std::string_view bytes);

/// Where one field of a row goes; null: nowhere.
using RowTargets = std::span<Vector* const>;

/// What the row of an entity is when `coming` meets what is `there`, both with facts. Of a pushed
/// one, its facts are added to those that are there, unless they are there; of one that
/// `materialise` computed, the facts take the place of all that are there but pushed ones that are
/// newer than it. The columns are the newer row's; `materialise` overrides its own. Errors:
/// `damaged`.
[[nodiscard]] Result<std::string> merged_row(std::string_view there, std::string_view coming);
/// What is left of a row whose entity `materialise` does not know any more: what was pushed;
/// nothing where its columns were not. Errors: `damaged`.
[[nodiscard]] Result<std::optional<std::string>> pushed_part(std::string_view there);

/// Reads the values of `bytes` into row `row` of each target; `targets` has one entry a field of
/// `fields`, which are those that the row holds: without windows where it holds facts. Errors:
/// `damaged`; the targets' row is then unspecified.
[[nodiscard]] Status read_row(std::string_view bytes, const std::vector<Field>& fields,
                              RowTargets targets, size_t row);

}  // namespace millgate
