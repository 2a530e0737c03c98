#include "model/release/model_record.h"

#include <gmock/gmock.h>

#include "model/release/test_registry.h"

namespace millgate {
namespace {

using ::testing::ElementsAre;

using ModelRecordTest = RegistryTest;

TEST_F(ModelRecordTest, HoldsAllThatIsKnownOfEachModel) {
  for (const Id& model : {a_, b_, c_, a_}) ASSERT_TRUE(trained(model).ok());
  ASSERT_TRUE(overridden(a_, "Ann", "storm").ok());
  const Verdict verdict = judged(b_, true);
  ASSERT_TRUE(release(*ledger_, verdict, "bob").ok());
  ASSERT_TRUE(move_alias(*ledger_, {.name = "champion", .to = b_}, "ann").ok());
  const auto records = model_records(*ledger_);
  ASSERT_TRUE(records.ok()) << records.error().what;
  ASSERT_EQ(records->size(), 3U);
  const ModelRecord& a = (*records)[0];
  EXPECT_EQ(a.version, 1);
  EXPECT_EQ(a.model, a_);
  EXPECT_TRUE(a.live.empty());
  ASSERT_EQ(a.overrides.size(), 1U);  // Past, and still told.
  EXPECT_EQ(a.overrides[0].by, "Ann");
  const ModelRecord& b = (*records)[1];
  ASSERT_EQ(b.live.size(), 1U);
  EXPECT_EQ(b.live[0].by, "bob");
  EXPECT_EQ(b.aliases.at(0).name, "champion");
  EXPECT_EQ(b.verdicts.at("").name(), verdict.name());
  EXPECT_FALSE((*records)[2].is_of_note());
}

TEST_F(ModelRecordTest, TellsWhatHappenedToOne) {
  for (const Id& model : {a_, b_}) ASSERT_TRUE(trained(model).ok());
  ASSERT_TRUE(pass_and_release(a_).ok());
  ASSERT_TRUE(move_alias(*ledger_, {.name = "champion", .to = a_, .reason = "best"}, "ann").ok());
  ASSERT_TRUE(pass_and_release(b_).ok());
  ASSERT_TRUE(back(std::nullopt, "slow").ok());
  ASSERT_TRUE(pass_and_release(b_).ok());
  const auto champion = find_alias(*ledger_, "champion");
  ASSERT_TRUE(
      move_alias(*ledger_, {.name = "champion", .to = b_, .seen = (*champion)->event}, "ann").ok());
  ASSERT_TRUE(retire(*ledger_, a_, "old", "ann").ok());
  const auto steps = model_history(*ledger_, a_);
  ASSERT_TRUE(steps.ok()) << steps.error().what;
  std::vector<std::string> what;
  for (const ModelStep& step : *steps) what.push_back(step.what);
  EXPECT_THAT(what,
              ElementsAre("trained", "verdict passed", "release", "alias champion", "replaced",
                          "rollback to it", "replaced", "no longer alias champion", "retired"));
  EXPECT_EQ((*steps)[5].why, "slow");
  EXPECT_EQ((*steps)[3].why, "best");
  EXPECT_EQ((*steps)[2].evidence, (*steps)[1].evidence);
}

}  // namespace
}  // namespace millgate
