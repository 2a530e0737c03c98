#include "model/measure/confident_learning.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <tuple>

#include "ground/shortest_text.h"

namespace millgate {

namespace {

/// Probabilities come out of sums: one that misses its threshold by rounding reaches it.
constexpr double kTolerance = 1e-6;
constexpr double kSumTolerance = 1e-3;

Status check(std::span<const size_t> labels, std::span<const double> probabilities,
             size_t classes) {
  if (classes < 2) return invalid_input("labels of one class cannot be wrong");
  if (probabilities.size() != labels.size() * classes) {
    return invalid_input(std::to_string(probabilities.size()) + " probabilities for " +
                         std::to_string(labels.size()) + " rows of " + std::to_string(classes) +
                         " classes");
  }
  for (size_t row = 0; row < labels.size(); ++row) {
    const std::string where = "row " + std::to_string(row + 1);
    if (labels[row] >= classes) return invalid_input(where + ": the label is no class");
    double sum = 0;
    for (const double p : probabilities.subspan(row * classes, classes)) {
      if (!(p >= 0 && p <= 1)) {
        return invalid_input(where + ": " + shortest_text(p) + " is no probability",
                             "probabilities lie between 0 and 1");
      }
      sum += p;
    }
    if (std::abs(sum - 1) > kSumTolerance) {
      return invalid_input(
          where + ": the probabilities of the classes add up to " + shortest_text(sum) + ", not 1",
          "give one column for each class of the label");
    }
  }
  return {};
}

size_t most_probable(std::span<const double> row) {
  return static_cast<size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

std::vector<double> thresholds_of(std::span<const size_t> labels,
                                  std::span<const double> probabilities, size_t classes) {
  std::vector<double> sums(classes, 0);
  std::vector<double> counts(classes, 0);
  for (size_t row = 0; row < labels.size(); ++row) {
    sums[labels[row]] += probabilities[row * classes + labels[row]];
    counts[labels[row]] += 1;
  }
  for (size_t k = 0; k < classes; ++k) sums[k] = counts[k] == 0 ? 1 : sums[k] / counts[k];
  return sums;
}

/// The most probable class among those that reach their threshold.
std::optional<size_t> confident_class(std::span<const double> row,
                                      const std::vector<double>& thresholds) {
  std::optional<size_t> best;
  for (size_t k = 0; k < row.size(); ++k) {
    if (row[k] < thresholds[k] - kTolerance) continue;
    if (!best || row[k] > row[*best]) best = k;
  }
  return best;
}

/// Scales each row of the confident joint to the number of rows with that label.
std::vector<double> calibrated(const std::vector<int64_t>& confident,
                               std::span<const size_t> labels, size_t classes) {
  std::vector<double> with_label(classes, 0);
  for (const size_t label : labels) with_label[label] += 1;
  std::vector<double> joint(confident.begin(), confident.end());
  for (size_t given = 0; given < classes; ++given) {
    const std::span<double> row(&joint[given * classes], classes);
    double sum = 0;
    for (const double count : row) sum += count;
    for (double& count : row) count *= with_label[given] / sum;
  }
  return joint;
}

}  // namespace

Result<ConfidentLearning> confident_learning(std::span<const size_t> labels,
                                             std::span<const double> probabilities,
                                             size_t classes) {
  MILLGATE_TRY(check(labels, probabilities, classes));
  ConfidentLearning found;
  found.thresholds = thresholds_of(labels, probabilities, classes);
  found.confident.assign(classes * classes, 0);
  for (size_t row = 0; row < labels.size(); ++row) {
    const auto ours = probabilities.subspan(row * classes, classes);
    const auto seems = confident_class(ours, found.thresholds);
    if (!seems) continue;
    found.confident[labels[row] * classes + *seems] += 1;
    const size_t suggested = most_probable(ours);
    if (*seems == labels[row] || suggested == labels[row]) continue;
    found.issues.push_back({.row = row,
                            .given = labels[row],
                            .suggested = suggested,
                            .self_confidence = ours[labels[row]],
                            .probability = ours[suggested]});
  }
  for (size_t k = 0; k < classes; ++k) {
    int64_t& on_diagonal = found.confident[k * classes + k];
    on_diagonal = std::max<int64_t>(on_diagonal, 1);
  }
  found.joint = calibrated(found.confident, labels, classes);
  double wrong = 0;
  for (size_t i = 0; i < found.joint.size(); ++i) {
    if (i / classes != i % classes) wrong += found.joint[i];
  }
  if (!labels.empty()) found.wrong_share = wrong / static_cast<double>(labels.size());
  std::sort(found.issues.begin(), found.issues.end(), [](const LabelIssue& a, const LabelIssue& b) {
    return std::tie(a.self_confidence, a.row) < std::tie(b.self_confidence, b.row);
  });
  return found;
}

}  // namespace millgate
