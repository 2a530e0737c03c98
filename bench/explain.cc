// Exact contributions of features, beside LightGBM's own pred_contrib: 10,000 rows, 200 trees of 31
// leaves, one thread each, in turns.
#include <LightGBM/c_api.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "ground/random.h"
#include "model/artifact/ensemble.h"
#include "model/artifact/explainer.h"

namespace millgate {
namespace {

constexpr int32_t kRows = 10'000;
constexpr int32_t kColumns = 20;
constexpr int kTrees = 200;
constexpr int kRounds = 5;

void check(int code) {
  if (code == 0) return;
  std::cerr << "error: LightGBM: " << LGBM_GetLastError() << '\n';
  std::exit(EXIT_FAILURE);
}

/// Twenty columns: numbers, some missing, and two of categories.
std::vector<double> made_rows() {
  Random random(1);
  std::vector<double> rows;
  rows.reserve(static_cast<size_t>(kRows) * kColumns);
  for (int32_t row = 0; row < kRows; ++row) {
    for (int32_t column = 0; column < kColumns; ++column) {
      const bool category = column >= kColumns - 2;
      const double value = category ? static_cast<double>(random.below(40)) : random.normal();
      rows.push_back(!category && random.below(20) == 0 ? NAN : value);
    }
  }
  return rows;
}

BoosterHandle train(const std::vector<double>& rows, DatasetHandle& dataset) {
  Random random(2);
  std::vector<float> labels;
  for (int32_t row = 0; row < kRows; ++row) {
    const double* const x = rows.data() + static_cast<ptrdiff_t>(row) * kColumns;
    double score = std::fmod(x[kColumns - 1], 5) - 2 + random.normal();
    for (int32_t column = 0; column < kColumns - 2; ++column) {
      if (!std::isnan(x[column])) score += x[column] * x[(column + 1) % 3] / (1 + column);
    }
    labels.push_back(score > 0 ? 1 : 0);
  }
  const char* parameters =
      "objective=binary num_leaves=31 categorical_feature=18,19 deterministic=true "
      "force_row_wise=true num_threads=1 seed=1 verbosity=-1";
  check(LGBM_DatasetCreateFromMat(rows.data(), C_API_DTYPE_FLOAT64, kRows, kColumns, 1, parameters,
                                  nullptr, &dataset));
  check(LGBM_DatasetSetField(dataset, "label", labels.data(), kRows, C_API_DTYPE_FLOAT32));
  BoosterHandle booster = nullptr;
  check(LGBM_BoosterCreate(dataset, parameters, &booster));
  for (int round = 0, finished = 0; round < kTrees && finished == 0; ++round) {
    check(LGBM_BoosterUpdateOneIter(booster, &finished));
  }
  return booster;
}

std::string text_of(BoosterHandle booster) {
  int64_t size = 0;
  check(LGBM_BoosterSaveModelToString(booster, 0, -1, C_API_FEATURE_IMPORTANCE_GAIN, 0, &size,
                                      nullptr));
  std::string text(static_cast<size_t>(size), '\0');
  check(LGBM_BoosterSaveModelToString(booster, 0, -1, C_API_FEATURE_IMPORTANCE_GAIN, size, &size,
                                      text.data()));
  text.pop_back();  // The terminating zero.
  return text;
}

template <typename Work>
double seconds_of(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + std::ssize(values) / 2, values.end());
  return values[values.size() / 2];
}

int run() {
  const std::vector<double> rows = made_rows();
  DatasetHandle dataset = nullptr;
  BoosterHandle booster = train(rows, dataset);
  const std::string text = text_of(booster);
  std::vector<double> own(rows.size());
  std::vector<double> peer(static_cast<size_t>(kRows) * (kColumns + 1));
  std::vector<double> own_seconds, load_seconds, peer_seconds;
  double base = 0;
  for (int round = 0; round < kRounds; ++round) {
    load_seconds.push_back(seconds_of([&] { (void)load_explainer("lightgbm", text); }));
    const auto explainer = load_explainer("lightgbm", text);
    if (!explainer.ok()) {
      std::cerr << "error: " << explainer.error().what << '\n';
      return EXIT_FAILURE;
    }
    base = (*explainer)->base_value();
    own_seconds.push_back(seconds_of([&] { (*explainer)->explain(rows, own); }));
    peer_seconds.push_back(seconds_of([&] {
      int64_t size = 0;
      check(LGBM_BoosterPredictForMat(booster, rows.data(), C_API_DTYPE_FLOAT64, kRows, kColumns, 1,
                                      C_API_PREDICT_CONTRIB, 0, -1, "num_threads=1", &size,
                                      peer.data()));
    }));
  }
  double difference = 0;
  for (size_t row = 0; row < static_cast<size_t>(kRows); ++row) {
    difference = std::max(difference, std::abs(base - peer[row * (kColumns + 1) + kColumns]));
    for (size_t i = 0; i < kColumns; ++i) {
      difference =
          std::max(difference, std::abs(own[row * kColumns + i] - peer[row * (kColumns + 1) + i]));
    }
  }
  const auto scorer = load_lightgbm_text(text);
  std::cout << (*scorer)->describe() << ", " << kRows << " rows of " << kColumns
            << " features, one thread, medians of " << kRounds << '\n'
            << "  millgate:              " << median(own_seconds) << " s (and "
            << median(load_seconds) << " s to read the model and make its tables)\n"
            << "  LightGBM pred_contrib: " << median(peer_seconds)
            << " s: " << std::round(median(peer_seconds) / median(own_seconds) * 10) / 10
            << " times as long\n"
            << "  contributions differ by at most " << difference << '\n';
  LGBM_BoosterFree(booster);
  LGBM_DatasetFree(dataset);
  return difference < 1e-9 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace millgate

int main() { return millgate::run(); }
