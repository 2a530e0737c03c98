#include "model/measure/rounded_text.h"

#include <gtest/gtest.h>

namespace millgate {
namespace {

TEST(RoundedText, HasSignificantDigitsAndNoExponentThatPeopleMisread) {
  EXPECT_EQ(rounded_text(0.123456), "0.1235");
  EXPECT_EQ(rounded_text(1234.4), "1234");
  EXPECT_EQ(rounded_text(9999.7), "10000");
  EXPECT_EQ(rounded_text(62418), "62418");
  EXPECT_EQ(rounded_text(-62417.6), "-62418");
  EXPECT_EQ(rounded_text(123.456, 2), "123");
  EXPECT_EQ(rounded_text(1.5e-7), "1.5e-07");
  EXPECT_EQ(rounded_text(2e15), "2e+15");
  EXPECT_EQ(rounded_text(0), "0");
}

}  // namespace
}  // namespace millgate
