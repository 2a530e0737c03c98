#include "model/learn/member_folds.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "model/learn/out_of_fold.h"

namespace millgate {

namespace {

/// What a row is parted by: of a ranking the newest times of its query, as in split_rows.
struct RowTimes {
  std::vector<int64_t> time, label_known;  ///< One for each row of `split.train`.
};

RowTimes times_of(const TrainingRows& rows, const Split& split) {
  RowTimes times;
  times.time.reserve(split.train.size());
  times.label_known.reserve(split.train.size());
  std::map<uint32_t, std::pair<int64_t, int64_t>> newest;
  for (const int64_t row : split.train) {
    const auto at = static_cast<size_t>(row);
    times.time.push_back(rows.times[at]);
    times.label_known.push_back(rows.label_known[at]);
    if (rows.query.empty()) continue;
    auto& [time, known] =
        newest.emplace(rows.query[at], std::pair(rows.times[at], rows.label_known[at]))
            .first->second;
    time = std::max(time, rows.times[at]);
    known = std::max(known, rows.label_known[at]);
  }
  for (size_t i = 0; i < split.train.size() && !rows.query.empty(); ++i) {
    const auto& [time, known] = newest.at(rows.query[static_cast<size_t>(split.train[i])]);
    times.time[i] = time;
    times.label_known[i] = known;
  }
  return times;
}

std::vector<Split> folds_by_time(const TrainingRows& rows, const Split& split, int folds) {
  const RowTimes times = times_of(rows, split);
  std::vector<int64_t> sorted = times.time;
  std::sort(sorted.begin(), sorted.end());
  // The last moment of each window; two windows more than folds, since the first only teaches and
  // the second only chooses.
  const auto windows = static_cast<size_t>(folds) + 2;
  std::vector<int64_t> ends;
  ends.reserve(windows);
  for (size_t window = 1; window < windows; ++window) {
    ends.push_back(sorted[std::max<size_t>(window * sorted.size() / windows, 1) - 1]);
  }
  ends.push_back(std::numeric_limits<int64_t>::max());
  std::vector<Split> all;
  all.reserve(static_cast<size_t>(folds));
  for (size_t fold = 0; fold + 2 < windows; ++fold) {
    Split one;
    for (size_t i = 0; i < times.time.size(); ++i) {
      const int64_t time = times.time[i];
      const int64_t known = times.label_known[i];
      if (time <= ends[fold]) {
        if (known <= ends[fold]) one.train.push_back(split.train[i]);
      } else if (time <= ends[fold + 1]) {
        if (known <= ends[fold + 1]) one.valid.push_back(split.train[i]);
      } else if (time <= ends[fold + 2]) {
        one.test.push_back(split.train[i]);
      }
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<Split> folds_by_random(const TrainingRows& rows, const Split& split, int folds,
                                   bool by_class, uint64_t seed) {
  std::vector<Split> all;
  all.reserve(static_cast<size_t>(folds));
  const std::vector<uint32_t> query = rows.query_of(split.train);
  // What is dealt: rows, or whole queries, which have no label of their own.
  std::map<uint32_t, size_t> number_of;
  for (const uint32_t one : query) number_of.emplace(one, number_of.size());
  std::vector<double> labels(number_of.size(), 0);
  for (size_t i = 0; i < split.train.size() && query.empty(); ++i) {
    labels.push_back(rows.labels[static_cast<size_t>(split.train[i])]);
  }
  const std::vector<int> fold_of = deal_folds(labels, by_class && query.empty(), folds, seed);
  for (int fold = 0; fold < folds; ++fold) {
    Split one;
    for (size_t i = 0; i < split.train.size(); ++i) {
      const int own = fold_of[query.empty() ? i : number_of.at(query[i])];
      auto& part = own == fold ? one.test : own == (fold + 1) % folds ? one.valid : one.train;
      part.push_back(split.train[i]);
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

Result<std::vector<Split>> member_folds(const TrainingRows& rows, const Split& split,
                                        const TrainSettings& settings, TaskKind kind) {
  const int folds = settings.ensemble.folds;
  std::vector<Split> all =
      settings.split_by == "random"
          ? folds_by_random(rows, split, folds, has_classes(kind), settings.seed)
          : folds_by_time(rows, split, folds);
  for (size_t fold = 0; fold < all.size(); ++fold) {
    const Split& one = all[fold];
    if (!one.train.empty() && !one.valid.empty() && !one.test.empty()) continue;
    return invalid_input("fold " + std::to_string(fold + 1) + " of " + std::to_string(folds) +
                             " of the ensemble's training rows has " +
                             std::to_string(one.train.size()) + " rows to learn from, " +
                             std::to_string(one.valid.size()) + " to choose by and " +
                             std::to_string(one.test.size()) + " to predict",
                         "lower `folds` in [train], or commit more data");
  }
  return all;
}

Result<FoldPredictions> predict_folds(const TrainRequest& request, const TrainingRows& rows,
                                      const Split& split) {
  const std::vector<EnsembleMember>& members = request.settings.ensemble.members;
  MILLGATE_ASSIGN(const std::vector<Split> folds,
                  member_folds(rows, split, request.settings, request.task.kind));
  std::map<int64_t, size_t> place;  // Of a row among the training rows.
  for (size_t i = 0; i < split.train.size(); ++i) place[split.train[i]] = i;
  FoldPredictions told;
  told.members.resize(members.size());
  for (size_t fold = 0; fold < folds.size(); ++fold) {
    const std::string where =
        "fold " + std::to_string(fold + 1) + " of " + std::to_string(folds.size());
    auto prepared = prepare_rows(request, rows, folds[fold]);
    if (!prepared)
      return std::move(prepared).error().inside("the ensemble has no features, " + where);
    for (const int64_t row : folds[fold].test) told.rows.push_back(place.at(row));
    for (size_t m = 0; m < members.size(); ++m) {
      LearnerInput input = learner_input(request.task, *prepared, members[m].settings);
      input.keep_record = request.keep_record;
      input.threads = request.threads;
      auto fitted = fit_learner(input);
      if (!fitted) {
        return std::move(fitted).error().inside("member `" + members[m].name +
                                                "` cannot be trained, " + where);
      }
      const std::vector<double> said = predictions_of(*fitted, prepared->test);
      told.members[m].insert(told.members[m].end(), said.begin(), said.end());
    }
  }
  return told;
}

}  // namespace millgate
