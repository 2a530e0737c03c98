/// Evaluates the trees of a served model beside LightGBM's own evaluator, on the rows it served.
///
///   bench_trees PROJECT
///
/// One thread each; the same doubles in, 64 rows a call and one row a call. Prints nanoseconds a
/// row (medians of rounds that take turns), the ratio, and the largest difference of a score.
#include <LightGBM/c_api.h>
#include <arrow/table.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <iterator>

#include "data/store/repository.h"
#include "data/table/arrow_result.h"
#include "data/table/reader.h"
#include "ground/clock.h"
#include "model/artifact/manifest.h"
#include "model/artifact/model.h"
#include "model/release/model_name.h"

namespace millgate {

namespace {

constexpr size_t kRowsMax = 4096;
constexpr size_t kBatchRows = 64;
constexpr int kRounds = 11;

/// What both evaluators read.
struct Case {
  std::shared_ptr<const Model> model;
  std::string text;              ///< The trees in LightGBM's format.
  std::vector<double> features;  ///< Row-major.
  size_t width = 0;

  [[nodiscard]] size_t rows() const { return features.size() / width; }
};

/// Paths of the files of the prediction log.
std::vector<std::string> log_files(const Repository& repository) {
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(repository.folder("predictions"))) {
    if (entry.path().extension() == ".parquet") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Result<Case> read_case(const std::string& project) {
  MILLGATE_ASSIGN(const auto repository, Repository::open(project, system_clock()));
  MILLGATE_ASSIGN(const Id id, resolve_model(repository->ledger(), "serving"));
  Case one;
  MILLGATE_ASSIGN(one.model, Model::load(repository->objects(), id));
  MILLGATE_ASSIGN(const std::string bytes, repository->objects().get(id));
  MILLGATE_ASSIGN(const StoredManifest stored, read_manifest(bytes));
  MILLGATE_ASSIGN(one.text, repository->objects().get(stored.model));
  std::vector<std::string> paths = log_files(*repository);
  if (paths.empty()) return not_found("the prediction log is empty", "serve some rows before");
  paths.resize(1);
  MILLGATE_ASSIGN(const auto reader, read_table_files(paths, {}));
  MILLGATE_ARROW(const auto table, reader->ToTable(), paths.front());
  const auto part = table->Slice(0, static_cast<int64_t>(kRowsMax));
  MILLGATE_ASSIGN(const Block inputs, block_from(*part, one.model->features().inputs()));
  one.width = one.model->features().features().size();
  one.features.resize(inputs.rows * one.width);
  EvaluationScratch scratch;
  MILLGATE_TRY(one.model->features().evaluate(inputs, one.features, scratch));
  return one;
}

/// Predicts `rows` rows into `out`.
using Evaluate = std::function<void(const double* features, size_t rows, double* out)>;

/// Nanoseconds a row of all rows in calls of `batch` rows.
double time_pass(const Case& one, const Evaluate& evaluate, size_t batch, double* out) {
  const auto begin = std::chrono::steady_clock::now();
  for (size_t row = 0; row < one.rows(); row += batch) {
    const size_t rows = std::min(batch, one.rows() - row);
    evaluate(one.features.data() + row * one.width, rows, out + row);
  }
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / static_cast<double>(one.rows());
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + std::ssize(values) / 2, values.end());
  return values[values.size() / 2];
}

void compare(const Case& one, const Evaluate& own, const Evaluate& peer, size_t batch) {
  std::vector<double> own_times, peer_times;
  std::vector<double> own_scores(one.rows()), peer_scores(one.rows());
  for (int round = 0; round < kRounds; ++round) {
    own_times.push_back(time_pass(one, own, batch, own_scores.data()));
    peer_times.push_back(time_pass(one, peer, batch, peer_scores.data()));
  }
  double difference = 0;
  for (size_t i = 0; i < one.rows(); ++i) {
    difference = std::max(difference, std::abs(own_scores[i] - peer_scores[i]));
  }
  const double own_time = median(own_times), peer_time = median(peer_times);
  std::cout << "  " << batch << (batch == 1 ? " row" : " rows")
            << " a call: " << std::llround(own_time) << " ns a row, LightGBM "
            << std::llround(peer_time) << " ns: " << std::round(peer_time / own_time * 10) / 10
            << " times as fast; scores differ by at most " << difference << '\n';
}

#define MILLGATE_LIGHTGBM(call)                      \
  do {                                               \
    if ((call) != 0) {                               \
      std::cerr << "error: " << LGBM_GetLastError(); \
      std::exit(EXIT_FAILURE);                       \
    }                                                \
  } while (false)

void run(const Case& one) {
  std::cout << "trees: " << one.model->scorer().describe() << ", " << one.rows() << " rows\n";
  BoosterHandle booster = nullptr;
  int rounds = 0;
  MILLGATE_LIGHTGBM(LGBM_BoosterLoadModelFromString(one.text.c_str(), &rounds, &booster));
  const auto width = static_cast<int32_t>(one.width);
  FastConfigHandle fast = nullptr;
  MILLGATE_LIGHTGBM(LGBM_BoosterPredictForMatSingleRowFastInit(
      booster, C_API_PREDICT_NORMAL, 0, -1, C_API_DTYPE_FLOAT64, width, "num_threads=1", &fast));
  const Evaluate own = [&](const double* features, size_t rows, double* out) {
    one.model->scorer().score({features, rows * one.width}, {out, rows});
  };
  const Evaluate batch = [&](const double* features, size_t rows, double* out) {
    int64_t size = 0;
    MILLGATE_LIGHTGBM(LGBM_BoosterPredictForMat(
        booster, features, C_API_DTYPE_FLOAT64, static_cast<int32_t>(rows), width, 1,
        C_API_PREDICT_NORMAL, 0, -1, "num_threads=1", &size, out));
  };
  const Evaluate single = [&](const double* features, size_t, double* out) {
    int64_t size = 0;
    MILLGATE_LIGHTGBM(LGBM_BoosterPredictForMatSingleRowFast(fast, features, &size, out));
  };
  compare(one, own, batch, kBatchRows);
  compare(one, own, single, 1);
  LGBM_FastConfigFree(fast);
  LGBM_BoosterFree(booster);
}

#undef MILLGATE_LIGHTGBM

}  // namespace

}  // namespace millgate

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: bench_trees PROJECT\n";
    return 2;
  }
  const auto one = millgate::read_case(arguments[1]);
  if (!one.ok()) {
    std::cerr << "error: " << one.error().what << '\n';
    return EXIT_FAILURE;
  }
  millgate::run(*one);
  return EXIT_SUCCESS;
}
