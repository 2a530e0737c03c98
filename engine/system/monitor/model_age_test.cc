#include "system/monitor/model_age.h"

#include <gtest/gtest.h>

#include <string>

#include "ground/id.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

constexpr int64_t kDay = 86'400'000'000;

class ModelAgeTest : public testing::Test {
 protected:
  ModelAgeTest() : clock_(*parse_time("2026-03-02T12:00:00Z")) {
    ledger_ = open_ledger(folder_.path("ledger.sqlite"), clock_).value();
  }
  void append(const std::string& kind, const std::string& body) {
    ASSERT_TRUE(
        ledger_->append({.kind = kind, .subject = model_.hex(), .author = "ada", .body = body})
            .ok());
  }
  std::optional<ModelAge> age(const std::string& asked) {
    const auto found = model_age(*ledger_, model_, *parse_time(asked));
    EXPECT_TRUE(found.ok()) << found.error().what;
    return found.ok() ? *found : std::nullopt;
  }

  TestFolder folder_;
  ManualClock clock_;
  std::shared_ptr<Ledger> ledger_;
  Id model_ = hash_of("model");
};

TEST_F(ModelAgeTest, IsFromTheBeginOfItsTestRowsAgainstWhatIsAdvised) {
  append("run", R"({"test_from": "2026-01-01T00:00:00Z"})");
  EXPECT_FALSE(age("2026-05-01T00:00:00Z")) << "no back-test";
  append("backtest",
         R"({"window_seconds": 2592000, "advised_windows": 3, "ages": [1, 2, 3, 4, 5]})");
  const auto found = age("2026-05-01T00:00:00Z");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->micros, 120 * kDay);
  EXPECT_EQ(found->limit_micros, 90 * kDay);
  EXPECT_EQ(found->backtest_event, 2);
}

TEST_F(ModelAgeTest, TheNewestBacktestCounts) {
  append("run", R"({"test_from": "2026-01-01T00:00:00Z"})");
  append("backtest",
         R"({"window_seconds": 2592000, "advised_windows": 3, "ages": [1, 2, 3, 4, 5]})");
  append("backtest",
         R"({"window_seconds": 2592000, "advised_windows": 5, "ages": [1, 2, 3, 4, 5]})");
  EXPECT_FALSE(age("2027-05-01T00:00:00Z")) << "the oldest that was tried is good enough";
  append("backtest", R"({"window_seconds": 86400, "advised_windows": null, "ages": [1, 2]})");
  EXPECT_FALSE(age("2027-05-01T00:00:00Z")) << "no tolerance was given";
  append("backtest", R"({"window_seconds": 86400, "advised_windows": 1, "ages": [1, 2]})");
  ASSERT_TRUE(age("2026-01-03T00:00:00Z"));
  EXPECT_EQ(age("2026-01-03T00:00:00Z")->limit_micros, kDay);
}

TEST_F(ModelAgeTest, RunsThatDoNotSayAreNotOld) {
  append("run", R"({"evidence": []})");
  append("backtest", R"({"window_seconds": 86400, "advised_windows": 1, "ages": [1, 2]})");
  EXPECT_FALSE(age("2026-05-01T00:00:00Z"));
  append("backtest", R"({"advised_windows": 1, "ages": [1, 2]})");
  append("run", R"({"test_from": "2026-01-01T00:00:00Z"})");
  const auto broken = model_age(*ledger_, model_, Time{});
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code, ErrorCode::damaged);
}

}  // namespace
}  // namespace millgate
