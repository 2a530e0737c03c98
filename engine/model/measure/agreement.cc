#include "model/measure/agreement.h"

#include <algorithm>
#include <map>
#include <utility>

namespace millgate {

namespace {

/// Counts of labels, items x classes.
std::vector<double> label_counts(const Ratings& ratings) {
  std::vector<double> counts(ratings.item_count * ratings.class_count);
  for (const Rating& one : ratings.given) ++counts[one.item * ratings.class_count + one.label];
  return counts;
}

/// The ratings of each item, in the order of annotators.
std::vector<std::vector<Rating>> by_item(const Ratings& ratings) {
  std::vector<std::vector<Rating>> items(ratings.item_count);
  for (const Rating& one : ratings.given) items[one.item].push_back(one);
  for (auto& item : items) {
    std::sort(item.begin(), item.end(),
              [](const Rating& a, const Rating& b) { return a.annotator < b.annotator; });
  }
  return items;
}

/// Squared distance of two classes whose labels were given `totals` times.
double distance(size_t a, size_t b, LabelScale scale, std::span<const double> totals,
                std::span<const double> values) {
  if (a == b) return 0;
  if (scale == LabelScale::nominal) return 1;
  if (scale == LabelScale::interval) return (values[a] - values[b]) * (values[a] - values[b]);
  const auto [low, high] = std::minmax(a, b);
  double between = -(totals[low] + totals[high]) / 2;
  for (size_t i = low; i <= high; ++i) between += totals[i];
  return between * between;
}

/// Both annotators' labels over the items that they share, first x second.
PairAgreement agreement_of(std::pair<size_t, size_t> pair, const std::vector<double>& table,
                           size_t classes) {
  PairAgreement found{.first = pair.first, .second = pair.second};
  double total = 0;
  double same = 0;
  double by_chance = 0;
  for (const double count : table) total += count;
  for (size_t i = 0; i < classes; ++i) {
    double row = 0;
    double column = 0;
    for (size_t j = 0; j < classes; ++j) {
      row += table[i * classes + j];
      column += table[j * classes + i];
    }
    same += table[i * classes + i];
    by_chance += row * column;
  }
  found.item_count = static_cast<int64_t>(total);
  found.observed = same / total;
  const double expected = by_chance / (total * total);
  if (by_chance < total * total) found.kappa = (found.observed - expected) / (1 - expected);
  return found;
}

}  // namespace

std::vector<PairAgreement> pair_agreements(const Ratings& ratings) {
  const size_t classes = ratings.class_count;
  std::map<std::pair<size_t, size_t>, std::vector<double>> tables;
  for (const auto& item : by_item(ratings)) {
    for (size_t i = 0; i < item.size(); ++i) {
      for (size_t j = i + 1; j < item.size(); ++j) {
        auto& table = tables[{item[i].annotator, item[j].annotator}];
        table.resize(classes * classes);
        ++table[item[i].label * classes + item[j].label];
      }
    }
  }
  std::vector<PairAgreement> found;
  found.reserve(tables.size());
  for (const auto& [pair, table] : tables) found.push_back(agreement_of(pair, table, classes));
  return found;
}

std::optional<double> fleiss_kappa(const Ratings& ratings) {
  const size_t classes = ratings.class_count;
  const std::vector<double> counts = label_counts(ratings);
  double labels_each = 0;
  double items = 0;
  double observed = 0;
  std::vector<double> totals(classes);
  for (size_t item = 0; item < ratings.item_count; ++item) {
    const std::span<const double> of_item(counts.data() + item * classes, classes);
    double labels = 0;
    double squares = 0;
    for (const double count : of_item) {
      labels += count;
      squares += count * count;
    }
    if (labels < 2) continue;
    if (labels_each != 0 && labels != labels_each) return std::nullopt;
    labels_each = labels;
    ++items;
    observed += (squares - labels) / (labels * (labels - 1));
    for (size_t i = 0; i < classes; ++i) totals[i] += of_item[i];
  }
  if (items == 0) return std::nullopt;
  double expected = 0;
  for (const double total : totals) {
    const double share = total / (items * labels_each);
    expected += share * share;
    if (total == items * labels_each) return std::nullopt;
  }
  return (observed / items - expected) / (1 - expected);
}

std::optional<double> krippendorff_alpha(const Ratings& ratings, LabelScale scale,
                                         std::span<const double> values) {
  const size_t classes = ratings.class_count;
  const std::vector<double> counts = label_counts(ratings);
  std::vector<double> coincidences(classes * classes);
  for (size_t item = 0; item < ratings.item_count; ++item) {
    const std::span<const double> of_item(counts.data() + item * classes, classes);
    double labels = 0;
    for (const double count : of_item) labels += count;
    if (labels < 2) continue;
    for (size_t a = 0; a < classes; ++a) {
      if (of_item[a] == 0) continue;
      for (size_t b = 0; b < classes; ++b) {
        const double pairs = of_item[a] * (of_item[b] - (a == b ? 1 : 0));
        coincidences[a * classes + b] += pairs / (labels - 1);
      }
    }
  }
  std::vector<double> totals(classes);
  double all = 0;
  for (size_t a = 0; a < classes; ++a) {
    for (size_t b = 0; b < classes; ++b) totals[a] += coincidences[a * classes + b];
    all += totals[a];
  }
  double observed = 0;
  double expected = 0;
  for (size_t a = 0; a < classes; ++a) {
    for (size_t b = a + 1; b < classes; ++b) {
      const double far = distance(a, b, scale, totals, values);
      observed += coincidences[a * classes + b] * far;
      expected += totals[a] * totals[b] * far;
    }
  }
  if (expected == 0) return std::nullopt;
  return 1 - (all - 1) * observed / expected;
}

}  // namespace millgate
