#include "system/report/range_strip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace millgate {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(RangeStrip, NothingIsDrawnOfNoValue) {
  EXPECT_THAT(range_strip(profile_numbers("x", std::vector<double>{NAN, NAN})), IsEmpty());
  EXPECT_THAT(range_strip(profile_texts("x", {}, {})), IsEmpty());
}

TEST(RangeStrip, WordsAreTheQuantilesOrTheShares) {
  std::vector<double> values;
  for (int i = 0; i <= 100; ++i) values.push_back(i * 10);
  // np.percentile(range(0, 1001, 10), [1, 50, 99]) is 10, 500, 990.
  EXPECT_THAT(range_words(profile_numbers("x", values)),
              AllOf(HasSubstr("10"), HasSubstr("500"), HasSubstr("990")));
  const std::vector<std::string> texts = {"UA", "UA", "UA", "<b>"};
  EXPECT_THAT(range_words(profile_texts("x", texts, {})), HasSubstr("UA 75 %"));
  EXPECT_THAT(range_strip(profile_texts("x", texts, {})), testing::Not(HasSubstr("<b>")));
}

TEST(RangeStrip, OneValueIsDrawnToo) {
  EXPECT_THAT(range_strip(profile_numbers("x", std::vector<double>(5, 3.0))),
              AllOf(HasSubstr("<svg"), testing::Not(HasSubstr("nan"))));
}

}  // namespace
}  // namespace millgate
