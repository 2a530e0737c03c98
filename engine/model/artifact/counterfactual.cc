#include "model/artifact/counterfactual.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace millgate {
namespace {

/// Candidates that are a change at all, and how far each is.
struct Option {
  double value = 0;
  double distance = 0;
};

std::vector<Option> options_of(const CounterfactualQuestion& question, size_t feature) {
  const double from = question.row[feature];
  const double scale = question.scale[feature];
  std::vector<Option> options;
  for (const double value : question.candidates[feature]) {
    if (value == from || (std::isnan(value) && std::isnan(from))) continue;
    const bool is_measured = scale > 0 && std::isfinite(value) && std::isfinite(from);
    options.push_back({value, is_measured ? std::abs(value - from) / scale : 1.0});
  }
  return options;
}

/// Asks about all combinations at once and keeps the nearest that reaches it.
class Trials {
 public:
  explicit Trials(const CounterfactualQuestion& question) : question_(question) {}

  void add(std::vector<FeatureChange> changes, double distance) {
    rows_.insert(rows_.end(), question_.row.begin(), question_.row.end());
    for (const FeatureChange& change : changes) {
      rows_[rows_.size() - question_.row.size() + change.feature] = change.value;
    }
    tried_.push_back({.changes = std::move(changes), .distance = distance, .prediction = 0});
  }

  [[nodiscard]] std::optional<Counterfactual> nearest() {
    std::vector<double> told(tried_.size());
    question_.predict(rows_, told);
    std::optional<Counterfactual> best;
    for (size_t i = 0; i < tried_.size(); ++i) {
      if (!question_.is_reached(told[i])) continue;
      if (best && best->distance <= tried_[i].distance) continue;
      best = tried_[i];
      best->prediction = told[i];
    }
    return best;
  }

 private:
  const CounterfactualQuestion& question_;
  std::vector<double> rows_;
  std::vector<Counterfactual> tried_;
};

void sort_by_distance(std::vector<Counterfactual>& found) {
  std::stable_sort(
      found.begin(), found.end(),
      [](const Counterfactual& a, const Counterfactual& b) { return a.distance < b.distance; });
}

}  // namespace

std::vector<Counterfactual> find_counterfactuals(const CounterfactualQuestion& question) {
  const size_t width = question.row.size();
  std::vector<std::vector<Option>> options;
  options.reserve(width);
  for (size_t feature = 0; feature < width; ++feature) {
    options.push_back(options_of(question, feature));
  }
  std::vector<Counterfactual> found;
  std::vector<size_t> open;  // Features that do not reach it alone.
  for (size_t feature = 0; feature < width; ++feature) {
    Trials trials(question);
    for (const Option& one : options[feature]) trials.add({{feature, one.value}}, one.distance);
    if (const auto nearest = trials.nearest()) {
      found.push_back(*nearest);
    } else {
      open.push_back(feature);
    }
  }
  sort_by_distance(found);
  std::vector<Counterfactual> pairs;
  for (size_t i = 0; i < open.size(); ++i) {
    for (size_t j = i + 1; j < open.size(); ++j) {
      Trials trials(question);
      for (const Option& one : options[open[i]]) {
        for (const Option& other : options[open[j]]) {
          trials.add({{open[i], one.value}, {open[j], other.value}}, one.distance + other.distance);
        }
      }
      if (const auto nearest = trials.nearest()) pairs.push_back(*nearest);
    }
  }
  sort_by_distance(pairs);
  found.insert(found.end(), pairs.begin(), pairs.end());
  return found;
}

}  // namespace millgate
