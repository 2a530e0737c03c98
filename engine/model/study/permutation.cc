#include "model/study/permutation.h"

#include <numeric>

#include "ground/each_in_parallel.h"
#include "ground/random.h"

namespace millgate {

std::vector<size_t> permuted_rows(size_t rows, uint64_t seed, uint64_t repeat) {
  std::vector<size_t> order(rows);
  std::iota(order.begin(), order.end(), size_t{0});
  shuffle(order, Random::stream(seed, "permutation", repeat));
  return order;
}

std::vector<std::vector<double>> permuted_predictions(const Scorer& scorer,
                                                      const Examples& examples,
                                                      std::span<const size_t> columns, int repeats,
                                                      uint64_t seed) {
  const size_t width = scorer.feature_count();
  std::vector<std::vector<double>> predictions(static_cast<size_t>(repeats));
  each_in_parallel(predictions.size(), [&](size_t r) {
    const std::vector<size_t> order = permuted_rows(examples.rows(), seed, r);
    std::vector<double> features = examples.features;
    for (size_t row = 0; row < order.size(); ++row) {
      for (const size_t column : columns) {
        features[row * width + column] = examples.features[order[row] * width + column];
      }
    }
    predictions[r].resize(examples.rows());
    scorer.score(features, predictions[r]);
  });
  return predictions;
}

}  // namespace millgate
