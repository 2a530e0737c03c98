#include "data/table/value_text.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "data/table/row_key.h"
#include "ground/random.h"

namespace millgate {
namespace {

TEST(ValueText, IntegersFitOnlyIfTheyStayWhatTheyAre) {
  EXPECT_EQ(integer_from("0"), 0);
  EXPECT_EQ(integer_from("-17"), -17);
  EXPECT_EQ(integer_from("+17"), 17);
  EXPECT_EQ(integer_from("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(integer_from("-9223372036854775808"), INT64_MIN);
  for (const char* text : {"", "-", "+", "00501", "-0", "1.0", "1e3", "9223372036854775808", "1 ",
                           "0x10", "+-1", "--1", "1_000"}) {
    EXPECT_EQ(integer_from(text), std::nullopt) << text;
  }
}

TEST(ValueText, NumbersFitOnlyIfTheyStayWhatTheyAre) {
  EXPECT_EQ(number_from("1.5"), 1.5);
  EXPECT_EQ(number_from("-.5"), -0.5);
  EXPECT_EQ(number_from("+2."), 2.0);
  EXPECT_EQ(number_from("6.02e23"), 6.02e23);
  EXPECT_TRUE(std::signbit(*number_from("-0")));
  EXPECT_TRUE(std::isnan(*number_from("NaN")));
  EXPECT_EQ(number_from("-Infinity"), -INFINITY);
  EXPECT_EQ(number_from("inf"), INFINITY);
  EXPECT_EQ(number_from("9007199254740992"), 9007199254740992.0);
  for (const char* text : {"", ".", "-", "e5", "1e", "1.5x", "00.5", "infinite", "nanny", "1e999",
                           "9007199254740993", "12345678901234567890"}) {
    EXPECT_EQ(number_from(text), std::nullopt) << text;
  }
}

TEST(ValueText, NumbersSurviveBeingWritten) {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::bit_cast<double>(random.next());
    if (std::isnan(value)) continue;
    const std::string text = number_text(value);
    ASSERT_EQ(std::bit_cast<uint64_t>(*number_from(text)), std::bit_cast<uint64_t>(value)) << text;
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
  }
  EXPECT_EQ(number_text(5), "5.0");
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(NAN), "NaN");
}

TEST(ValueText, DecimalsHaveAllPlacesAndNoExponent) {
  const std::vector<std::string> texts = {"-0.000000001",
                                          "0.000000000",
                                          "12345678901234567890123456789.123456789",
                                          "-99999999999999999999999999999.999999999",
                                          "0.100000000",
                                          "-7.000000001"};
  arrow::Decimal128Builder builder(arrow::decimal128(38, 9));
  for (const std::string& text : texts) {
    ASSERT_TRUE(builder.Append(*arrow::Decimal128::FromString(text)).ok());
  }
  const auto column = *builder.Finish();
  for (size_t row = 0; row < texts.size(); ++row) {
    EXPECT_EQ(value_text(*column, static_cast<int64_t>(row)), texts[row]);
  }
}

// python3 -c "import datetime as d; print((d.date(2013,1,1)-d.date(1970,1,1)).days,
//   (d.date(1900,3,1)-d.date(1970,1,1)).days, (d.date(2000,2,29)-d.date(1970,1,1)).days)"
TEST(ValueText, DatesThatExist) {
  EXPECT_EQ(date_from("1970-01-01"), 0);
  EXPECT_EQ(date_from("2013-01-01"), 15706);
  EXPECT_EQ(date_from("1900-03-01"), -25508);
  EXPECT_EQ(date_from("2000-02-29"), 11016);
  EXPECT_EQ(date_text(15706), "2013-01-01");
  EXPECT_EQ(date_text(-25508), "1900-03-01");
  for (const char* text : {"2013-02-29", "1900-02-29", "2013-13-01", "2013-1-1", "20130101",
                           "2013-01-01 ", "2013-00-10", "13-01-01", "2013/01/01"}) {
    EXPECT_EQ(date_from(text), std::nullopt) << text;
  }
}

// python3 -c "import datetime as d; print(int(d.datetime(2013,1,1,10,
//   tzinfo=d.timezone.utc).timestamp()))"  -> 1357034400
TEST(ValueText, TimestampsKeepWhetherTheyHaveAZone) {
  constexpr int64_t kTen = 1'357'034'400'000'000;
  const auto expect = [](const char* text, int64_t micros, bool zoned) {
    const auto value = timestamp_from(text);
    ASSERT_TRUE(value.has_value()) << text;
    EXPECT_EQ(value->micros, micros) << text;
    EXPECT_EQ(value->zoned, zoned) << text;
  };
  expect("2013-01-01T10:00:00Z", kTen, true);
  expect("2013-01-01 10:00", kTen, false);
  expect("2013-01-01T12:00:00+02:00", kTen, true);
  expect("2013-01-01T04:30:00-0530", kTen, true);
  expect("2013-01-01T11:00:00.000000999+01", kTen, true);
  expect("2013-01-01 10:00:00.25", kTen + 250'000, false);
  for (const char* text : {"2013-01-01T", "2013-01-01T10", "2013-01-01T24:00", "2013-01-01T10:60",
                           "2013-01-01T10:00:00.", "2013-01-01T10:00:00 Z", "2013-01-01T10:00:00+",
                           "2013-01-01T10:00:00ZZ", "2013-01-01T10:00:00+1:00"}) {
    EXPECT_FALSE(timestamp_from(text).has_value()) << text;
  }
  EXPECT_EQ(timestamp_text({.micros = kTen, .zoned = true}), "2013-01-01T10:00:00Z");
  EXPECT_EQ(timestamp_text({.micros = kTen, .zoned = false}), "2013-01-01T10:00:00");
}

TEST(ValueText, Booleans) {
  EXPECT_EQ(boolean_from("TRUE"), true);
  EXPECT_EQ(boolean_from("false"), false);
  for (const char* text : {"", "1", "0", "yes", "tRUE", "t"}) {
    EXPECT_EQ(boolean_from(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace millgate
