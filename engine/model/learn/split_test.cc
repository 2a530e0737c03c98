#include "model/learn/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "model/learn/made_rows.h"

namespace millgate {
namespace {

constexpr int64_t kHour = 3'600'000'000;
constexpr int64_t kDay = 24 * kHour;

/// `rows` rows an hour apart, whose labels are known `delay` later; every tenth has no label.
std::shared_ptr<arrow::Table> hourly(int64_t rows, int64_t delay) {
  std::vector<double> labels;
  std::vector<bool> labelled;
  std::vector<int64_t> times, known;
  for (int64_t i = 0; i < rows; ++i) {
    labels.push_back(static_cast<double>(i % 3 == 0));
    labelled.push_back(i % 10 != 9);
    times.push_back(i * kHour);
    known.push_back(i * kHour + delay);
  }
  return made_table({numbers_column(kLabelColumn, labels, labelled),
                     times_column(kRowTimeColumn, times), times_column(kLabelKnownColumn, known)});
}

TrainSettings windows(int64_t valid, int64_t test) {
  TrainSettings settings;
  settings.valid_micros = valid;
  settings.test_micros = test;
  return settings;
}

TEST(SplitByTime, GivesTheNewestWindowsToTestAndValid) {
  const auto split = split_rows(*hourly(1000, 0), windows(2 * kDay, 3 * kDay));
  ASSERT_TRUE(split.ok()) << split.error().what;
  // Row 999 has no label, so 998 is the newest that counts; windows hold their end, not their
  // begin. Counted by hand: 998 - 72 = 926, 926 - 48 = 878.
  EXPECT_EQ(split->test_begin_micros, 926 * kHour);
  EXPECT_EQ(split->train_end_micros, 878 * kHour);
  EXPECT_EQ(split->test.front(), 927);
  EXPECT_EQ(split->test.back(), 998);
  EXPECT_EQ(split->valid.front(), 880);  // 879 has no label.
  EXPECT_EQ(split->valid.back(), 926);
  EXPECT_EQ(split->train.front(), 0);
  EXPECT_EQ(split->train.back(), 878);
  EXPECT_EQ(split->left_out_unlabelled, 100);
  EXPECT_EQ(split->left_out_label_late, 0);
  EXPECT_EQ(split->train.size() + split->valid.size() + split->test.size(), 900U);
}

TEST(SplitByTime, LeavesOutLabelsThatNobodyCouldHaveKnown) {
  const auto split = split_rows(*hourly(1000, kDay), windows(2 * kDay, 3 * kDay));
  ASSERT_TRUE(split.ok()) << split.error().what;
  for (const int64_t row : split->train) {
    EXPECT_LE(row * kHour + kDay, split->train_end_micros) << row;
  }
  for (const int64_t row : split->valid) {
    EXPECT_LE(row * kHour + kDay, split->test_begin_micros) << row;
  }
  // Known exactly when the next window begins is in time.
  EXPECT_EQ(split->train.back(), 854);
  EXPECT_EQ(split->valid.back(), 902);
  // Rows 855 to 878 and 903 to 926, without 859, 869, 909 and 919.
  EXPECT_EQ(split->left_out_label_late, 44);
}

TEST(SplitByTime, TheNewestValidRowsCalibrateAndOnlyThat) {
  TrainSettings settings = windows(2 * kDay, 3 * kDay);
  const auto without = split_rows(*hourly(1000, 0), settings);
  settings.calibrate = CalibrationMethod::platt;
  settings.calibrate_share = 0.25;
  const auto split = split_rows(*hourly(1000, 0), settings);
  ASSERT_TRUE(without.ok());
  ASSERT_TRUE(split.ok()) << split.error().what;
  EXPECT_TRUE(without->calibration.empty());
  EXPECT_EQ(split->train, without->train);
  EXPECT_EQ(split->test, without->test);
  // Of the 43 labelled rows 880 to 926 (879, 889, 899, 909 and 919 have no label), floor(0.75 * 43)
  // are valid.
  EXPECT_EQ(split->valid.size(), 32U);
  EXPECT_EQ(split->calibration.size(), 11U);
  EXPECT_LT(split->valid.back(), split->calibration.front());
  std::vector<int64_t> both = split->valid;
  both.insert(both.end(), split->calibration.begin(), split->calibration.end());
  EXPECT_EQ(both, without->valid);
}

TEST(SplitByTime, ValidLabelsAreKnownWhenCalibrationBegins) {
  TrainSettings settings = windows(4 * kDay, 3 * kDay);
  settings.uncertainty = UncertaintySettings{};
  const auto split = split_rows(*hourly(1000, 12 * kHour), settings);
  ASSERT_TRUE(split.ok()) << split.error().what;
  ASSERT_FALSE(split->valid.empty());
  EXPECT_LE(split->valid.back() + 12, split->calibration.front());
  EXPECT_LE(split->calibration.back() + 12, 926);
}

TEST(SplitByRandom, CalibrationRowsComeFromTheValidRows) {
  TrainSettings settings;
  settings.split_by = "random";
  const auto without = split_rows(*hourly(1000, 0), settings);
  settings.calibrate = CalibrationMethod::isotonic;
  const auto split = split_rows(*hourly(1000, 0), settings);
  ASSERT_TRUE(without.ok() && split.ok());
  EXPECT_EQ(split->test, without->test);
  EXPECT_EQ(split->train, without->train);
  EXPECT_EQ(split->valid.size() + split->calibration.size(), without->valid.size());
  EXPECT_EQ(split->calibration.size(), 90U);
}

TEST(RollingSplits, SearchesNeverSeeCalibrationRows) {
  TrainSettings settings = windows(2 * kDay, 3 * kDay);
  settings.calibrate = CalibrationMethod::platt;
  const auto whole = split_rows(*hourly(1000, 0), settings);
  const auto folds = rolling_splits(*hourly(1000, 0), settings, 3);
  ASSERT_TRUE(whole.ok() && folds.ok());
  for (const Split& fold : *folds) {
    EXPECT_TRUE(fold.calibration.empty());
    EXPECT_LT(fold.valid.back(), whole->calibration.front());
  }
}

TEST(RollingSplits, EachFoldIsTheSplitOfOlderRows) {
  const auto joined = hourly(1000, kDay);
  const auto folds = rolling_splits(*joined, windows(2 * kDay, 3 * kDay), 3);
  ASSERT_TRUE(folds.ok()) << folds.error().what;
  const auto whole = split_rows(*joined, windows(2 * kDay, 3 * kDay));
  EXPECT_EQ(folds->front().train, whole->train);
  EXPECT_EQ(folds->front().valid, whole->valid);
  for (int fold = 0; fold < 3; ++fold) {
    const Split& split = (*folds)[static_cast<size_t>(fold)];
    EXPECT_TRUE(split.test.empty());
    const int64_t valid_end = 926 - fold * 48, train_end = valid_end - 48;
    std::vector<int64_t> train, valid;
    for (int64_t row = 0; row < 1000; ++row) {
      if (row % 10 == 9) continue;
      if (row <= train_end && row + 24 <= train_end) train.push_back(row);
      if (row > train_end && row <= valid_end && row + 24 <= valid_end) valid.push_back(row);
    }
    EXPECT_EQ(split.train, train) << fold;
    EXPECT_EQ(split.valid, valid) << fold;
  }
}

TEST(RollingSplits, NeverTouchTheTestRows) {
  TrainSettings by_share, by_random;
  by_share.share = 0.1;
  by_random.share = 0.1;
  by_random.split_by = "random";
  for (const TrainSettings& settings : {by_share, by_random}) {
    const auto joined = hourly(1000, 0);
    const auto whole = split_rows(*joined, settings);
    const std::set<int64_t> test(whole->test.begin(), whole->test.end());
    const auto folds = rolling_splits(*joined, settings, 4);
    ASSERT_TRUE(folds.ok()) << folds.error().what;
    std::set<std::vector<int64_t>> distinct;
    for (const Split& fold : *folds) {
      EXPECT_EQ(fold.valid.size(), 90U);
      distinct.insert(fold.valid);
      for (const auto* part : {&fold.train, &fold.valid}) {
        for (const int64_t row : *part) EXPECT_FALSE(test.contains(row)) << row;
      }
    }
    EXPECT_EQ(distinct.size(), 4U);
  }
}

TEST(RollingSplits, TooManyFoldsAreNamed) {
  const auto folds = rolling_splits(*hourly(1000, 0), windows(10 * kDay, 10 * kDay), 5);
  ASSERT_FALSE(folds.ok());
  EXPECT_TRUE(folds.error().what.starts_with("fold 4 of 5: the split leaves no training rows"))
      << folds.error().what;
}

TEST(SplitAt, IsTheSplitOfWhoeverTrainedThen) {
  const auto rows = hourly(1000, kDay);
  const TrainSettings settings = windows(2 * kDay, 3 * kDay);
  const auto newest = split_rows(*rows, settings);
  ASSERT_TRUE(newest.ok());
  const auto same = split_at(*rows, settings, Time{newest->test_begin_micros});
  ASSERT_TRUE(same.ok()) << same.error().what;
  EXPECT_EQ(same->train, newest->train);
  EXPECT_EQ(same->valid, newest->valid);
  EXPECT_EQ(same->test, newest->test);
  const auto older = split_at(*rows, settings, Time{500 * kHour});
  ASSERT_TRUE(older.ok()) << older.error().what;
  // Valid: rows 453 to 500 whose labels are known at 500, a day later each.
  EXPECT_EQ(older->valid.front(), 453);
  EXPECT_EQ(older->valid.back(), 476);
  // Train: rows up to 452 whose labels are known at 452.
  EXPECT_EQ(older->train.back(), 428);
  EXPECT_EQ(older->test.front(), 501);
}

TEST(SplitAt, SharesAndCalibrationAreThoseOfTheSplit) {
  const auto rows = hourly(1000, 0);
  TrainSettings settings;
  settings.calibrate = CalibrationMethod::isotonic;
  const auto newest = split_rows(*rows, settings);
  ASSERT_TRUE(newest.ok());
  const auto same = split_at(*rows, settings, Time{newest->test_begin_micros});
  ASSERT_TRUE(same.ok()) << same.error().what;
  EXPECT_NEAR(static_cast<double>(same->train.size()), static_cast<double>(newest->train.size()),
              1);
  EXPECT_NEAR(static_cast<double>(same->valid.size()), static_cast<double>(newest->valid.size()),
              1);
  EXPECT_FALSE(same->calibration.empty());
}

TEST(SplitAt, RefusesWhereThereIsNothingOlder) {
  EXPECT_FALSE(split_at(*hourly(100, 0), windows(2 * kDay, kDay), Time{-kDay}).ok());
  TrainSettings random;
  random.split_by = "random";
  EXPECT_FALSE(split_at(*hourly(100, 0), random, Time{50 * kHour}).ok());
}

TEST(SplitByTime, SharesStandInForMissingLengths) {
  TrainSettings settings;
  settings.share = 0.1;
  const auto split = split_rows(*hourly(1000, 0), settings);
  ASSERT_TRUE(split.ok()) << split.error().what;
  EXPECT_EQ(split->test.size(), 90U);
  EXPECT_EQ(split->valid.size(), 90U);
  EXPECT_EQ(split->train.size(), 720U);
  EXPECT_LT(split->train.back(), split->valid.front());
  EXPECT_LT(split->valid.back(), split->test.front());
}

TEST(SplitByTime, TellsTheFiguresOfAnEmptyPart) {
  const auto split = split_rows(*hourly(100, 0), windows(2 * kDay, 3 * kDay));
  ASSERT_FALSE(split.ok());
  EXPECT_EQ(split.error().code, ErrorCode::invalid_input);
  for (const char* part : {"no training rows", "1970-01-01T00:00:00Z", "4.08 days", "test 3 days",
                           "0 train", "10 without label"}) {
    EXPECT_NE(split.error().what.find(part), std::string::npos) << split.error().what;
  }
}

TEST(SplitByTime, RefusesRowsWithoutTime) {
  const auto table = made_table({numbers_column(kLabelColumn, {1, 0, 1}),
                                 times_column(kRowTimeColumn, {1, 2, 3}, {true, false, true}),
                                 times_column(kLabelKnownColumn, {1, 2, 3})});
  const auto split = split_rows(*table, windows(1, 1));
  ASSERT_FALSE(split.ok());
  EXPECT_NE(split.error().what.find("1 of 3 labelled rows have no time"), std::string::npos)
      << split.error().what;
  EXPECT_NE(split.error().hint.find("random"), std::string::npos);
}

TEST(Split, RefusesATableWithoutRowsOrLabels) {
  EXPECT_FALSE(split_rows(*hourly(0, 0), windows(1, 1)).ok());
  const auto table =
      made_table({numbers_column(kLabelColumn, {0, 0}, {false, false}),
                  times_column(kRowTimeColumn, {1, 2}), times_column(kLabelKnownColumn, {1, 2})});
  const auto split = split_rows(*table, windows(1, 1));
  ASSERT_FALSE(split.ok());
  EXPECT_NE(split.error().what.find("no labelled row"), std::string::npos);
}

TEST(SplitByRandom, DealsEveryLabelledRowOnceAndTheSameEachTime) {
  TrainSettings settings;
  settings.split_by = "random";
  settings.share = 0.25;
  const auto table = hourly(1000, kDay);
  const auto split = split_rows(*table, settings);
  ASSERT_TRUE(split.ok()) << split.error().what;
  EXPECT_EQ(split->test.size(), 225U);
  EXPECT_EQ(split->valid.size(), 225U);
  std::set<int64_t> all;
  for (const auto* part : {&split->train, &split->valid, &split->test}) {
    EXPECT_TRUE(std::is_sorted(part->begin(), part->end()));
    all.insert(part->begin(), part->end());
  }
  EXPECT_EQ(all.size(), 900U);
  EXPECT_EQ(split_rows(*table, settings)->test, split->test);
  settings.seed = 2;
  EXPECT_NE(split_rows(*table, settings)->test, split->test);
}

TEST(ShuffleSplit, KeepsRowsAndSizes) {
  const auto split = split_rows(*hourly(1000, 0), windows(2 * kDay, 3 * kDay));
  ASSERT_TRUE(split.ok());
  const Split shuffled = shuffle_split(*split, 1);
  EXPECT_EQ(shuffled.train.size(), split->train.size());
  EXPECT_EQ(shuffled.valid.size(), split->valid.size());
  EXPECT_EQ(shuffled.test.size(), split->test.size());
  EXPECT_NE(shuffled.test, split->test);
  std::set<int64_t> before, after;
  for (const auto* part : {&split->train, &split->valid, &split->test}) {
    before.insert(part->begin(), part->end());
  }
  for (const auto* part : {&shuffled.train, &shuffled.valid, &shuffled.test}) {
    after.insert(part->begin(), part->end());
  }
  EXPECT_EQ(before, after);
}

/// 300 queries, an hour apart, of 1 to 5 rows that come within five hours: queries overlap.
struct Searches {
  std::vector<uint32_t> query;
  std::shared_ptr<arrow::Table> joined;

  Searches() {
    std::vector<double> labels;
    std::vector<int64_t> times;
    arrow::Int64Builder numbers;
    for (int64_t q = 0; q < 300; ++q) {
      for (int64_t i = 0; i < 1 + q % 5; ++i) {
        query.push_back(static_cast<uint32_t>(q));
        labels.push_back(static_cast<double>(i));
        times.push_back((q + i) * kHour);
        if (!numbers.Append(q).ok()) std::terminate();
      }
    }
    joined = made_table({numbers_column(kLabelColumn, labels),
                         times_column(kRowTimeColumn, times),
                         times_column(kLabelKnownColumn, times),
                         {arrow::field(kQueryColumn, arrow::int64()), *numbers.Finish()}});
  }

  /// Rows that stand in another part than the first of their query, or in none.
  [[nodiscard]] size_t cut(const Split& split) const {
    std::vector<int> part(query.size(), 0);
    for (const int64_t row : split.train) part[static_cast<size_t>(row)] = 1;
    for (const int64_t row : split.valid) part[static_cast<size_t>(row)] = 2;
    for (const int64_t row : split.test) part[static_cast<size_t>(row)] = 3;
    size_t found = 0;
    for (size_t i = 1; i < query.size(); ++i) {
      if (query[i] == query[i - 1] && part[i] != part[i - 1]) ++found;
    }
    return found;
  }
};

TEST(SplitOfQueries, ByTimeTheyAreAsNewAsTheirNewestRow) {
  const Searches searches;
  const auto split = split_rows(*searches.joined, windows(2 * kDay, 3 * kDay));
  ASSERT_TRUE(split.ok()) << split.error().what;
  EXPECT_EQ(searches.cut(*split), 0U);
  // The newest row is that of query 299, four hours later: 303 - 72 = 231, counted by hand.
  EXPECT_EQ(split->test_begin_micros, 231 * kHour);
  // Query 229 has its fifth row at 233, query 228 its fourth at 231, query 230 its only one at 230.
  EXPECT_EQ(searches.query[static_cast<size_t>(split->test.front())], 229U);
  EXPECT_EQ(searches.query[static_cast<size_t>(split->valid.back())], 230U);
  EXPECT_EQ(split->train.size() + split->valid.size() + split->test.size(), 900U);
}

TEST(SplitOfQueries, ByRandomAShareOfThemIsDealt) {
  const Searches searches;
  TrainSettings settings;
  settings.split_by = "random";
  settings.share = 0.2;
  const auto split = split_rows(*searches.joined, settings);
  ASSERT_TRUE(split.ok()) << split.error().what;
  EXPECT_EQ(searches.cut(*split), 0U);
  std::set<uint32_t> test;
  for (const int64_t row : split->test) test.insert(searches.query[static_cast<size_t>(row)]);
  EXPECT_EQ(test.size(), 60U);
  EXPECT_TRUE(std::is_sorted(split->test.begin(), split->test.end()));
  EXPECT_EQ(split->train.size() + split->valid.size() + split->test.size(), 900U);
  const auto folds = rolling_splits(*searches.joined, settings, 3);
  ASSERT_TRUE(folds.ok());
  for (const Split& fold : *folds) {
    EXPECT_EQ(searches.cut(fold), 0U);
    for (const int64_t row : fold.valid) {
      EXPECT_FALSE(test.contains(searches.query[static_cast<size_t>(row)]));
    }
  }
  EXPECT_NE((*folds)[1].valid, (*folds)[0].valid);
}

}  // namespace
}  // namespace millgate
