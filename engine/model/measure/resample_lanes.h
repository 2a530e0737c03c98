/// The metrics of a group of rows on many bootstrap resamples at once.
/// Inside the room: callers use group_measures.h.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "model/measure/ranked_rows.h"

namespace millgate {

/// Resamples that go through the rows side by side: one pass reads a row once for all of them.
inline constexpr size_t kLanes = 16;

/// How often each row was drawn, by resample: row-major, `kLanes` bytes a row. A row is drawn 256
/// times in as many draws as there are rows with a probability below 1e-500.
struct DrawnRows {
  std::vector<uint8_t> counts;

  /// Draws `rows` rows with replacement for each of `lanes` resamples, numbered from `first`;
  /// other lanes are empty. The draws of a resample depend on seed and number only.
  void draw(size_t rows, uint64_t seed, uint64_t first, size_t lanes);
  [[nodiscard]] const uint8_t* of(uint32_t row) const { return &counts[row * kLanes]; }
};

/// Calls `visit` with the draws of resamples [first, first + lanes), until all `options.resamples`
/// were drawn out of `rows` rows; from the threads of the machine at once where that is worth it.
void visit_resamples(
    size_t rows, const MeasureOptions& options,
    const std::function<void(const DrawnRows& drawn, size_t first, size_t lanes)>& visit);

/// Rows of a group, ascending by prediction, with their numbers in `DrawnRows`.
struct GroupRows {
  RankedRows rows;
  std::vector<uint32_t> number;
};

/// Equal to `measure_binary` with the weights of each lane, but for the order of additions.
void measure_binary_lanes(const GroupRows& group, const DrawnRows& drawn,
                          const MeasureOptions& options, std::span<Measures, kLanes> out);
/// The same of `measure_regression`.
void measure_regression_lanes(const GroupRows& group, const DrawnRows& drawn,
                              std::span<Measures, kLanes> out);

}  // namespace millgate
