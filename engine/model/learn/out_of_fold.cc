#include "model/learn/out_of_fold.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "ground/random.h"
#include "model/learn/attempt.h"

namespace millgate {

namespace {

Split split_for(const std::vector<int>& fold_of, int fold, int folds) {
  Split split;
  for (size_t row = 0; row < fold_of.size(); ++row) {
    const int own = fold_of[row];
    if (own < 0) continue;
    const auto number = static_cast<int64_t>(row);
    if (own == fold) {
      split.test.push_back(number);
    } else if (own == (fold + 1) % folds) {
      split.valid.push_back(number);
    } else {
      split.train.push_back(number);
    }
  }
  return split;
}

}  // namespace

std::vector<int> deal_folds(const std::vector<double>& labels, bool by_class, int folds,
                            uint64_t seed) {
  std::map<double, std::vector<size_t>> classes;
  for (size_t row = 0; row < labels.size(); ++row) {
    if (!std::isnan(labels[row])) classes[by_class ? labels[row] : 0].push_back(row);
  }
  std::vector<int> fold_of(labels.size(), -1);
  int next = 0;
  uint64_t number = 0;
  for (auto& [label, rows] : classes) {
    shuffle(rows, Random::stream(seed, "folds", number++));
    for (const size_t row : rows) fold_of[row] = next++ % folds;
  }
  return fold_of;
}

Result<std::vector<double>> out_of_fold_predictions(const TrainRequest& request,
                                                    const std::vector<int>& fold_of) {
  const int folds = fold_of.empty() ? 0 : *std::max_element(fold_of.begin(), fold_of.end()) + 1;
  if (folds < kFoldsMin) {
    return invalid_input("out-of-fold predictions need " + std::to_string(kFoldsMin) +
                         " folds of labelled rows, there are " + std::to_string(folds));
  }
  MILLGATE_ASSIGN(const TrainingRows rows, read_training_rows(*request.joined));
  std::vector<double> predictions(fold_of.size(), std::numeric_limits<double>::quiet_NaN());
  for (int fold = 0; fold < folds; ++fold) {
    const Split split = split_for(fold_of, fold, folds);
    if (split.test.empty() || split.valid.empty() || split.train.empty()) {
      return invalid_input("fold " + std::to_string(fold + 1) + " of " + std::to_string(folds) +
                           " has no rows");
    }
    MILLGATE_ASSIGN(const Attempt made, attempt(request, rows, split, [&](double share) {
                      if (!request.progress) return;
                      request.progress("fold", (fold + share) / folds);
                    }));
    const std::vector<double> of_fold = predictions_of(made.fitted, made.test);
    for (size_t i = 0; i < of_fold.size(); ++i) {
      predictions[static_cast<size_t>(split.test[i])] = of_fold[i];
    }
  }
  return predictions;
}

}  // namespace millgate
