#include "system/serve/rollback_drill.h"

#include <gmock/gmock.h>

#include "system/serve/test_model.h"

namespace millgate {
namespace {

TEST(RollbackDrillTest, GoesBackBesideWhatServesAndTouchesNothing) {
  ServedProject project;
  EXPECT_EQ(drill_rollback(*project.repository, {.reason = "drill"}).error().code,
            ErrorCode::not_found);
  const Id first = project.model()->id();
  const Id second = project.model({.intercept = 2})->id();
  project.release_model(first);
  EXPECT_EQ(drill_rollback(*project.repository, {.reason = "drill"}).error().code,
            ErrorCode::not_found);
  project.release_model(second);
  Ledger& ledger = project.repository->ledger();
  const int64_t before = *ledger.head();
  const auto drill = drill_rollback(*project.repository, {.reason = "drill"});
  ASSERT_TRUE(drill.ok()) << drill.error().what;
  EXPECT_EQ(drill->from, second);
  EXPECT_EQ(drill->to, first);
  EXPECT_GT(drill->seconds, 0);
  EXPECT_GT(drill->request_count, 2);
  EXPECT_EQ(drill->failed_count, 0);
  EXPECT_TRUE(drill->passed());
  EXPECT_EQ(*ledger.head(), before);
  EXPECT_EQ((*serving(ledger))->model, second);
  EXPECT_TRUE(project.repository->objects().has(first));

  ASSERT_TRUE(record_drill(ledger, *drill, "ann").ok());
  const auto recorded = newest_drill(ledger);
  ASSERT_TRUE(recorded.ok() && *recorded);
  EXPECT_EQ((*recorded)->seconds, drill->seconds);
  EXPECT_EQ((*recorded)->by, "ann");
  EXPECT_TRUE(Model::load(project.repository->objects(), first).ok());
}

TEST(RollbackDrillTest, AModelThatCannotServeFailsTheDrill) {
  ServedProject project;
  project.release_model(hash_of("no such object"));
  project.release_model(project.model()->id());
  const auto drill = drill_rollback(*project.repository, {.reason = "drill"},
                                    {.patience = std::chrono::milliseconds(500)});
  ASSERT_FALSE(drill.ok());
  EXPECT_EQ(drill.error().code, ErrorCode::outside);
}

}  // namespace
}  // namespace millgate
