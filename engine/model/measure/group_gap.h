/// The gap of a metric between groups of rows, with its ratio.
/// Inside the room: callers use quality.h and fairness.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/measure/group_measures.h"
#include "model/measure/metric_series.h"
#include "model/measure/row_groups.h"

namespace millgate {

/// Largest less smallest, or smallest over largest, of a measure between groups.
struct GapKind {
  const char* name;
  Measure measure;
  bool is_ratio = false;
};

/// The gaps and ratios of one measure each.
[[nodiscard]] std::span<const GapKind> gap_kinds();

/// The two gaps (ratios) of which equalised odds is the worse one: of recall, and of the false
/// positive rate. Null for another metric.
struct OddsParts {
  const GapKind* recall = nullptr;
  const GapKind* false_positives = nullptr;
};
[[nodiscard]] OddsParts odds_parts(std::string_view metric);

/// `measure_groups` of the groups that may be judged: of the others nothing is measured.
[[nodiscard]] GroupMeasures measure_large_groups(const Outcome& rows,
                                                 std::span<const RowGroup> groups,
                                                 const MeasureOptions& options);

/// Groups, what was measured of them, and how many rows each metric rests on.
class GroupGaps {
 public:
  /// `groups` are those of `measured`, both of which must outlive it. `rows` and `threshold` tell
  /// how many positives, negatives and rows decided positive each group has.
  GroupGaps(const Outcome& rows, double threshold, std::span<const RowGroup> groups,
            const GroupMeasures& measured);

  /// Between which groups: of enough rows for the measure.
  [[nodiscard]] std::vector<size_t> judged(Measure measure) const;
  /// Between all groups that are judged. Resamples that leave a group without a basis pass over it.
  [[nodiscard]] MetricSeries series(const GapKind& kind) const;
  /// The worse of both, on each resample.
  [[nodiscard]] MetricSeries series(const OddsParts& odds) const;
  /// The groups at both ends, and those that are not judged.
  [[nodiscard]] std::string note(Measure measure, std::span<const size_t> judged) const;
  /// The groups that are not judged: "" when there are none.
  [[nodiscard]] std::string not_judged(Measure measure) const;
  [[nodiscard]] int64_t row_count(std::span<const size_t> judged) const;

 private:
  struct Basis {
    int64_t rows = 0, positives = 0, decided = 0;
  };
  /// Rows of the group that `measure` rests on, and what they are called.
  [[nodiscard]] static int64_t basis_of(const Basis& basis, Measure measure, const char*& name);

  int64_t all_rows_;
  std::span<const RowGroup> groups_;
  const GroupMeasures& measured_;
  std::vector<Basis> basis_;
};

}  // namespace millgate
