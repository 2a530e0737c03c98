#include "data/check/label_jumps.h"

#include <gmock/gmock.h>

#include <functional>
#include <map>

#include "data/query/test_project.h"
#include "data/table/test_table.h"
#include "ground/random.h"
#include "model/measure/paired_change.h"

namespace millgate {
namespace {

using testing::HasSubstr;

struct Row {
  int label = 0;
  std::string town;
};
using Rows = std::map<int, Row>;

std::string csv(const Rows& rows) {
  std::string text = "id,town,late\n";
  for (const auto& [id, row] : rows) {
    text += std::to_string(id) + "," + row.town + "," + std::to_string(row.label) + "\n";
  }
  return text;
}

class LabelJumpsTest : public testing::Test {
 protected:
  void commit(const Rows& rows) { project_.commit({{"visits", csv(rows), {"id"}}}); }
  LabelJumps jumps(LabelJumpOptions options = {}) {
    if (options.label.empty()) options.label = "late = 1";
    return must(label_jumps(project_.repository(), "main", "visits", options));
  }
  Rows some(Random& random, int first, int count, const std::function<double(const Row&)>& rate) {
    Rows rows;
    for (int i = 0; i < count; ++i) {
      Row row{.town = random.below(2) == 0 ? "Oslo" : "Bergen"};
      row.label = random.uniform() < rate(row) ? 1 : 0;
      rows[first + i] = row;
    }
    return rows;
  }

  TestProject project_;
};

TEST_F(LabelJumpsTest, TheSliceOfTheNewRowsIsNamed) {
  Random random(1);
  const auto even = [](const Row&) { return 0.3; };
  Rows rows = some(random, 0, 2000, even);
  commit(rows);
  rows.merge(some(random, 2000, 1000, even));
  commit(rows);
  rows.merge(
      some(random, 3000, 1000, [](const Row& row) { return row.town == "Oslo" ? 0.6 : 0.3; }));
  commit(rows);
  const LabelJumps found = jumps();
  EXPECT_EQ(found.commit_count, 2);
  ASSERT_EQ(found.jump_count(), 2U);
  EXPECT_EQ(found.tests[0].column + "=" + found.tests[0].value, "town=Oslo");
  EXPECT_EQ(found.tests[0].kind, LabelJumpKind::new_rows);
  EXPECT_NEAR(found.tests[0].difference.difference, 0.3, 0.06);
  EXPECT_EQ(found.tests[1].column, "");
  EXPECT_EQ(found.tests[0].commit.id, must(project_.repository().resolve("main")).id);
}

TEST_F(LabelJumpsTest, CountsAreThoseOfBruteForce) {
  Random random(2);
  const Rows before = some(random, 0, 300, [](const Row&) { return 0.5; });
  Rows after = before;
  for (int i = 0; i < 90; ++i) after[static_cast<int>(random.below(300))].label = 1;
  for (int i = 0; i < 20; ++i) after.erase(static_cast<int>(random.below(300)));
  after.merge(some(random, 300, 80, [](const Row&) { return 0.1; }));
  commit(before);
  commit(after);
  LabelJumpOptions options;
  options.support_min = 1;
  const LabelJumps found = jumps(options);
  ASSERT_EQ(found.tests.size(), 6U);
  for (const LabelJump& one : found.tests) {
    RowShare old, added, stayed_before, stayed_after;
    int64_t up = 0, down = 0;
    for (const auto& [id, row] : before) {
      if (!one.column.empty() && row.town != one.value) continue;
      old.part += row.label, ++old.all;
      const auto now = after.find(id);
      if (now == after.end()) continue;
      stayed_before.part += row.label, ++stayed_before.all;
      stayed_after.part += now->second.label, ++stayed_after.all;
      up += now->second.label > row.label ? 1 : 0;
      down += now->second.label < row.label ? 1 : 0;
    }
    for (const auto& [id, row] : after) {
      if (!one.column.empty() && row.town != one.value) continue;
      if (!before.contains(id)) added.part += row.label, ++added.all;
    }
    const bool is_new = one.kind == LabelJumpKind::new_rows;
    EXPECT_EQ(one.before.part, is_new ? old.part : stayed_before.part);
    EXPECT_EQ(one.before.all, is_new ? old.all : stayed_before.all);
    EXPECT_EQ(one.after.part, is_new ? added.part : stayed_after.part);
    EXPECT_EQ(one.after.all, is_new ? added.all : stayed_after.all);
    if (!is_new) {
      EXPECT_EQ(one.difference.p_value, mcnemar_p(up, down));
    }
  }
}

TEST_F(LabelJumpsTest, LargeSamplesMakeNoJumpOfASmallDifference) {
  Random random(3);
  Rows rows = some(random, 0, 30'000, [](const Row&) { return 0.30; });
  commit(rows);
  rows.merge(some(random, 30'000, 30'000, [](const Row&) { return 0.325; }));
  commit(rows);
  const LabelJumps found = jumps();
  EXPECT_EQ(found.jump_count(), 0U);
  EXPECT_LT(found.tests.front().adjusted_p, 1e-4);
}

TEST_F(LabelJumpsTest, FewRowsAreNotTested) {
  Random random(4);
  Rows rows = some(random, 0, 500, [](const Row&) { return 0.3; });
  commit(rows);
  rows.merge(some(random, 500, 20, [](const Row&) { return 1.0; }));
  commit(rows);
  const LabelJumps found = jumps();
  EXPECT_TRUE(found.tests.empty());
  EXPECT_EQ(found.without_support, 3);
}

TEST_F(LabelJumpsTest, WithoutAKeyEqualRowsAreTheSame) {
  const auto text = [](int ones, int zeros) {
    std::string csv = "town,late\n";
    for (int i = 0; i < ones; ++i) csv += "Oslo,1\n";
    for (int i = 0; i < zeros; ++i) csv += "Oslo,0\n";
    return csv;
  };
  project_.commit({{"visits", text(50, 50), {}}});
  project_.commit({{"visits", text(100, 60), {}}});
  const LabelJumps found = jumps();
  ASSERT_FALSE(found.tests.empty());
  EXPECT_EQ(found.tests[0].after.part, 50);
  EXPECT_EQ(found.tests[0].after.all, 60);
}

TEST_F(LabelJumpsTest, WrongQuestionsAreErrors) {
  Random random(5);
  commit(some(random, 0, 10, [](const Row&) { return 0.3; }));
  commit(some(random, 0, 20, [](const Row&) { return 0.3; }));
  const auto error = [&](const std::string& table, const std::string& label,
                         const std::vector<std::string>& by) {
    LabelJumpOptions options;
    options.label = label;
    options.by = by;
    return label_jumps(project_.repository(), "main", table, options).error();
  };
  EXPECT_EQ(error("visit", "late = 1", {}).code, ErrorCode::not_found);
  EXPECT_THAT(error("visits", "lte = 1", {}).what, HasSubstr("lte"));
  EXPECT_THAT(error("visits", "id", {}).what, HasSubstr("neither 0 nor 1"));
  EXPECT_THAT(error("visits", "late = 1", {"twn"}).hint, HasSubstr("town"));
}

TEST_F(LabelJumpsTest, OlderVersionsWithoutTheLabelEndTheWalk) {
  Random random(6);
  project_.commit({{"visits", "id,town\n1,Oslo\n", {"id"}}});
  Rows rows = some(random, 0, 100, [](const Row&) { return 0.3; });
  commit(rows);
  rows.merge(some(random, 100, 100, [](const Row&) { return 0.9; }));
  commit(rows);
  const LabelJumps found = jumps();
  EXPECT_EQ(found.commit_count, 1);
  EXPECT_FALSE(found.stopped_at.empty());
  EXPECT_GE(found.jump_count(), 1U);
}

// SciPy 1.17: binomtest(3, 13).pvalue and binomtest(0, 8).pvalue.
TEST(PairedChange, IsTheBinomialTest) {
  EXPECT_NEAR(mcnemar_p(3, 10), 0.09228515625, 1e-12);
  EXPECT_NEAR(mcnemar_p(10, 3), 0.09228515625, 1e-12);
  EXPECT_NEAR(mcnemar_p(8, 0), 0.0078125, 1e-12);
  EXPECT_EQ(mcnemar_p(0, 0), 1);
  EXPECT_EQ(mcnemar_p(5, 5), 1);
}

}  // namespace
}  // namespace millgate
