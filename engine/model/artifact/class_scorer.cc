#include "model/artifact/class_scorer.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace millgate {
namespace {

void softmax(std::span<double> scores) {
  const double most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& one : scores) {
    one = std::exp(one - most);
    sum += one;
  }
  for (double& one : scores) one /= sum;
}

void single_softmax(std::span<double> scores) {
  const auto most = static_cast<float>(*std::max_element(scores.begin(), scores.end()));
  double sum = 0;
  for (double& one : scores) {
    const float score = std::exp(static_cast<float>(one) - most);
    one = score;
    sum += score;
  }
  for (double& one : scores) one = static_cast<float>(one) / static_cast<float>(sum);
}

void share(std::span<double> scores) {
  // So that a row that no class wants at all still has probabilities.
  constexpr double kLeast = std::numeric_limits<double>::min();
  double sum = 0;
  for (double& one : scores) {
    one = std::max(one, kLeast);
    sum += one;
  }
  for (double& one : scores) one /= sum;
}

class ClassScorer final : public Scorer {
 public:
  explicit ClassScorer(ClassScorerParts parts) : parts_(std::move(parts)) {
    assert(parts_.classes.size() >= 3);
  }

  [[nodiscard]] size_t feature_count() const override {
    return parts_.classes.front()->feature_count();
  }
  [[nodiscard]] size_t output_count() const override { return parts_.classes.size(); }

  void score(std::span<const double> features, std::span<double> out) const override {
    const size_t classes = output_count();
    const size_t rows = out.size() / classes;
    assert(out.size() == rows * classes && features.size() == rows * feature_count());
    // A class's scores of a few rows at a time, on the stack: nothing is allocated here.
    constexpr size_t kRows = 64;
    double one_class[kRows];
    for (size_t first = 0; first < rows; first += kRows) {
      const size_t count = std::min(kRows, rows - first);
      const auto block = features.subspan(first * feature_count(), count * feature_count());
      for (size_t k = 0; k < classes; ++k) {
        parts_.classes[k]->score(block, std::span(one_class, count));
        for (size_t i = 0; i < count; ++i) out[(first + i) * classes + k] = one_class[i];
      }
      for (size_t i = 0; i < count; ++i) {
        const auto row = out.subspan((first + i) * classes, classes);
        make_probabilities(row);
      }
    }
  }

  [[nodiscard]] std::vector<double> importance() const override { return parts_.importance; }
  [[nodiscard]] std::string describe() const override { return parts_.description; }

 private:
  void make_probabilities(std::span<double> scores) const {
    switch (parts_.output) {
      case ClassOutput::softmax:
        return softmax(scores);
      case ClassOutput::single_softmax:
        return single_softmax(scores);
      case ClassOutput::share:
        return share(scores);
    }
  }

  ClassScorerParts parts_;
};

}  // namespace

std::shared_ptr<const Scorer> make_class_scorer(ClassScorerParts parts) {
  return std::make_shared<ClassScorer>(std::move(parts));
}

}  // namespace millgate
