#include "system/monitor/alarm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/json.h"
#include "ground/ledger.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::HasSubstr;

class Alarms : public testing::Test {
 protected:
  Alarms() : clock_(*parse_time("2026-03-02T12:00:00Z")) {
    ledger_ = open_ledger(folder_.path("ledger.sqlite"), clock_).value();
  }

  static Alarm alarm(const std::string& key) {
    Alarm made;
    made.key = key;
    made.kind = "unit";
    made.severity = 0.75;
    made.model = "ab12";
    made.subject = "distance";
    made.what = "distance: \"miles\" <sent> as kilometres";
    made.since = Time{1'772'409'600'000'000};
    made.how_much = "31 % of 4,120 rows";
    made.suspected_cause = "the sender";
    made.next_step = "millgate sql 'select 1'";
    return made;
  }

  TestFolder folder_;
  ManualClock clock_;
  std::shared_ptr<Ledger> ledger_;
};

TEST_F(Alarms, AreNewOnceAndKnownAfterwards) {
  std::vector<Alarm> found = {alarm("unit/m/a"), alarm("unit/m/b")};
  ASSERT_TRUE(record_alarms(*ledger_, found, "ada").ok());
  EXPECT_TRUE(found[0].is_new && found[1].is_new);
  EXPECT_EQ(found[0].event_number, 1);
  EXPECT_EQ(found[1].event_number, 2);

  clock_.set(Time{clock_.now().micros + 60'000'000});
  std::vector<Alarm> again = {alarm("unit/m/b"), alarm("unit/m/c")};
  ASSERT_TRUE(record_alarms(*ledger_, again, "ada").ok());
  EXPECT_FALSE(again[0].is_new);
  EXPECT_EQ(again[0].event_number, 2);
  EXPECT_EQ(again[0].recorded, found[1].recorded);
  EXPECT_TRUE(again[1].is_new);
  EXPECT_EQ(ledger_->head().value(), 3);
}

TEST_F(Alarms, TheSameKeyTwiceInOneReportIsRecordedOnce) {
  std::vector<Alarm> found = {alarm("unit/m/a"), alarm("unit/m/a")};
  ASSERT_TRUE(record_alarms(*ledger_, found, "ada").ok());
  EXPECT_EQ(ledger_->head().value(), 1);
  EXPECT_EQ(found[1].event_number, 1);
}

TEST_F(Alarms, ComeBackFromTheLedgerNewestFirst) {
  std::vector<Alarm> found = {alarm("unit/m/a"), alarm("unit/m/b")};
  ASSERT_TRUE(record_alarms(*ledger_, found, "ada").ok());
  const auto recorded = alarms(*ledger_);
  ASSERT_TRUE(recorded.ok());
  ASSERT_EQ(recorded->size(), 2U);
  EXPECT_EQ(recorded->at(0).key, "unit/m/b");
  Alarm expected = alarm("unit/m/a");
  expected.event_number = expected.incident = 1;
  expected.recorded = clock_.now();
  EXPECT_EQ(to_json(recorded->at(1)), to_json(expected));
}

TEST_F(Alarms, OfSeveralProcessesOneIsFirst) {
  std::vector<pid_t> children;
  const std::string path = folder_.path("ledger.sqlite");
  for (int i = 0; i < 6; ++i) {
    children.push_back(start_process([&] {
      auto ledger = open_ledger(path, system_clock());
      if (!ledger.ok()) return 100;
      std::vector<Alarm> found = {alarm("unit/m/a"), alarm("unit/m/b")};
      if (!record_alarms(**ledger, found, "child").ok()) return 101;
      if (found[0].event_number == 0 || found[1].event_number == 0) return 102;
      return (found[0].is_new ? 1 : 0) + (found[1].is_new ? 1 : 0);
    }));
  }
  int fresh = 0;
  for (const pid_t child : children) {
    const int code = wait_for(child);
    EXPECT_LE(code, 2);
    fresh += code;
  }
  EXPECT_EQ(fresh, 2) << "each alarm is new to exactly one process";
  EXPECT_EQ(alarms(*ledger_)->size(), 2U);
}

TEST_F(Alarms, ADamagedOneIsNamedByItsEvent) {
  ASSERT_TRUE(
      ledger_->append({.kind = "alarm", .subject = "x", .author = "ada", .body = "{}"}).ok());
  const auto recorded = alarms(*ledger_);
  ASSERT_FALSE(recorded.ok());
  EXPECT_EQ(recorded.error().code, ErrorCode::damaged);
  EXPECT_THAT(recorded.error().what, HasSubstr("event 1"));
}

}  // namespace
}  // namespace millgate
