#include "model/study/permutation.h"

#include <atomic>
#include <numeric>
#include <thread>

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
  std::atomic<size_t> next{0};
  const auto work = [&] {
    std::vector<double> features;
    for (size_t r = next++; r < predictions.size(); r = next++) {
      const std::vector<size_t> order = permuted_rows(examples.rows(), seed, r);
      features = examples.features;
      for (size_t row = 0; row < order.size(); ++row) {
        for (const size_t column : columns) {
          features[row * width + column] = examples.features[order[row] * width + column];
        }
      }
      predictions[r].resize(examples.rows());
      scorer.score(features, predictions[r]);
    }
  };
  std::vector<std::jthread> helpers;
  for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) helpers.emplace_back(work);
  work();
  helpers.clear();
  return predictions;
}

}  // namespace millgate
