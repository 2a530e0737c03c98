#include "model/release/gate.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <type_traits>

#include "ground/json.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

// Nobody but the gate can make a verdict, or change one.
static_assert(!std::is_default_constructible_v<Verdict>);
static_assert(!std::is_aggregate_v<Verdict>);
static_assert(!std::is_constructible_v<Verdict, Id, Event, bool, std::vector<Judgement>>);

class GateTest : public ::testing::Test {
 protected:
  GateTest() : ledger_(*open_ledger(folder_.path("ledger.sqlite"), clock_)) {}

  static Requirement require(const std::string& metric, Bound bound, double limit,
                             const std::string& slice = "") {
    return {.metric = metric,
            .bound = bound,
            .limit = limit,
            .slice = slice,
            .because = "",
            .section = *parse_settings("", "test")};
  }
  static Evidence measured(const std::string& metric, double value, const std::string& slice = "") {
    Evidence evidence;
    evidence.metric = metric;
    evidence.value = value;
    evidence.slice = slice;
    evidence.row_count = 100;
    evidence.data = "test";
    return evidence;
  }
  int64_t event_count() const { return *ledger_->head(); }

  TestFolder folder_;
  ManualClock clock_{Time{1'357'034'400'000'000}};
  std::shared_ptr<Ledger> ledger_;
  Id model_ = hash_of("a model");
};

TEST_F(GateTest, PassesAtTheLimitAndListsMargins) {
  const auto verdict =
      judge(*ledger_, model_,
            {require("auc", Bound::at_least, 0.75), require("latency_ms_p99", Bound::at_most, 5)},
            {measured("auc", 0.75), measured("latency_ms_p99", 3.5)}, "ann");
  ASSERT_TRUE(verdict.ok());
  EXPECT_TRUE(verdict->passed());
  ASSERT_EQ(verdict->judgements().size(), 2U);
  EXPECT_EQ(verdict->judgements()[0].margin, 0);
  EXPECT_TRUE(verdict->judgements()[0].passed);
  EXPECT_EQ(verdict->judgements()[1].margin, 1.5);
  EXPECT_EQ(verdict->model(), model_);
  EXPECT_EQ(verdict->name(), verdict->event().id.brief());
  EXPECT_EQ(verdict->event().author, "ann");
}

TEST_F(GateTest, OneFailureFailsTheWhole) {
  const auto verdict =
      judge(*ledger_, model_,
            {require("auc", Bound::at_least, 0.7), require("auc", Bound::at_most, 0.72),
             require("brier", Bound::at_most, 0.2)},
            {measured("auc", 0.75), measured("brier", 0.1)}, "ann");
  ASSERT_TRUE(verdict.ok());
  EXPECT_FALSE(verdict->passed());
  EXPECT_TRUE(verdict->judgements()[0].passed);
  EXPECT_FALSE(verdict->judgements()[1].passed);
  EXPECT_NEAR(verdict->judgements()[1].margin, -0.03, 1e-12);
  EXPECT_TRUE(verdict->judgements()[2].passed);
}

TEST_F(GateTest, NoEvidenceIsNoPass) {
  const auto verdict =
      judge(*ledger_, model_,
            {require("auc", Bound::at_least, 0, "origin=JFK"), require("rmse", Bound::at_most, 9)},
            {measured("auc", 0.9), measured("auc", 0.9, "origin=EWR")}, "ann");
  ASSERT_TRUE(verdict.ok());
  EXPECT_FALSE(verdict->passed());
  EXPECT_FALSE(verdict->judgements()[0].evidence.has_value());
  EXPECT_THAT(verdict->judgements()[0].reason, HasSubstr("measured for all rows, origin=EWR"));
  EXPECT_THAT(verdict->judgements()[1].reason, HasSubstr("nobody measured it"));
}

TEST_F(GateTest, WhatIsNoNumberFailsAndTheWorseMeasurementCounts) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto verdict = judge(
      *ledger_, model_,
      {require("auc", Bound::at_least, 0.6), require("brier", Bound::at_most, 0.5),
       require("log_loss", Bound::at_most, 1)},
      {measured("auc", 0.9), measured("auc", 0.5), measured("brier", 0.1), measured("brier", nan),
       measured("log_loss", -std::numeric_limits<double>::infinity())},
      "ann");
  ASSERT_TRUE(verdict.ok());
  EXPECT_FALSE(verdict->judgements()[0].passed);
  EXPECT_EQ(verdict->judgements()[0].evidence->value, 0.5);
  EXPECT_FALSE(verdict->judgements()[1].passed);
}

TEST_F(GateTest, NothingIsRecordedWhenThereIsNothingToJudge) {
  const auto none = judge(*ledger_, model_, {}, {measured("auc", 1)}, "ann");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::refused);

  const auto twice = judge(
      *ledger_, model_,
      {require("auc", Bound::at_least, 0.1), require("auc", Bound::at_least, 0.9)}, {}, "ann");
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().code, ErrorCode::invalid_input);

  const auto nan =
      judge(*ledger_, model_, {require("auc", Bound::at_least, std::nan(""))}, {}, "ann");
  ASSERT_FALSE(nan.ok());
  EXPECT_EQ(event_count(), 0);
}

TEST_F(GateTest, TheLedgerGivesTheVerdictBack) {
  EXPECT_FALSE((*find_verdict(*ledger_, model_)).has_value());
  const auto made = judge(*ledger_, model_,
                          {require("auc", Bound::at_least, 0.1 + 0.2, "origin=JFK"),
                           require("brier", Bound::at_most, 1)},
                          {measured("auc", 1.0 / 3, "origin=JFK")}, "ann");
  ASSERT_TRUE(made.ok());
  const auto found = find_verdict(*ledger_, model_);
  ASSERT_TRUE(found.ok());
  ASSERT_TRUE(found->has_value());
  const Verdict& verdict = **found;
  EXPECT_EQ(dump_json(to_json(verdict)), dump_json(to_json(*made)));
  EXPECT_EQ(verdict.event().id, made->event().id);
  EXPECT_EQ(verdict.judgements()[0].requirement.limit, 0.1 + 0.2);
  EXPECT_EQ(verdict.judgements()[0].evidence->value, 1.0 / 3);
  EXPECT_FALSE(verdict.judgements()[1].evidence.has_value());
  EXPECT_FALSE((*find_verdict(*ledger_, hash_of("another"))).has_value());
}

TEST_F(GateTest, AnIntervalBeyondTheLimitIsTold) {
  Evidence evidence = measured("auc", 0.70);
  evidence.lower = 0.62;
  evidence.upper = 0.75;
  const auto verdict =
      judge(*ledger_, model_, {require("auc", Bound::at_least, 0.64)}, {evidence}, "ann");
  ASSERT_TRUE(verdict.ok());
  EXPECT_TRUE(verdict->passed());
  EXPECT_THAT(verdict->judgements()[0].reason, HasSubstr("interval reaches 0.62"));
}

TEST_F(GateTest, ANearFailureSaysHowManyRowsWouldTell) {
  Evidence evidence = measured("recall_gap", 0.15, "by sex");
  evidence.lower = 0.07;
  evidence.upper = 0.25;
  evidence.note = "recall from f 0.4 (50 rows) to m 0.55 (50 rows)";
  const auto verdict = judge(
      *ledger_, model_, {require("recall_gap", Bound::at_most, 0.1, "by sex")}, {evidence}, "ann");
  ASSERT_TRUE(verdict.ok());
  EXPECT_FALSE(verdict->passed());
  // (0.08 / 0.05)^2 of 100 rows
  EXPECT_THAT(verdict->judgements()[0].reason, HasSubstr("about 256 rows would be needed to tell"));
  EXPECT_THAT(verdict->judgements()[0].reason, HasSubstr("recall from f 0.4 (50 rows) to m"));
}

TEST_F(GateTest, WhyNothingWasMeasuredIsTold) {
  const auto verdict = judge(
      *ledger_, model_,
      {require("recall_gap", Bound::at_most, 0.1, "by sex"),
       require("auc", Bound::at_least, 0.1, "sex=f")},
      {measured("auc", 0.9)}, "ann",
      {.unmeasured = {{.metric = "recall_gap", .slice = "by sex", .why = "there is only one group"},
                      {.metric = "", .slice = "sex=f", .why = "3 rows, and 30 are needed"}}});
  ASSERT_TRUE(verdict.ok());
  EXPECT_FALSE(verdict->passed());
  EXPECT_EQ(verdict->judgements()[0].reason, "not measured: there is only one group");
  EXPECT_EQ(verdict->judgements()[1].reason, "not measured: 3 rows, and 30 are needed");
}

TEST_F(GateTest, AgainstWhatServesTheLowerEndDecides) {
  Evidence evidence = measured("advantage:auc", 0.01);
  evidence.lower = -0.004;
  evidence.upper = 0.024;
  evidence.note = "0.75 against 0.74";
  const auto judged = [&](Bound bound, double limit) {
    return judge(*ledger_, model_, {require("auc", bound, limit)}, {evidence}, "ann")
        ->judgements()
        .front();
  };
  EXPECT_TRUE(judged(Bound::not_worse_by, 0.004).passed);
  EXPECT_TRUE(judged(Bound::not_worse_by, 0.01).passed);
  const Judgement unsure = judged(Bound::not_worse_by, 0.002);
  EXPECT_FALSE(unsure.passed);
  EXPECT_NEAR(unsure.margin, -0.002, 1e-12);
  // (0.014 / 0.012)^2 of 100 rows
  EXPECT_THAT(unsure.reason, HasSubstr("about 137 rows would be needed to tell"));
  EXPECT_FALSE(judged(Bound::better_by, 0).passed);
  evidence.lower = 0.0001;
  EXPECT_TRUE(judged(Bound::better_by, 0).passed);
  // The same model is not better than itself, and not worse either.
  evidence.value = 0;
  evidence.lower = 0;
  EXPECT_FALSE(judged(Bound::better_by, 0).passed);
  EXPECT_TRUE(judged(Bound::not_worse_by, 0).passed);
}

TEST_F(GateTest, NothingServesOrNothingWasCompared) {
  const std::vector<Requirement> against = {require("auc", Bound::better_by, 0.1)};
  const auto first = judge(*ledger_, model_, against, {}, "ann", {.nothing_serves = true});
  EXPECT_TRUE(first->passed());
  EXPECT_THAT(first->judgements()[0].reason, HasSubstr("nothing serves yet"));
  // A measurement of the model alone is no comparison.
  const auto none = judge(*ledger_, model_, against, {measured("auc", 0.9)}, "ann");
  EXPECT_FALSE(none->passed());
}

TEST_F(GateTest, WhatShouldBeIsToldAndAFirstTimeOnlyWarns) {
  Requirement should = require("auc", Bound::at_least, 0.9);
  should.level = Level::should;
  const Requirement must = require("brier", Bound::at_most, 0.1);
  const std::vector<Evidence> evidence = {measured("auc", 0.8), measured("brier", 0.2)};
  const auto told = judge(*ledger_, model_, {should}, evidence, "ann");
  EXPECT_TRUE(told->passed());
  EXPECT_FALSE(told->warns_only());
  EXPECT_FALSE(told->judgements()[0].passed);
  EXPECT_FALSE(judge(*ledger_, model_, {should, must}, evidence, "ann")->passed());
  const auto warned = judge(*ledger_, model_, {should, must}, evidence, "ann", {.warn_only = true});
  EXPECT_TRUE(warned->passed());
  EXPECT_TRUE(warned->warns_only());
  const auto again = find_verdict(*ledger_, model_);
  ASSERT_TRUE(again.ok()) << again.error().what;
  EXPECT_TRUE((*again)->warns_only());
  EXPECT_EQ((*again)->judgements()[0].requirement.level, Level::should);
  EXPECT_EQ(dump_json(to_json(**again)), dump_json(to_json(*warned)));
}

TEST_F(GateTest, AMadeUpEventIsDamaged) {
  Event event;
  event.kind = "verdict";
  event.subject = model_.hex();
  event.body = R"({"passed":true,"judgements":[]})";
  EXPECT_FALSE(verdict_from_event(event).ok());
  event.kind = "release";
  EXPECT_FALSE(verdict_from_event(event).ok());
  event.kind = "verdict";
  event.body = "{";
  EXPECT_FALSE(verdict_from_event(event).ok());
}

}  // namespace
}  // namespace millgate
