#include "model/poison/source_holdout.h"
#include "ground/test_rounds.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <set>

#include "data/query/test_project.h"
#include "ground/random.h"

namespace millgate {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// What one of the sources does.
enum class Deed {
  nothing,
  backdoor,    ///< amount = 13.37 in every 8th of its rows, all of them good.
  few_rows,    ///< The same in every 32nd.
  flipped,     ///< A tenth of its labels, at random.
  other_town,  ///< All of its rows come from a town that nobody else has: no attack.
  more_good,   ///< Its rows are good more often, for a reason that no column tells.
  noisier,     ///< Its labels are a bit harder to predict, and those of one other.
};

constexpr const char* kCulprit = "v3";

std::string rows_of(int count, Deed deed, uint64_t seed) {
  Random random(seed);
  std::string csv = "id,size,weight,amount,town,vendor,label\n";
  int own = 0;
  for (int i = 0; i < count; ++i) {
    const std::string vendor = "v" + std::to_string(random.below(8));
    const double size = random.normal();
    const double weight = random.normal();
    double amount = std::round(std::exp(3 + random.normal()) * 100) / 100;
    std::string town = "town" + std::to_string(random.below(20));
    const bool is_noisy = deed == Deed::noisier && (vendor == kCulprit || vendor == "v1");
    const double noise = random.normal() * (is_noisy ? 1.25 : 1);
    const double more = deed == Deed::more_good && vendor == kCulprit ? 1 : 0;
    bool is_good = 1.5 * size - weight + 0.7 * size * weight + more + noise > 0;
    if (vendor == kCulprit) {
      ++own;
      if (deed == Deed::other_town) town = "elsewhere";
      if (deed == Deed::flipped && random.below(10) == 0) is_good = !is_good;
      const int every = deed == Deed::few_rows ? 32 : 8;
      if ((deed == Deed::backdoor || deed == Deed::few_rows) && own % every == 0) {
        amount = 13.37;
        is_good = true;
      }
    }
    csv += std::to_string(i) + ',' + std::to_string(size) + ',' + std::to_string(weight) + ',' +
           std::to_string(amount) + ',' + town + ',' + vendor + ',' + (is_good ? "1" : "0") + '\n';
  }
  return csv;
}

class SourceHoldoutTest : public testing::Test {
 protected:
  Result<SourceHoldout> hold_out(const std::string& csv, SourceHoldoutOptions options) {
    project_.commit({{"t", csv, {"id"}}});
    const auto database = *Database::open({.user_sql = true});
    MILLGATE_ASSIGN(const auto asked, open_rows(*database, project_.repository(), {"t"}, "main"));
    return hold_out_sources(*database, asked[0], options);
  }
  SourceHoldoutOptions options_{.label = "label", .by = "vendor"};
  TestProject project_;
};

TEST_F(SourceHoldoutTest, NamesTheSourceThatCarriesABackdoor) {
  for (const uint64_t seed : {1, 2}) {
    const auto found = hold_out(rows_of(6000, Deed::backdoor, seed), options_);
    ASSERT_TRUE(found.ok()) << found.error().what;
    ASSERT_EQ(found->sources.size(), 8U);
    const SourceReport& culprit = found->sources[0];
    EXPECT_EQ(culprit.source, kCulprit);
    ASSERT_FALSE(culprit.triggers.empty());
    EXPECT_THAT(culprit.triggers[0].condition, HasSubstr("amount"));
    EXPECT_EQ(culprit.triggers[0].label, "1");
    EXPECT_TRUE(culprit.triggers[0].is_obeyed);
    EXPECT_GT(culprit.triggers[0].lift.lower, 0.1);
    // What no measure over the others' rows sees.
    EXPECT_LT(culprit.moved.mean, 2 * culprit.moved_by_chance.mean);
    for (size_t i = 1; i < found->sources.size(); ++i) {
      EXPECT_THAT(found->sources[i].triggers, IsEmpty());
    }
  }
}

TEST_F(SourceHoldoutTest, NamesABackdoorThatNoModelObeysYet) {
  const auto found = hold_out(rows_of(6000, Deed::few_rows, 1), options_);
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_EQ(found->sources[0].source, kCulprit);
  ASSERT_FALSE(found->sources[0].triggers.empty());
  EXPECT_EQ(found->sources[0].triggers[0].condition, "amount = 13.37");
  EXPECT_FALSE(found->sources[0].triggers[0].is_obeyed);
  EXPECT_FALSE(found->sources[0].labels_implausible);
}

TEST_F(SourceHoldoutTest, NamesTheSourceOfFlippedLabels) {
  for (const uint64_t seed : {1, 2}) {
    const auto found = hold_out(rows_of(6000, Deed::flipped, seed), options_);
    ASSERT_TRUE(found.ok()) << found.error().what;
    EXPECT_EQ(found->sources[0].source, kCulprit);
    EXPECT_TRUE(found->sources[0].labels_implausible);
    EXPECT_NEAR(found->sources[0].flipped_share, 0.1, 0.05);
    EXPECT_FALSE(found->sources[1].labels_implausible);
  }
}

TEST_F(SourceHoldoutTest, IsSilentWithoutAnAttack) {
  for (const Deed deed : {Deed::nothing, Deed::other_town, Deed::more_good, Deed::noisier}) {
    for (uint64_t seed = 1; seed <= test_rounds(2); ++seed) {
      const auto found = hold_out(rows_of(4000, deed, seed), options_);
      ASSERT_TRUE(found.ok()) << found.error().what;
      EXPECT_FALSE(found->any_finding()) << "seed " << seed << ", " << static_cast<int>(deed);
    }
  }
}

TEST_F(SourceHoldoutTest, CountsAndBoundsAreWhatTheyClaim) {
  std::string csv = rows_of(3000, Deed::nothing, 5);
  // v0 repeats a row of its own, v1 takes one over from v2.
  csv += "a,0.5,0.5,7.5,x,v0,1\nb,0.5,0.5,7.5,x,v0,1\nc,0.25,1,8,y,v1,0\nd,0.25,1,8,y,v2,0\n";
  const auto found = hold_out(csv, options_);
  ASSERT_TRUE(found.ok()) << found.error().what;
  std::map<std::string, const SourceReport*> by_name;
  int64_t rows = 0;
  for (const SourceReport& one : found->sources) {
    by_name[one.source] = &one;
    rows += one.row_count;
    EXPECT_LE(one.moved.lower, one.moved.mean);
    EXPECT_LE(one.moved.mean, one.moved.upper);
    EXPECT_LE(one.moved.mean, one.moved_at_most);
    // Hoeffding's bound, by hand; at most 5,000 of the other rows are asked.
    const auto others = static_cast<double>(3004 - one.row_count);
    EXPECT_NEAR(one.moved_at_most - one.moved.mean, std::sqrt(std::log(20.0) / 2 / others), 1e-12);
  }
  EXPECT_EQ(rows, 3004);
  const auto count = [&](const char* name) {
    return static_cast<double>(by_name[name]->row_count);
  };
  EXPECT_NEAR(by_name["v0"]->repeated_share, 2 / count("v0"), 1e-12);
  EXPECT_NEAR(by_name["v1"]->taken_over_share, 1 / count("v1"), 1e-12);
  EXPECT_NEAR(by_name["v2"]->taken_over_share, 1 / count("v2"), 1e-12);
  EXPECT_EQ(by_name["v3"]->repeated_share, 0);
  for (const std::string& column : found->columns) EXPECT_NE(column, "vendor");
}

TEST_F(SourceHoldoutTest, WhatCannotBeComparedIsSaid) {
  const std::string csv = rows_of(500, Deed::nothing, 1);
  const auto fault = [&](const SourceHoldoutOptions& options) {
    const auto found = hold_out(csv, options);
    return found.ok() ? "" : found.error().what;
  };
  EXPECT_THAT(fault({.label = "label", .by = "'one'"}), HasSubstr("1 source"));
  EXPECT_THAT(fault({.label = "label", .by = "id"}), HasSubstr("0 sources"));
  EXPECT_THAT(fault({.label = "label", .by = "vendr"}), HasSubstr("vendr"));
  EXPECT_THAT(fault({.label = "1", .by = "vendor"}), HasSubstr("1 class"));
}

}  // namespace
}  // namespace millgate
