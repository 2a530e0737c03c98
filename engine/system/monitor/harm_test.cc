#include "system/monitor/harm.h"

#include <gtest/gtest.h>

#include "ground/json.h"

namespace millgate {
namespace {

AlarmHarm harm_of(double change, double lower, double upper) {
  AlarmHarm harm;
  harm.metric = "log_loss";
  harm.was = 0.5;
  harm.worse = {change, lower, upper};
  return harm;
}

TEST(AlarmHarm, IsSureNoneOrNeither) {
  EXPECT_TRUE(harm_of(0.05, 0.01, 0.09).is_sure());
  EXPECT_FALSE(harm_of(0.05, -0.01, 0.11).is_sure());
  EXPECT_FALSE(harm_of(0.05, -0.01, 0.11).is_none());
  EXPECT_TRUE(harm_of(0.001, -0.005, 0.009).is_none());
  EXPECT_FALSE(harm_of(0.001, 0.0005, 0.0015).is_none()) << "small, and beyond chance";
  EXPECT_FALSE(AlarmHarm{}.is_none()) << "nothing known is not nothing";
  EXPECT_FALSE(AlarmHarm{}.is_sure());
}

TEST(AlarmHarm, MoneyAloneIsHarm) {
  AlarmHarm harm = harm_of(0, -0.004, 0.004);
  harm.earned = HarmRange{-100, -150, -50};
  EXPECT_TRUE(harm.is_sure());
  EXPECT_FALSE(harm.is_none());
}

TEST(AlarmHarm, IsAShareOfWhatThereWasToLose) {
  EXPECT_DOUBLE_EQ(harm_of(0.05, 0, 0).share(), 0.1);
  AlarmHarm harm = harm_of(0.05, 0.01, 0.09);
  harm.metric = "auc";
  harm.was = 0.7;
  EXPECT_DOUBLE_EQ(harm.share(), 0.25) << "0.5 is a coin";
}

TEST(AlarmHarm, WeighsTheSeverity) {
  EXPECT_EQ(weighed_severity(0.6, AlarmHarm{}), 0.6);
  EXPECT_EQ(weighed_severity(0.6, harm_of(0.001, -0.005, 0.009)), 0.15);
  EXPECT_EQ(weighed_severity(0.6, harm_of(0.05, -0.01, 0.11)), 0.4);
  EXPECT_NEAR(weighed_severity(0.3, harm_of(0.125, 0.1, 0.15)), 0.95, 1e-12);
  EXPECT_LT(weighed_severity(0.3, harm_of(0.02, 0.01, 0.03)),
            weighed_severity(0.3, harm_of(0.03, 0.01, 0.05)));
}

TEST(AlarmHarm, IsSaidInWords) {
  AlarmHarm harm = harm_of(0.05, 0.01, 0.09);
  harm.feature = "wind";
  harm.earned = HarmRange{-120, -180, -60};
  EXPECT_EQ(harm_text(harm),
            "log_loss worse by 0.050 (0.010 to 0.090), was 0.500, estimated by the shift of "
            "`wind`; earns 120 less per 1,000 predictions (60 to 180)");
  EXPECT_EQ(harm_text(harm_of(-0.05, -0.09, -0.01)),
            "none that matters: log_loss worse by at most 0 of 0.500");
  AlarmHarm unknown;
  unknown.note = "no labels";
  EXPECT_EQ(harm_text(unknown), "cannot be known: no labels");
}

TEST(AlarmHarm, SurvivesJson) {
  AlarmHarm harm = harm_of(0.05, 0.01, 0.09);
  harm.earned = HarmRange{-120, -180, -60};
  const auto read = harm_from_json(to_json(harm), "alarm");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(to_json(*read), to_json(harm));
  EXPECT_EQ(harm_from_json(Json{{"metric", "auc"}}, "alarm").error().code, ErrorCode::damaged);
}

}  // namespace
}  // namespace millgate
