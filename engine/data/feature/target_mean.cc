#include "data/feature/target_mean.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <utility>
#include <vector>

namespace millgate {
namespace {

constexpr size_t kFolds = 5;

struct Tally {
  double sum = 0.0;
  int64_t count = 0;

  void add(double label) {
    sum += label;
    ++count;
  }
  [[nodiscard]] Tally without(const Tally& part) const {
    return {.sum = sum - part.sum, .count = count - part.count};
  }
};

double value_of(const Tally& text, const Tally& all, double weight) {
  if (all.count == 0) return std::numeric_limits<double>::quiet_NaN();
  const double mean = all.sum / static_cast<double>(all.count);
  const double rows = static_cast<double>(text.count) + weight;
  return rows > 0 ? (text.sum + weight * mean) / rows : mean;
}

bool has_label(const FitLabels& labels, size_t row) { return !std::isnan(labels.labels[row]); }

using Tallies = std::unordered_map<std::string, Tally>;

Tally tally_of(const Tallies& tallies, const std::string& text) {
  const auto found = tallies.find(text);
  return found == tallies.end() ? Tally() : found->second;
}

/// When a label can be used, and when its row was. No label is known before its row, and one
/// known at once is not known to its own row nor to those beside it, so that pairs are compared
/// with (t, t) by `<`.
using KnownTime = std::pair<int64_t, int64_t>;

KnownTime known_time(const FitLabels& labels, size_t row) {
  return {std::max(labels.label_known[row], labels.row_times[row]), labels.row_times[row]};
}

/// Goes through time once: labels enter when they are known, rows ask when they happen.
void put_values_of_the_time(const Vector& texts, const FitLabels& labels, double weight,
                            Vector& values) {
  std::vector<size_t> asking(texts.size());
  std::iota(asking.begin(), asking.end(), size_t{0});
  std::vector<size_t> known = asking;
  std::stable_sort(asking.begin(), asking.end(),
                   [&](size_t a, size_t b) { return labels.row_times[a] < labels.row_times[b]; });
  std::stable_sort(known.begin(), known.end(), [&](size_t a, size_t b) {
    return known_time(labels, a) < known_time(labels, b);
  });
  Tallies of_text;
  Tally all;
  size_t next = 0;
  for (const size_t row : asking) {
    for (; next < known.size(); ++next) {
      const size_t other = known[next];
      if (!(known_time(labels, other) < KnownTime{labels.row_times[row], labels.row_times[row]})) {
        break;
      }
      if (!has_label(labels, other)) continue;
      all.add(labels.labels[other]);
      if (texts.valid[other] != 0) of_text[texts.texts[other]].add(labels.labels[other]);
    }
    if (texts.valid[row] == 0) continue;
    values.valid[row] = 1;
    values.numbers[row] = value_of(tally_of(of_text, texts.texts[row]), all, weight);
  }
}

void put_values_of_other_folds(const Vector& texts, const FitLabels& labels, double weight,
                               Vector& values) {
  std::array<Tallies, kFolds> of_text;
  std::array<Tally, kFolds> all;
  Tallies whole_of_text;
  Tally whole;
  for (size_t row = 0; row < texts.size(); ++row) {
    if (!has_label(labels, row)) continue;
    all[row % kFolds].add(labels.labels[row]);
    whole.add(labels.labels[row]);
    if (texts.valid[row] == 0) continue;
    of_text[row % kFolds][texts.texts[row]].add(labels.labels[row]);
    whole_of_text[texts.texts[row]].add(labels.labels[row]);
  }
  for (size_t row = 0; row < texts.size(); ++row) {
    if (texts.valid[row] == 0) continue;
    const size_t fold = row % kFolds;
    const std::string& text = texts.texts[row];
    values.valid[row] = 1;
    values.numbers[row] =
        value_of(tally_of(whole_of_text, text).without(tally_of(of_text[fold], text)),
                 whole.without(all[fold]), weight);
  }
}

}  // namespace

Result<TargetMeans> target_means(const Vector& texts, const FitLabels& labels, double weight) {
  if (labels.labels.size() != texts.size()) {
    return invalid_input("no labels were given to learn from",
                         "`target_mean` is learned when a model is trained");
  }
  if (labels.are_classes) {
    return invalid_input("`target_mean` needs labels that have a mean, and this task has classes",
                         "use category(...) or frequency(...)");
  }
  Tallies of_text;
  Tally all;
  for (size_t row = 0; row < texts.size(); ++row) {
    if (!has_label(labels, row)) continue;
    all.add(labels.labels[row]);
    if (texts.valid[row] != 0) of_text[texts.texts[row]].add(labels.labels[row]);
  }
  if (all.count == 0) return invalid_input("no training row has a label to learn from");
  TargetMeans means;
  means.of_unseen = value_of({}, all, weight);
  for (const auto& [text, tally] : of_text) {
    means.of_text.emplace(text, value_of(tally, all, weight));
  }
  means.training_values.reset(ValueType::number, texts.size());
  if (labels.has_times) {
    put_values_of_the_time(texts, labels, weight, means.training_values);
  } else {
    put_values_of_other_folds(texts, labels, weight, means.training_values);
  }
  return means;
}

}  // namespace millgate
