#include "model/measure/leaf_components.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ground/random.h"

namespace millgate {

namespace {

constexpr int kIterations = 25;
constexpr int kStarts = 8;
constexpr int kRoundsMax = 50;
/// A component of less variance than this share of the largest, or than this, is rounding.
constexpr double kVarianceMin = 1e-9;
constexpr double kVarianceRounding = 1e-18;

/// Makes the columns of `vectors` orthogonal and of length 1 (modified Gram-Schmidt); a column that
/// depends on those before becomes 0.
void make_orthogonal(std::vector<double>& vectors, size_t count) {
  const size_t length = vectors.size() / count;
  for (size_t c = 0; c < count; ++c) {
    double before = 0;
    for (size_t i = 0; i < length; ++i) before += vectors[i * count + c] * vectors[i * count + c];
    for (size_t b = 0; b < c; ++b) {
      double dot = 0;
      for (size_t i = 0; i < length; ++i) dot += vectors[i * count + c] * vectors[i * count + b];
      for (size_t i = 0; i < length; ++i) vectors[i * count + c] -= dot * vectors[i * count + b];
    }
    double squares = 0;
    for (size_t i = 0; i < length; ++i) squares += vectors[i * count + c] * vectors[i * count + c];
    const bool is_new = squares > 1e-20 * before && squares > 0;
    const double scale = is_new ? 1 / std::sqrt(squares) : 0;
    for (size_t i = 0; i < length; ++i) vectors[i * count + c] *= scale;
  }
}

void set_offsets(LeafComponents& made) {
  made.offsets.assign(made.count, 0.0);
  for (size_t number = 0; number < made.mean.size(); ++number) {
    for (size_t c = 0; c < made.count; ++c) {
      made.offsets[c] += made.mean[number] * made.directions[number * made.count + c];
    }
  }
}

/// Rows transposed, times their projections.
void step(const LeafRows& rows, LeafComponents& made) {
  const std::vector<double> projected = made.project(rows);
  std::fill(made.directions.begin(), made.directions.end(), 0.0);
  for (size_t row = 0; row < rows.rows(); ++row) {
    for (size_t place = 0; place < rows.places; ++place) {
      double* to = &made.directions[rows.numbers[row * rows.places + place] * made.count];
      for (size_t c = 0; c < made.count; ++c) to[c] += projected[row * made.count + c];
    }
  }
}

/// The components ordered by variance, without those that are none.
LeafComponents ordered(const LeafRows& rows, const LeafComponents& made) {
  const std::vector<double> projected = made.project(rows);
  std::vector<double> variances(made.count, 0.0);
  for (size_t i = 0; i < projected.size(); ++i) {
    variances[i % made.count] += projected[i] * projected[i] / static_cast<double>(rows.rows());
  }
  std::vector<size_t> order(made.count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return variances[a] > variances[b]; });
  while (!order.empty() &&
         variances[order.back()] <=
             std::max(kVarianceRounding, kVarianceMin * variances[order.front()])) {
    order.pop_back();
  }
  LeafComponents kept{.count = order.size(),
                      .mean = made.mean,
                      .directions = std::vector<double>(made.mean.size() * order.size()),
                      .offsets = {},
                      .variances = {}};
  for (size_t c = 0; c < order.size(); ++c) {
    kept.variances.push_back(variances[order[c]]);
    double largest = 0;
    for (size_t i = 0; i < made.mean.size(); ++i) {
      const double entry = made.directions[i * made.count + order[c]];
      if (std::abs(entry) > std::abs(largest)) largest = entry;
    }
    for (size_t i = 0; i < made.mean.size(); ++i) {
      const double entry = made.directions[i * made.count + order[c]];
      kept.directions[i * kept.count + c] = largest < 0 ? -entry : entry;
    }
  }
  set_offsets(kept);
  return kept;
}

double square_distance(const double* a, const double* b, size_t width) {
  double sum = 0;
  for (size_t i = 0; i < width; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

/// One run of Lloyd's method from two of the points; the sum of squares within the parts.
double divide(std::span<const double> points, size_t width, Random random,
              std::vector<uint8_t>& parts) {
  const size_t rows = points.size() / width;
  std::vector<double> centres(2 * width);
  for (size_t side = 0; side < 2; ++side) {
    const size_t row = random.below(rows);
    std::copy_n(&points[row * width], width, &centres[side * width]);
  }
  double within = 0;
  for (int round = 0; round < kRoundsMax; ++round) {
    bool is_changed = false;
    within = 0;
    std::vector<double> sums(2 * width, 0.0);
    double counts[2] = {0, 0};
    for (size_t row = 0; row < rows; ++row) {
      const double* point = &points[row * width];
      const double first = square_distance(point, centres.data(), width);
      const double second = square_distance(point, &centres[width], width);
      const uint8_t part = second < first ? 1 : 0;
      is_changed = is_changed || parts[row] != part;
      parts[row] = part;
      within += std::min(first, second);
      counts[part] += 1;
      for (size_t i = 0; i < width; ++i) sums[part * width + i] += point[i];
    }
    if (!is_changed && round > 0) break;
    for (size_t side = 0; side < 2; ++side) {
      if (counts[side] == 0) continue;
      for (size_t i = 0; i < width; ++i)
        centres[side * width + i] = sums[side * width + i] / counts[side];
    }
  }
  return within;
}

}  // namespace

std::vector<double> LeafComponents::project(const LeafRows& rows) const {
  std::vector<double> projected(rows.rows() * count);
  for (size_t row = 0; row < rows.rows(); ++row) {
    double* to = projected.data() + row * count;
    for (size_t c = 0; c < count; ++c) to[c] = -offsets[c];
    for (size_t place = 0; place < rows.places; ++place) {
      const double* from = &directions[rows.numbers[row * rows.places + place] * count];
      for (size_t c = 0; c < count; ++c) to[c] += from[c];
    }
  }
  return projected;
}

LeafComponents leaf_components(const LeafRows& rows, size_t count, uint64_t seed) {
  LeafComponents made;
  made.count = std::min({count, rows.rows(), rows.number_end});
  if (made.count == 0) return made;
  made.mean.assign(rows.number_end, 0.0);
  for (const uint32_t number : rows.numbers)
    made.mean[number] += 1 / static_cast<double>(rows.rows());
  Random random = Random::stream(seed, "leaf components");
  made.directions.resize(rows.number_end * made.count);
  for (double& one : made.directions) one = random.normal();
  for (int i = 0; i < kIterations; ++i) {
    make_orthogonal(made.directions, made.count);
    set_offsets(made);
    step(rows, made);
  }
  make_orthogonal(made.directions, made.count);
  set_offsets(made);
  return ordered(rows, made);
}

double two_means_cut(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  const double all = std::accumulate(values.begin(), values.end(), 0.0);
  double below = 0;
  double best = -std::numeric_limits<double>::infinity();
  double cut = values.empty() ? 0 : values.back();
  for (size_t i = 0; i + 1 < values.size(); ++i) {
    below += values[i];
    if (values[i] == values[i + 1]) continue;
    const auto count = static_cast<double>(i + 1);
    // What two means explain of the squares.
    const double explained = below * below / count + (all - below) * (all - below) / (n - count);
    if (explained <= best) continue;
    best = explained;
    cut = values[i];
  }
  return cut;
}

std::vector<uint8_t> two_means(std::span<const double> points, size_t width, uint64_t seed) {
  const size_t rows = width == 0 ? 0 : points.size() / width;
  std::vector<uint8_t> best(rows, 0);
  if (rows < 2) return best;
  double least = std::numeric_limits<double>::infinity();
  for (uint64_t start = 0; start < kStarts; ++start) {
    std::vector<uint8_t> parts(rows, 0);
    const double within = divide(points, width, Random::stream(seed, "two means", start), parts);
    if (within >= least) continue;
    least = within;
    best = std::move(parts);
  }
  return best;
}

}  // namespace millgate
