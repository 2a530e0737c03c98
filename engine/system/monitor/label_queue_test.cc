#include "system/monitor/label_queue.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "system/monitor/test_monitor.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Of the binary distribution, against that of a coin.
double doubt_of(double p) {
  if (p <= 0 || p >= 1) return 0;
  return -(p * std::log2(p) + (1 - p) * std::log2(1 - p));
}

struct AskedRow {
  std::string id;
  double doubt = 0;
  std::string by;
  bool operator==(const AskedRow&) const = default;
};

class LabelQueueTest : public testing::Test {
 protected:
  LabelQueueTest() : rows_(watched_.four_weeks()) {}

  LabelQueue ask(const LabelQueueOptions& options) {
    auto queue = label_queue(watched_.repository(), options);
    EXPECT_TRUE(queue.ok()) << queue.error().what;
    return *std::move(queue);
  }

  static std::vector<AskedRow> asked_of(const LabelQueue& queue) {
    const auto batch = queue.rows->CombineChunksToBatch().ValueOrDie();
    const auto& ids =
        dynamic_cast<const arrow::StringArray&>(*batch->GetColumnByName("prediction_id"));
    const auto& doubts = dynamic_cast<const arrow::DoubleArray&>(*batch->GetColumnByName("doubt"));
    const auto& by = dynamic_cast<const arrow::StringArray&>(*batch->GetColumnByName("asked_by"));
    EXPECT_EQ(batch->GetColumnByName("label")->null_count(), batch->num_rows());
    std::vector<AskedRow> asked;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      asked.push_back({ids.GetString(row), doubts.Value(row), by.GetString(row)});
    }
    return asked;
  }

  WatchedProject watched_;
  std::vector<ServedRow> rows_;
};

TEST_F(LabelQueueTest, AsksByDoubtAndByLotForWhatHasNoLabel) {
  std::map<std::string, double> doubt;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (i % 4 == 0) {
      rows_[i].label = 1;
    } else {
      doubt[WatchedProject::id_of(rows_[i])] = doubt_of(rows_[i].probability);
    }
  }
  watched_.log(rows_);
  const LabelQueue queue = ask({.count = 200, .lot_share = 0.25});
  EXPECT_EQ(queue.unlabelled_count, 1500);
  EXPECT_EQ(queue.lot_count, 50);
  const std::vector<AskedRow> asked = asked_of(queue);
  ASSERT_EQ(asked.size(), 200U);
  std::set<std::string> ids;
  double by_doubt = 0;
  double all = 0;
  for (const auto& [id, value] : doubt) all += value / 1500;
  for (size_t i = 0; i < asked.size(); ++i) {
    ASSERT_TRUE(doubt.contains(asked[i].id)) << "it has a label";
    EXPECT_TRUE(ids.insert(asked[i].id).second);
    EXPECT_NEAR(asked[i].doubt, doubt[asked[i].id], 1e-9);
    EXPECT_EQ(asked[i].by, i < 150 ? "doubt" : "lot");
    if (i < 150) by_doubt += asked[i].doubt / 150;
    if (i > 0 && i < 150) {
      EXPECT_GE(asked[i - 1].doubt, asked[i].doubt);
    }
  }
  EXPECT_GT(by_doubt, all);
  EXPECT_EQ(asked_of(ask({.count = 200, .lot_share = 0.25})), asked) << "the same seed, the same";
  EXPECT_NE(asked_of(ask({.count = 200, .lot_share = 0.25, .seed = 2})), asked);
}

TEST_F(LabelQueueTest, DrawsInProportionToDoubt) {
  watched_.log(rows_);
  // Few of many: each row's share of the draws is about its doubt over the sum of doubts.
  double sum = 0;
  double sure_sum = 0;
  const auto is_sure = [](double doubt) { return doubt < 0.7; };
  for (const ServedRow& row : rows_) {
    const double doubt = doubt_of(row.probability);
    sum += doubt;
    if (is_sure(doubt)) sure_sum += doubt;
  }
  int sure = 0;
  int by_lot_sure = 0;
  constexpr int kDraws = 200;
  const auto sure_of = [&](double lot_share, uint64_t seed) {
    const auto asked = asked_of(ask({.count = 20, .lot_share = lot_share, .seed = seed}));
    return static_cast<int>(std::count_if(asked.begin(), asked.end(),
                                          [&](const AskedRow& one) { return is_sure(one.doubt); }));
  };
  for (uint64_t seed = 0; seed < kDraws / 20; ++seed) {
    sure += sure_of(0, seed);
    by_lot_sure += sure_of(1, seed);
  }
  const double share = sure_sum / sum;
  const double rows_share =
      static_cast<double>(
          std::count_if(rows_.begin(), rows_.end(),
                        [&](const ServedRow& row) { return is_sure(doubt_of(row.probability)); })) /
      static_cast<double>(rows_.size());
  const auto error = [](double p) { return 4 * std::sqrt(p * (1 - p) / kDraws); };
  EXPECT_NEAR(static_cast<double>(sure) / kDraws, share, error(share));
  EXPECT_NEAR(static_cast<double>(by_lot_sure) / kDraws, rows_share, error(rows_share));
}

TEST_F(LabelQueueTest, RowsThatAreAlikeAreAskedForOnce) {
  std::vector<ServedRow> same(rows_.begin(), rows_.begin() + 300);
  for (size_t i = 0; i < same.size(); ++i) {
    const ServedRow& like = rows_[i % 3];
    same[i].distance = like.distance;
    same[i].warmth = like.warmth;
    same[i].carrier = like.carrier;
  }
  watched_.answer(same);
  watched_.log(same);
  const LabelQueue queue = ask({.count = 50, .lot_share = 0.2});
  EXPECT_EQ(queue.alike_count, 297);
  const std::vector<AskedRow> asked = asked_of(queue);
  EXPECT_LE(std::count_if(asked.begin(), asked.end(),
                          [](const AskedRow& one) { return one.by == "doubt"; }),
            3);
  EXPECT_EQ(queue.lot_count, 10) << "the lot is of all";
}

TEST_F(LabelQueueTest, RareValuesAreAskedForMoreOftenThanTheirShare) {
  for (size_t i = 0; i < rows_.size(); ++i) rows_[i].carrier = i % 50 == 0 ? "AA" : "DL";
  watched_.answer(rows_);
  watched_.log(rows_);
  const auto rare = [&](const std::string& by) {
    std::set<std::string> ids;
    for (size_t i = 0; i < rows_.size(); i += 50) ids.insert(WatchedProject::id_of(rows_[i]));
    const std::vector<AskedRow> asked = asked_of(ask({.count = 200, .lot_share = 0, .by = by}));
    return std::count_if(asked.begin(), asked.end(),
                         [&](const AskedRow& one) { return ids.contains(one.id); });
  };
  EXPECT_GT(rare("carrier"), 2 * rare(""));
  const auto unknown = label_queue(watched_.repository(), {.by = "wings"});
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().what, HasSubstr("`wings`"));
}

TEST_F(LabelQueueTest, WhereAChallengerSaysSomethingElseIsDoubt) {
  for (ServedRow& row : rows_) row.probability = 1;
  watched_.log(rows_);
  fs::copy(watched_.log_path("predictions"), watched_.log_path("shadow"),
           fs::copy_options::recursive);
  EXPECT_EQ(asked_of(ask({.count = 10, .lot_share = 0.5}))[0].by, "lot") << "nobody doubts";
  fs::remove_all(watched_.log_path("shadow"));
  std::vector<ServedRow> other(rows_.begin(), rows_.begin() + 4);
  for (ServedRow& row : other) row.probability = 0.25;
  const fs::path kept = watched_.log_path("kept");
  fs::rename(watched_.log_path("predictions"), kept);
  watched_.log(other, "s", "0123456789ab");
  fs::rename(watched_.log_path("predictions"), watched_.log_path("shadow"));
  fs::rename(kept, watched_.log_path("predictions"));
  const LabelQueue queue = ask({.count = 10, .lot_share = 0.5});
  EXPECT_EQ(queue.shadowed_count, 4);
  const std::vector<AskedRow> asked = asked_of(queue);
  EXPECT_EQ(asked[0].by, "doubt");
  EXPECT_NEAR(asked[0].doubt, 0.75, 1e-12);
}

TEST_F(LabelQueueTest, WhatCannotBeAskedSaysWhy) {
  const auto nothing = label_queue(watched_.repository(), {});
  ASSERT_FALSE(nothing.ok());
  EXPECT_THAT(nothing.error().what, HasSubstr("nothing was predicted"));
  WatchedProject::label(rows_);
  watched_.log(rows_);
  const auto labelled = label_queue(watched_.repository(), {});
  ASSERT_FALSE(labelled.ok());
  EXPECT_THAT(labelled.error().what, HasSubstr("has its label"));
}

}  // namespace
}  // namespace millgate
