#include "model/measure/roc_area.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace millgate {

namespace {

struct Scored {
  double score = 0;
  bool is_positive = false;
};

/// Sums of shares and of their squares, for a variance.
struct Moments {
  double count = 0, sum = 0, squares = 0;

  void add(double share, double times) {
    count += times;
    sum += times * share;
    squares += times * share * share;
  }
  /// Of the sample (n - 1).
  [[nodiscard]] double variance() const {
    if (count < 2) return 0;
    return std::max(0.0, (squares - sum * sum / count) / (count - 1));
  }
};

}  // namespace

AreaTest area_test(std::span<const double> negatives, std::span<const double> positives) {
  AreaTest test;
  if (negatives.empty() || positives.empty()) return test;
  std::vector<Scored> all;
  all.reserve(negatives.size() + positives.size());
  for (const double score : negatives) all.push_back({score, false});
  for (const double score : positives) all.push_back({score, true});
  std::sort(all.begin(), all.end(),
            [](const Scored& a, const Scored& b) { return a.score < b.score; });
  const auto m = static_cast<double>(negatives.size());
  const auto n = static_cast<double>(positives.size());
  double negatives_below = 0;
  double positives_below = 0;
  double tied_cubes = 0;
  Moments of_positives;  // Share of negatives below each.
  Moments of_negatives;  // Share of positives above each.
  for (size_t begin = 0; begin < all.size();) {
    double same[2] = {0, 0};
    size_t end = begin;
    for (; end < all.size() && all[end].score == all[begin].score; ++end) {
      same[all[end].is_positive ? 1 : 0] += 1;
    }
    of_positives.add((negatives_below + same[0] / 2) / m, same[1]);
    of_negatives.add((n - positives_below - same[1] + same[1] / 2) / n, same[0]);
    negatives_below += same[0];
    positives_below += same[1];
    const auto tied = static_cast<double>(end - begin);
    tied_cubes += tied * tied * tied - tied;
    begin = end;
  }
  test.auc = of_positives.sum / n;
  const double rows = m + n;
  test.null_variance = (rows + 1 - tied_cubes / (rows * (rows - 1))) / (12 * m * n);
  if (m > 1 && n > 1) test.variance = of_positives.variance() / n + of_negatives.variance() / m;
  return test;
}

double upper_tail(double z) { return std::erfc(z / std::sqrt(2.0)) / 2; }

}  // namespace millgate
