#include "system/serve/json_value.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdint>
#include <limits>
#include <string>

namespace millgate {
namespace {

/// A column with one row.
Vector column_of(ValueType type) {
  Vector column;
  column.reset(type, 1);
  column.valid[0] = 1;
  return column;
}

/// What `column` is after its row was written and read.
Vector there_and_back(const Vector& column) {
  std::string text;
  append_json_value(text, column, 0);
  Vector back;
  back.reset(column.type, 1);
  const auto body = parse_body("[" + text + "]");
  EXPECT_TRUE(body.ok()) << text;
  const Status read = set_value(body->at(0).value_unsafe(), "x", back, 0);
  EXPECT_TRUE(read.ok()) << text;
  return back;
}

TEST(JsonValue, IntegersTimesAndDurationsComeBackExactly) {
  for (const ValueType type : {ValueType::integer, ValueType::time, ValueType::duration}) {
    for (const int64_t value :
         {int64_t{0}, int64_t{1}, int64_t{10}, int64_t{999'999}, int64_t{1'500'000},
          int64_t{90'000'000}, int64_t{100'000'000'000}, int64_t{100'000'000'000'001}}) {
      Vector column = column_of(type);
      column.integers[0] = value;
      const Vector back = there_and_back(column);
      EXPECT_EQ(back.valid[0], 1) << value;
      EXPECT_EQ(back.integers[0], value);
    }
  }
}

TEST(JsonValue, NumbersTextsAndTruthComeBackExactly) {
  for (const double value : {0.0, 0.1, -1e300, 5e-324, 1e22}) {
    Vector column = column_of(ValueType::number);
    column.numbers[0] = value;
    EXPECT_EQ(there_and_back(column).numbers[0], value);
  }
  Vector text = column_of(ValueType::text);
  text.texts[0] = "say \"å\"\n\t\\";
  EXPECT_EQ(there_and_back(text).texts[0], text.texts[0]);
  for (const int64_t value : {0, 1}) {
    Vector column = column_of(ValueType::boolean);
    column.integers[0] = value;
    EXPECT_EQ(there_and_back(column).integers[0], value);
  }
}

TEST(JsonValue, WhatIsNoNumberAndWhatIsMissingIsNull) {
  Vector column = column_of(ValueType::number);
  column.numbers[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(there_and_back(column).valid[0], 0);
  column.valid[0] = 0;
  EXPECT_EQ(there_and_back(column).valid[0], 0);
}

}  // namespace
}  // namespace millgate
