#include "ground/clock.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

int64_t micros_of(std::string_view text) {
  const auto time = parse_time(text);
  EXPECT_TRUE(time.ok()) << text;
  return time.ok() ? time->micros : -1;
}

// date -u -d '2013-01-01T10:00:00Z' +%s
constexpr int64_t kTenOClock = 1'357'034'400'000'000;

TEST(Time, ReadsEachForm) {
  EXPECT_EQ(micros_of("1970-01-01"), 0);
  EXPECT_EQ(micros_of("2013-01-01"), kTenOClock - 36'000'000'000);
  for (const char* same :
       {"2013-01-01T10:00", "2013-01-01 10:00", "2013-01-01T10:00:00", "2013-01-01t10:00:00Z",
        "2013-01-01T10:00:00.000", "2013-01-01T05:00:00-05:00", "2013-01-01T05:00-0500",
        "2013-01-01 05:00:00-05", "2013-01-01T15:30+05:30", "2012-12-31T23:00-11:00"}) {
    EXPECT_EQ(micros_of(same), kTenOClock) << same;
  }
  EXPECT_EQ(micros_of("2013-01-01T10:00:00.5"), kTenOClock + 500'000);
  EXPECT_EQ(micros_of("2013-01-01T10:00:00.000001Z"), kTenOClock + 1);
  EXPECT_EQ(micros_of("2013-01-01T10:00:00.9999999Z"), kTenOClock + 999'999);
  EXPECT_EQ(micros_of("1969-12-31T23:59:59.5Z"), -500'000);
}

TEST(Time, RefusesTheRest) {
  for (const char* wrong :
       {"", "2013", "2013-1-1", "2013-13-01", "2013-02-29", "2013-01-32", "2013-01-01T",
        "2013-01-01T24:00", "2013-01-01T10:60", "2013-01-01T10:00:60", "2013-01-01T10",
        "2013-01-01T10:00:00.", "2013-01-01T10:00:00+25:00", "2013-01-01T10:00:00 Z",
        "2013-01-01T10:00x", " 2013-01-01", "01/02/2013", "2013-01-01T10:00+1"}) {
    const auto time = parse_time(wrong);
    ASSERT_FALSE(time.ok()) << wrong;
    EXPECT_EQ(time.error().code, ErrorCode::invalid_input);
    EXPECT_EQ(time.error().what, "`" + std::string(wrong) + "` is not a time");
    EXPECT_NE(time.error().hint.find("2013-01-01T10:00"), std::string::npos);
  }
}

TEST(Time, WritesDecimalsOnlyWhereThereAreSome) {
  EXPECT_EQ(to_string(Time{0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_string(Time{kTenOClock}), "2013-01-01T10:00:00Z");
  EXPECT_EQ(to_string(Time{kTenOClock + 20}), "2013-01-01T10:00:00.000020Z");
  EXPECT_EQ(to_string(Time{-1}), "1969-12-31T23:59:59.999999Z");
}

TEST(Time, ReadsWhatItWritesAndAgreesWithTheSystemLibrary) {
  Random random(11);
  constexpr int64_t kYear9999 = 253'402'300'799;
  for (int i = 0; i < 20'000; ++i) {
    const auto seconds = static_cast<int64_t>(random.below(2 * kYear9999)) / 2 - 60'000'000'000;
    const Time time{seconds * 1'000'000 + static_cast<int64_t>(random.below(1'000'000))};
    const std::string text = to_string(time);
    ASSERT_EQ(micros_of(text), time.micros) << text;
    const auto system_seconds = static_cast<std::time_t>(seconds);
    std::tm fields{};
    ::gmtime_r(&system_seconds, &fields);
    char expected[32];
    std::strftime(expected, sizeof(expected), "-%m-%dT%H:%M:%S", &fields);
    ASSERT_EQ(text.substr(4, 15), expected) << text;
    ASSERT_EQ(std::stoi(text.substr(0, 4)), fields.tm_year + 1900) << text;
  }
}

TEST(Duration, ReadsEachUnit) {
  const std::pair<const char*, int64_t> known[] = {
      {"30d", 2'592'000'000'000},   {"3h", 10'800'000'000},
      {"15m", 900'000'000},         {"20s", 20'000'000},
      {"250ms", 250'000},           {"7us", 7},
      {"2w", 1'209'600'000'000},    {"30 minutes", 1'800'000'000},
      {"1 day", 86'400'000'000},    {"1 DAY", 86'400'000'000},
      {"1.5h", 5'400'000'000},      {"0s", 0},
      {"1h 30m", 5'400'000'000},    {"1h30m", 5'400'000'000},
      {" 2 hours ", 7'200'000'000}, {"0.000001s", 1},
  };
  for (const auto& [text, micros] : known) {
    const auto duration = parse_duration_micros(text);
    ASSERT_TRUE(duration.ok()) << text;
    EXPECT_EQ(*duration, micros) << text;
  }
}

TEST(Duration, RefusesTheRest) {
  for (const char* wrong : {"", " ", "30", "d", "-3h", "3 fortnights", "3h!", "1.h", "h3",
                            "99999999999999999999d", "999999999999999d", "3 months"}) {
    const auto duration = parse_duration_micros(wrong);
    ASSERT_FALSE(duration.ok()) << wrong;
    EXPECT_EQ(duration.error().what, "`" + std::string(wrong) + "` is not a duration");
  }
}

// The variable is read once in a process, so each case has a process of its own.
TEST(SystemClock, StopsWhereTheEnvironmentSays) {
  const pid_t child = start_process([] {
    ::setenv("MILLGATE_NOW", "2013-01-01T10:00:00Z", 1);
    const bool stopped = system_clock().now() == Time{kTenOClock} &&
                         system_clock().now() == Time{kTenOClock} && check_system_clock().ok();
    return stopped ? 0 : 1;
  });
  EXPECT_EQ(wait_for(child), 0);
}

TEST(SystemClock, RunsAndSaysSoWhenTheEnvironmentIsWrong) {
  const pid_t child = start_process([] {
    ::setenv("MILLGATE_NOW", "yesterday", 1);
    const Status status = check_system_clock();
    const bool told =
        !status.ok() && status.error().what == "the environment variable MILLGATE_NOW is wrong" &&
        status.error().because == std::vector<std::string>{"`yesterday` is not a time"};
    const int64_t difference = system_clock().now().micros / 1'000'000 - std::time(nullptr);
    return told && difference >= -2 && difference <= 2 ? 0 : 1;
  });
  EXPECT_EQ(wait_for(child), 0);
}

TEST(ManualClock, StandsStillUntilTold) {
  ManualClock clock(Time{5});
  EXPECT_EQ(clock.now(), Time{5});
  clock.set(Time{3});
  EXPECT_EQ(clock.now(), Time{3});
}

}  // namespace
}  // namespace millgate
