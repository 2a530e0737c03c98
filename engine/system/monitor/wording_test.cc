#include "system/monitor/wording.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace millgate {
namespace {

TEST(Wording, Counts) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'000), "1,000");
  EXPECT_EQ(count_text(-1'234'567), "-1,234,567");
  EXPECT_EQ(count_text(-999), "-999");
  EXPECT_EQ(count_of(1, "row"), "1 row");
  EXPECT_EQ(count_of(4'120, "row"), "4,120 rows");
  EXPECT_EQ(count_of(0, "label"), "0 labels");
}

TEST(Wording, Shares) {
  EXPECT_EQ(percent_text(0), "0 %");
  EXPECT_EQ(percent_text(1), "100 %");
  EXPECT_EQ(percent_text(0.9999), "99.99 %");
  EXPECT_EQ(percent_text(0.99999), "99.99 %") << "100 % is kept for all of them";
  EXPECT_EQ(percent_text(0.314), "31 %");
  EXPECT_EQ(percent_text(0.0314), "3.1 %");
  EXPECT_EQ(percent_text(0.0047), "0.47 %");
  EXPECT_EQ(percent_text(0.00001), "< 0.01 %");
  EXPECT_EQ(percent_text(std::nan("")), "unknown");
}

TEST(Wording, Figures) {
  EXPECT_EQ(figure_text(0), "0");
  EXPECT_EQ(figure_text(0.6741), "0.674");
  EXPECT_EQ(figure_text(12.34), "12.3");
  EXPECT_EQ(figure_text(4120.4), "4,120");
  EXPECT_EQ(figure_text(-5), "-5");
  EXPECT_EQ(figure_text(0.00012345), "0.00012");
  EXPECT_EQ(figure_text(std::nan("")), "unknown");
  EXPECT_EQ(figure_text(std::numeric_limits<double>::infinity()), "infinity");
  EXPECT_EQ(figure_text(1e300).substr(0, 2), "1e") << "a count of 300 digits tells nothing";
}

TEST(Wording, Times) {
  EXPECT_EQ(time_text(parse_time("2013-06-01").value()), "2013-06-01");
  EXPECT_EQ(time_text(parse_time("2013-06-01T13:30").value()), "2013-06-01 13:30");
  EXPECT_EQ(time_text(parse_time("2013-06-01T13:30:05.25").value()), "2013-06-01 13:30:05");
  EXPECT_EQ(duration_text(7LL * 24 * 3'600'000'000), "7 days");
  EXPECT_EQ(duration_text(3'600'000'000), "1 hour");
  EXPECT_EQ(duration_text(90LL * 60'000'000), "90 minutes");
  EXPECT_EQ(duration_text(1'500'000), "1.50 seconds");
}

}  // namespace
}  // namespace millgate
