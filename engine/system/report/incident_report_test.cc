#include "system/report/incident_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "system/monitor/test_monitor.h"

namespace millgate {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A project whose carrier AA stops sending the warmth after three weeks.
class IncidentReports : public testing::Test {
 protected:
  IncidentReports() {
    watched_.project().clock().set(Time{kTestBegin + 27 * kTestDay});
    rows_ = watched_.four_weeks();
    for (ServedRow& row : rows_) {
      if (is_late(row) && row.carrier != "DL") row.warmth = kMissing;
    }
    watched_.answer(rows_);
    WatchedProject::label(rows_);
    watched_.log(rows_);
    const MonitorReport report = watched_.watch();
    EXPECT_FALSE(report.alarms.empty());
    number_ = report.alarms.at(0).incident;
  }

  static bool is_late(const ServedRow& row) {
    return row.event_micros >= kTestBegin + 21 * kTestDay;
  }
  [[nodiscard]] bool is_affected(const ServedRow& row) const {
    return is_late(row) && std::isnan(row.warmth) && row.event_micros <= kTestBegin + 27 * kTestDay;
  }

  IncidentReport report(std::vector<std::string> hidden = {}) {
    return good(incident_report(watched_.repository(),
                                {.number = number_,
                                 .project = "trips <b>",
                                 .slices = {"carrier", "nothing"},
                                 .guard = {.changes = nullptr, .left_out = std::move(hidden)}}));
  }

  WatchedProject watched_;
  std::vector<ServedRow> rows_;
  int64_t number_ = 0;
};

TEST_F(IncidentReports, CountsWhoWasAffected) {
  const IncidentReport found = report();
  int64_t affected = 0;
  std::map<std::string, int64_t> by_carrier;
  for (const ServedRow& row : rows_) {
    if (!is_affected(row)) continue;
    ++affected;
    ++by_carrier[row.carrier];
  }
  EXPECT_GT(affected, 200);
  EXPECT_EQ(found.affected, affected);
  ASSERT_EQ(found.groups.size(), 3U);
  for (const AffectedGroup& group : found.groups) {
    EXPECT_EQ(group.affected, by_carrier[group.value]) << group.value;
    EXPECT_LE(group.affected, group.served);
  }
  EXPECT_EQ(found.groups[0].value, "UA") << "the most affected first";
  int64_t touched = 0;
  for (const ServedStretch& one : found.stretches) {
    touched += one.affected;
    EXPECT_LE(one.affected, one.served);
  }
  EXPECT_EQ(touched, affected);
  EXPECT_THAT(found.notes, testing::Contains(HasSubstr("`nothing` cannot be known")));
}

TEST_F(IncidentReports, ExamplesAreAffectedOnes) {
  const IncidentReport found = report();
  ASSERT_EQ(found.examples.size(), 3U);
  for (const PredictionTrace& trace : found.examples) {
    const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const ServedRow& one) {
      return WatchedProject::id_of(one) == trace.prediction_id;
    });
    ASSERT_NE(row, rows_.end());
    EXPECT_TRUE(is_affected(*row));
  }
  EXPECT_LT(found.examples[0].event, found.examples[1].event);
  EXPECT_LT(found.examples[1].event, found.examples[2].event);
}

TEST_F(IncidentReports, TheTimeLineHasItsBeginAndWhatWasDecided) {
  ASSERT_TRUE(decide_incident(watched_.repository().ledger(), number_,
                              {AlarmState::acknowledged, {}, "ada", "I <look>"},
                              watched_.repository().clock().now(), "login")
                  .ok());
  const IncidentReport found = report();
  ASSERT_GE(found.steps.size(), 3U);
  EXPECT_TRUE(std::is_sorted(found.steps.begin(), found.steps.end(),
                             [](const auto& a, const auto& b) { return a.time < b.time; }));
  const auto begins = std::find_if(found.steps.begin(), found.steps.end(),
                                   [](const IncidentStep& step) { return step.event == 0; });
  ASSERT_NE(begins, found.steps.end());
  EXPECT_EQ(to_string(begins->time), "2026-03-23T00:00:00Z");
  EXPECT_EQ(found.steps.back().what, "acknowledged by ada: I <look>");
  for (const IncidentAdvice& one : incident_advice(found)) {
    EXPECT_THAT(one.command, Not(HasSubstr("acknowledge"))) << "that was done";
  }
}

TEST_F(IncidentReports, NothingThatPeopleWroteBecomesMarkup) {
  ASSERT_TRUE(decide_incident(watched_.repository().ledger(), number_,
                              {AlarmState::acknowledged, {}, "ada", "<script>x</script> | *y*"},
                              watched_.repository().clock().now(), "login")
                  .ok());
  const std::string page = incident_html(report());
  EXPECT_THAT(page, HasSubstr("warmth is missing more often"));
  EXPECT_THAT(page, HasSubstr("trips &lt;b&gt;"));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, HasSubstr("millgate trace "));
  const std::string markdown = incident_markdown(report());
  EXPECT_THAT(markdown, HasSubstr("&lt;script\\>x&lt;/script\\> \\| \\*y\\*"));
  EXPECT_THAT(markdown, HasSubstr("| carrier = UA |"));
}

TEST_F(IncidentReports, WhatIsHiddenIsNotCountedBy) {
  const IncidentReport found = report({"carrier"});
  EXPECT_TRUE(found.groups.empty());
  EXPECT_THAT(found.notes, testing::Contains(HasSubstr("personal data")));
  EXPECT_THAT(incident_html(found), Not(HasSubstr("&quot;UA&quot;")));
}

TEST_F(IncidentReports, AnIncidentThatIsNotThereIsSaid) {
  const auto none = incident_report(watched_.repository(), {.number = 99, .project = "trips"});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
  EXPECT_THAT(none.error().hint, HasSubstr("#" + std::to_string(number_)));
}

}  // namespace
}  // namespace millgate
