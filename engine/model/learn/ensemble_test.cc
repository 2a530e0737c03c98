#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "ground/file_store.h"
#include "model/artifact/combination.h"
#include "model/learn/made_rows.h"
#include "model/learn/member_folds.h"

namespace millgate {
namespace {

constexpr int64_t kDay = 86'400'000'000;

/// 1200 rows, four a day, whose labels are known two days later; `query` as in TrainingRows.
TrainingRows rows_of_days() {
  const Examples examples = made_examples(0, 1200);
  TrainingRows rows;
  rows.labels = examples.labels;
  for (int64_t i = 0; i < 1200; ++i) {
    rows.times.push_back(i / 4 * kDay);
    rows.has_time.push_back(1);
    rows.label_known.push_back(rows.times.back() + 2 * kDay);
  }
  return rows;
}

Split split_of(int64_t train_end) {
  Split split;
  for (int64_t i = 0; i < 1200; ++i) (i < train_end ? split.train : split.test).push_back(i);
  return split;
}

TrainSettings settings_of(const std::string& by, int folds) {
  TrainSettings settings;
  settings.split_by = by;
  settings.ensemble.folds = folds;
  return settings;
}

std::set<int64_t> all_of(const Split& split) {
  std::set<int64_t> all(split.train.begin(), split.train.end());
  all.insert(split.valid.begin(), split.valid.end());
  all.insert(split.test.begin(), split.test.end());
  EXPECT_EQ(all.size(), split.train.size() + split.valid.size() + split.test.size());
  return all;
}

TEST(MemberFolds, ByTimeKnowNothingThatWasNotKnownThen) {
  const TrainingRows rows = rows_of_days();
  const auto folds = member_folds(rows, split_of(900), settings_of("time", 5), TaskKind::binary);
  ASSERT_TRUE(folds.ok());
  ASSERT_EQ(folds->size(), 5U);
  std::set<int64_t> predicted;
  for (const Split& fold : *folds) {
    EXPECT_LT(*all_of(fold).rbegin(), 900) << "a row that no member may see";
    const auto begin_of = [&](const std::vector<int64_t>& part) {
      int64_t first = std::numeric_limits<int64_t>::max();
      for (const int64_t row : part) first = std::min(first, rows.times[static_cast<size_t>(row)]);
      return first;
    };
    for (const int64_t row : fold.train) {
      EXPECT_LT(rows.label_known[static_cast<size_t>(row)], begin_of(fold.valid));
    }
    for (const int64_t row : fold.valid) {
      EXPECT_LT(rows.label_known[static_cast<size_t>(row)], begin_of(fold.test));
    }
    for (const int64_t row : fold.test) EXPECT_TRUE(predicted.insert(row).second);
  }
  // All but the two oldest of seven windows.
  EXPECT_EQ(*predicted.rbegin(), 899);
  EXPECT_NEAR(static_cast<double>(predicted.size()), 900.0 * 5 / 7, 8);
}

TEST(MemberFolds, ByRandomPredictEachRowOnce) {
  const auto folds =
      member_folds(rows_of_days(), split_of(900), settings_of("random", 4), TaskKind::binary);
  ASSERT_TRUE(folds.ok());
  std::set<int64_t> predicted;
  for (const Split& fold : *folds) {
    EXPECT_EQ(all_of(fold).size(), 900U);
    EXPECT_LT(*all_of(fold).rbegin(), 900);
    predicted.insert(fold.test.begin(), fold.test.end());
  }
  EXPECT_EQ(predicted.size(), 900U);
}

TEST(MemberFolds, NoQueryIsCut) {
  TrainingRows rows = rows_of_days();
  // Queries of three rows lie across the ends of days.
  for (uint32_t i = 0; i < 1200; ++i) rows.query.push_back(i / 3);
  for (const char* by : {"time", "random"}) {
    const auto folds = member_folds(rows, split_of(900), settings_of(by, 4), TaskKind::ranking);
    ASSERT_TRUE(folds.ok()) << by;
    for (const Split& fold : *folds) {
      std::set<uint32_t> seen;
      for (const auto* part : {&fold.train, &fold.valid, &fold.test}) {
        std::set<uint32_t> own;
        for (const int64_t row : *part) own.insert(rows.query[static_cast<size_t>(row)]);
        for (const uint32_t one : own) EXPECT_TRUE(seen.insert(one).second) << by;
      }
    }
  }
}

TEST(MemberFolds, TooFewRowsAreAnErrorWithFigures) {
  const auto folds =
      member_folds(rows_of_days(), split_of(8), settings_of("time", 5), TaskKind::binary);
  ASSERT_FALSE(folds.ok());
  EXPECT_NE(folds.error().what.find("fold 1 of 5"), std::string::npos) << folds.error().what;
  EXPECT_NE(folds.error().hint.find("lower `folds`"), std::string::npos);
}

/// Labels by chance, and a group a row or two by which they could be learned by heart.
TrainRequest request_by_chance(const std::string& by) {
  std::vector<double> labels;
  std::vector<std::string> group;
  std::vector<int64_t> times;
  for (int64_t i = 0; i < 1500; ++i) {
    labels.push_back(made(i, 9) < 0.5 ? 1 : 0);
    group.push_back("g" + std::to_string(static_cast<int>(made(i, 8) * 500)));
    times.push_back(i * kDay);
  }
  TrainRequest request;
  request.joined =
      made_table({texts_column("group", group), numbers_column("label", labels),
                  times_column("row_time", times), times_column("label_known", times)});
  request.task.table = "rows";
  request.task.label = "outcome > 0.5";
  request.features = {{"group", "category(\"group\")"}, {"seen", "target_mean(\"group\")"}};
  request.settings = settings_of(by, 3);
  request.settings.learner = "ensemble";
  request.settings.ensemble.combine = "stack";
  for (const char* learner : {"gbdt", "linear"}) {
    EnsembleMember member;
    member.name = learner;
    member.settings.learner = learner;
    member.settings.rounds_max = 20;
    member.settings.early_stopping_rounds = 20;
    request.settings.ensemble.members.push_back(std::move(member));
  }
  return request;
}

TEST(PredictFolds, NoMemberHasSeenTheLabelThatItPredicts) {
  for (const char* by : {"time", "random"}) {
    const TrainRequest request = request_by_chance(by);
    const auto rows = read_training_rows(*request.joined);
    ASSERT_TRUE(rows.ok());
    const auto split = split_rows(*request.joined, request.settings);
    ASSERT_TRUE(split.ok());
    const auto told = predict_folds(request, *rows, *split);
    ASSERT_TRUE(told.ok()) << told.error().what;
    for (const std::vector<double>& said : told->members) {
      ASSERT_EQ(said.size(), told->rows.size());
      double together = 0, said_squares = 0, label_squares = 0, mean = 0;
      for (const double one : said) mean += one / static_cast<double>(said.size());
      for (size_t i = 0; i < said.size(); ++i) {
        const auto row = static_cast<size_t>(split->train[told->rows[i]]);
        const double label = rows->labels[row] - 0.5;
        together += (said[i] - mean) * label;
        said_squares += (said[i] - mean) * (said[i] - mean);
        label_squares += label * label;
      }
      // Of about 700 rows a correlation by chance is below 0.15; of members that saw them 0.5.
      const double size = std::sqrt(said_squares * label_squares);
      EXPECT_LT(size > 0 ? std::abs(together) / size : 0, 0.15) << by;
    }
  }
}

/// Rows of `made_examples` for members without folds.
struct Fitting {
  Examples train = made_examples(0, 800), valid = made_examples(800, 1200);
  TrainSettings settings;
  LearnerInput input() {
    return {.kind = TaskKind::binary,
            .feature_names = {"a", "b", "c", "d"},
            .is_category = {false, false, false, true},
            .train = &train,
            .valid = &valid,
            .settings = &settings,
            .progress = {}};
  }
  Fitting(const std::string& combine, const std::vector<std::string>& learners) {
    settings.learner = "ensemble";
    settings.ensemble.combine = combine;
    for (const std::string& learner : learners) {
      EnsembleMember member;
      member.name = learner + std::to_string(settings.ensemble.members.size());
      member.settings.learner = learner;
      member.settings.rounds_max = 30;
      settings.ensemble.members.push_back(std::move(member));
    }
  }
};

TEST(Ensemble, GreedyIsNeverWorseThanItsBestMemberOnTheRowsItChoosesBy) {
  Fitting fitting("greedy", {"linear", "constant", "gbdt"});
  const auto fitted = fit_ensemble(fitting.input());
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  ASSERT_EQ(fitted->members.size(), 3U);
  double total = 0;
  for (const FittedMember& member : fitted->members) {
    EXPECT_LE(fitted->valid_loss.front(), member.valid_loss);
    total += *member.weight;
  }
  EXPECT_NEAR(total, 1, 1e-12);
}

TEST(Ensemble, TheMeanOfOneModelTwiceIsThatModel) {
  Fitting fitting("average", {"gbdt", "gbdt"});
  const auto fitted = fit_ensemble(fitting.input());
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  std::vector<double> whole(fitting.valid.rows()), alone(fitting.valid.rows());
  fitted->scorer->score(fitting.valid.features, whole);
  fitted->members[0].scorer->score(fitting.valid.features, alone);
  EXPECT_EQ(whole, alone);
  EXPECT_EQ(fitted->members[0].hash, fitted->members[1].hash);
}

TEST(Ensemble, ClassesStayProbabilities) {
  for (const char* combine : {"average", "stack", "greedy"}) {
    Fitting fitting(combine, {"linear", "gbdt"});
    for (auto* part : {&fitting.train, &fitting.valid}) {
      for (size_t i = 0; i < part->rows(); ++i) {
        part->labels[i] = static_cast<double>(static_cast<int>(part->features[i * 4 + 3]) % 3);
      }
    }
    LearnerInput input = fitting.input();
    input.kind = TaskKind::multiclass;
    input.classes = {"x", "y", "z"};
    const auto fitted = fit_ensemble(input);
    ASSERT_TRUE(fitted.ok()) << combine << fitted.error().what;
    std::vector<double> said(fitting.valid.rows() * 3);
    fitted->scorer->score(fitting.valid.features, said);
    for (size_t row = 0; row < fitting.valid.rows(); ++row) {
      EXPECT_NEAR(said[row * 3] + said[row * 3 + 1] + said[row * 3 + 2], 1, 1e-12);
      const auto label = static_cast<size_t>(fitting.valid.labels[row]);
      EXPECT_GT(said[row * 3 + label], 1.0 / 3) << combine;
    }
  }
}

TEST(Ensemble, RankingsHaveNoMean) {
  Fitting fitting("average", {"gbdt", "linear"});
  LearnerInput input = fitting.input();
  input.kind = TaskKind::ranking;
  const auto fitted = fit_ensemble(input);
  ASSERT_FALSE(fitted.ok());
  EXPECT_NE(fitted.error().hint.find("stack"), std::string::npos);
}

}  // namespace
}  // namespace millgate
