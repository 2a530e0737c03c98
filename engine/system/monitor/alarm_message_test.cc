#include "system/monitor/alarm_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/json.h"
#include "system/monitor/alarm_delivery.h"

namespace millgate {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<Incident> one_alarm() {
  Alarm alarm;
  alarm.key = "unit/m/distance";
  alarm.kind = "unit";
  alarm.severity = 0.9;
  alarm.model = "ab12";
  alarm.subject = "distance";
  alarm.what = "distance: <b>miles</b> & more\r\nBcc: all@example.org";
  alarm.since = Time{1'772'409'600'000'000};
  alarm.how_much = "31 % of 4,120 rows";
  alarm.next_step = "millgate sql 'select 1'";
  alarm.event_number = 12;
  alarm.recorded = Time{1'772'409'600'000'000};
  alarm.harm.note = "no labels";
  Alarm also;
  also.what = "auc on served rows is worse than in the test";
  also.how_much = "0.65, was 0.72";
  also.since = Time{alarm.since.micros + 1};
  return {{.number = 12, .alarms = {alarm, also}}};
}

Json json_of(AlarmFormat format) {
  return Json::parse(alarm_message(format, "trips", one_alarm(), {}).body);
}

TEST(AlarmMessage, CloudEventsHaveWhatTheSpecificationRequires) {
  const Json events = json_of(AlarmFormat::cloudevents);
  ASSERT_EQ(events.size(), 1U);
  for (const char* name : {"id", "source", "specversion", "type"}) {
    EXPECT_FALSE(events[0][name].get<std::string>().empty()) << name;
  }
  EXPECT_EQ(events[0]["specversion"], "1.0");
  EXPECT_EQ(events[0]["id"], "12");
  EXPECT_EQ(events[0]["time"], "2026-03-02T00:00:00Z");
  EXPECT_EQ(events[0]["data"]["subject"], "distance");
}

TEST(AlarmMessage, AlertmanagerGetsLabelsAndAnnotations) {
  const Json alerts = json_of(AlarmFormat::alertmanager);
  EXPECT_EQ(alerts[0]["labels"]["alertname"], "millgate_unit");
  EXPECT_EQ(alerts[0]["labels"]["severity"], "critical");
  EXPECT_EQ(alerts[0]["annotations"]["next_step"], "millgate sql 'select 1'");
  EXPECT_EQ(alerts[0]["startsAt"], "2026-03-02T00:00:00Z");
  for (const auto& [name, value] : alerts[0]["labels"].items()) EXPECT_TRUE(value.is_string());
}

TEST(AlarmMessage, SlackDoesNotTakeTextForMarks) {
  const auto text = json_of(AlarmFormat::slack)["text"].get<std::string>();
  EXPECT_THAT(text, HasSubstr("&lt;b&gt;miles&lt;/b&gt; &amp; more"));
  EXPECT_THAT(text, HasSubstr("trips: 1 incident"));
  EXPECT_THAT(text, HasSubstr("harm: cannot be known: no labels\nalso: auc on served rows"));
}

TEST(AlarmMessage, NoTextOfAnAlarmBecomesAHeaderOfAMail) {
  const auto mail = alarm_message(AlarmFormat::email, "trips", one_alarm(),
                                  {"gate@example.org", {"a@example.org", "b@example.org"}});
  const size_t end = mail.body.find("\r\n\r\n");
  ASSERT_NE(end, std::string::npos);
  const std::string head = mail.body.substr(0, end);
  EXPECT_THAT(head, Not(HasSubstr("\nBcc:")));
  EXPECT_THAT(head, HasSubstr("To: a@example.org, b@example.org"));
  EXPECT_THAT(mail.body.substr(end), HasSubstr("since 2026-03-02T00:00:00Z"));
}

TEST(AlarmDelivery, AUrlIsShownWithoutItsSecrets) {
  EXPECT_EQ(shown_url("https://hooks.example.org/services/T0/B0/secret"),
            "https://hooks.example.org");
  EXPECT_EQ(shown_url("smtps://user:secret@mail.example.org:465"), "smtps://mail.example.org:465");
  EXPECT_EQ(shown_url("http://x?token=secret"), "http://x");
  EXPECT_EQ(shown_url("nothing"), "");
}

TEST(AlarmDelivery, OtherSchemesAreRefusedBeforeAnythingIsSent) {
  EXPECT_EQ(deliver({}, {.url = "file:///etc/passwd"}).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(deliver({}, {.url = "smtp://x"}).error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace millgate
