#include "data/check/column_moves.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <random>

#include "data/query/test_project.h"
#include "ground/random.h"

namespace millgate {
namespace {

class ColumnMovesTest : public testing::Test {
 protected:
  /// The diff of the last two versions of table `t`, and what its columns did.
  Result<std::vector<ColumnMove>> moves(const TableDriftOptions& options = {}) {
    const Repository& repository = project_.repository();
    before_commit_ = *repository.resolve("main~1");
    after_commit_ = *repository.resolve("main");
    before_ = *read_table_version(repository.objects(), before_commit_.tables.at("t"));
    after_ = *read_table_version(repository.objects(), after_commit_.tables.at("t"));
    diff_ = *diff_versions(repository.objects(), before_, after_, {.rows_max = 0});
    return again(options);
  }

  Result<std::vector<ColumnMove>> again(const TableDriftOptions& options) {
    return column_moves(project_.repository(),
                        {.name = "t",
                         .before_commit = before_commit_,
                         .after_commit = after_commit_,
                         .before = before_,
                         .after = after_,
                         .diff = diff_},
                        options);
  }

  void commit(const std::string& csv) { project_.commit({{"t", csv, {"id"}}}); }

  static const ColumnMove& move_of(const std::vector<ColumnMove>& moves, const std::string& name) {
    for (const ColumnMove& move : moves) {
      if (move.name == name) return move;
    }
    ADD_FAILURE() << "no move of " << name;
    return moves.at(0);
  }

  TestProject project_;
  Commit before_commit_;
  Commit after_commit_;
  TableVersion before_;
  TableVersion after_;
  TableDiff diff_;
};

std::string numbers(int count, int raised, int by) {
  std::string csv = "id,x,same\n";
  for (int i = 0; i < count; ++i) {
    csv += std::to_string(i) + ',' + std::to_string(i < raised ? i + by : i) + ",1\n";
  }
  return csv;
}

TEST_F(ColumnMovesTest, TheBoundIsReachedWhereValuesMovePastAllOthers) {
  commit(numbers(100, 0, 0));
  commit(numbers(100, 20, 1000));
  const auto found = *moves();
  // The 20 smallest of 100 values become the largest: the distribution functions differ by 0.2.
  ASSERT_EQ(found.size(), 1U);  // `same` has no change.
  EXPECT_DOUBLE_EQ(found[0].effect_at_most, 0.2);
  ASSERT_TRUE(found[0].measured.has_value());
  EXPECT_DOUBLE_EQ(found[0].measured->effect, 0.2);
}

TEST_F(ColumnMovesTest, ASmallChangeReadsNoRows) {
  commit(numbers(1000, 0, 0));
  commit(numbers(1000, 20, 5000));
  const auto found = *moves();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NEAR(found[0].effect_at_most, 0.02, 1e-12);
  EXPECT_FALSE(found[0].measured.has_value());
  // Without any object it still knows; to measure it cannot do without.
  std::filesystem::remove_all(project_.repository().project_folder() + "/.millgate/objects");
  EXPECT_TRUE(again({}).ok());
  TableDriftOptions all;
  all.effect_min = 0;
  EXPECT_FALSE(again(all).ok());
}

TEST_F(ColumnMovesTest, WhatNobodyCountedIsBoundedByTheOtherVersion) {
  // 100 rows with 50 values, of which 5 change, 1 goes, and 2 come: at most 52 + 5, at least 44
  // stay.
  TableDiff diff;
  diff.schema = arrow::schema({arrow::field("x", arrow::float64())});
  diff.changed_cells = {5};
  diff.removed_count = 1;
  diff.inserted_count = 2;
  TableVersion counted;
  counted.row_count = 100;
  counted.digests.resize(1);
  counted.columns = {
      {.name = "x", .type = "double", .null_count = 50, .minimum = "", .maximum = ""}};
  TableVersion uncounted;
  uncounted.row_count = 101;
  EXPECT_DOUBLE_EQ(effect_bound(diff, counted, uncounted, 0), 1 - 44 / 57.0);
  counted.row_count = 101;
  uncounted.row_count = 100;
  // Backwards: 51 values after, of which 7 may have come; at most 51 + 6 were there.
  EXPECT_DOUBLE_EQ(effect_bound(diff, uncounted, counted, 0), 1 - 44 / 57.0);
}

TEST_F(ColumnMovesTest, WhatWasCountedOnBothSidesIsNeverLooser) {
  // 60 values before, 62 after, 20 cells changed: at most 20 of the 62 came, so 42 stayed, though
  // of the 60 only 40 are known to have stayed.
  TableDiff diff;
  diff.schema = arrow::schema({arrow::field("x", arrow::float64())});
  diff.changed_cells = {20};
  TableVersion before;
  before.row_count = 100;
  before.digests.resize(1);
  before.columns = {
      {.name = "x", .type = "double", .null_count = 40, .minimum = "", .maximum = ""}};
  TableVersion after = before;
  after.columns[0].null_count = 38;
  EXPECT_DOUBLE_EQ(effect_bound(diff, before, after, 0), 1 - 42 / 62.0);
}

TEST_F(ColumnMovesTest, MissingValuesCountByThemselves) {
  std::string before = "id,x\n";
  std::string after = "id,x\n";
  for (int i = 0; i < 100; ++i) {
    // 10 values only; 4 of them go.
    before += std::to_string(i) + (i < 10 ? ",5.5\n" : ",\n");
    after += std::to_string(i) + (i < 6 ? ",5.5\n" : ",\n");
  }
  commit(before);
  commit(after);
  const auto found = *moves();
  EXPECT_NEAR(move_of(found, "x").effect_at_most, 0.4, 1e-12);
}

TEST_F(ColumnMovesTest, NoMeasuredEffectIsAboveItsBound) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const auto pick = [&](int count) { return static_cast<int>(random.uniform() * count); };
  std::map<int, std::string> rows;
  const auto cells = [&] {
    return (pick(8) == 0 ? std::string() : std::to_string(pick(20))) + ',' +
           (pick(8) == 0 ? std::string() : std::string(1, static_cast<char>('a' + pick(5))));
  };
  const auto text = [&] {
    std::string csv = "id,x,c\n";
    for (const auto& [id, row] : rows) csv += std::to_string(id) + ',' + row + '\n';
    return csv;
  };
  for (int i = 0; i < 60; ++i) rows[i] = cells();
  commit(text());
  TableDriftOptions all;
  all.effect_min = 0;
  for (int round = 0; round < 12; ++round) {
    const int edits = 1 + pick(40);
    for (int i = 0; i < edits; ++i) {
      const int id = pick(90);
      if (pick(3) == 0 && rows.size() > 20) {
        rows.erase(id);
      } else {
        rows[id] = cells();
      }
    }
    const Commit before = *project_.repository().resolve("main");
    commit(text());
    if (project_.repository().resolve("main")->id == before.id) continue;
    for (const ColumnMove& move : *moves(all)) {
      ASSERT_TRUE(move.measured.has_value()) << move.name;
      EXPECT_LE(move.measured->effect, move.effect_at_most + 1e-12) << move.name;
      EXPECT_LE(std::abs(move.measured->missing.difference), move.effect_at_most + 1e-12)
          << move.name;
      const int column = diff_.schema->GetFieldIndex(move.name);
      TableVersion uncounted_before = before_;
      TableVersion uncounted_after = after_;
      uncounted_before.digests.clear();
      uncounted_after.digests.clear();
      for (const double looser : {effect_bound(diff_, uncounted_before, after_, column),
                                  effect_bound(diff_, before_, uncounted_after, column)}) {
        EXPECT_GE(looser, move.effect_at_most) << move.name;
      }
      EXPECT_EQ(effect_bound(diff_, uncounted_before, uncounted_after, column), 1) << move.name;
    }
  }
}

TEST_F(ColumnMovesTest, AnEmptySideHasNoDistribution) {
  commit(numbers(10, 0, 0));
  commit("id,x,same\n");
  const auto found = moves();
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->empty());
}

}  // namespace
}  // namespace millgate
