#include "system/serve/trace_context.h"

#include <gtest/gtest.h>

#include <string>

namespace millgate {
namespace {

/// The example of the standard.
const std::string kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContextTest, ReadsTheExampleOfTheStandard) {
  const auto context = parse_traceparent(kParent);
  ASSERT_TRUE(context);
  EXPECT_TRUE(context->is_sampled);
  EXPECT_EQ(context->trace, (TraceId{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce,
                                     0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36}));
  EXPECT_EQ(context->parent, (SpanId{0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7}));
  std::string text = kParent;
  text.back() = '0';
  EXPECT_FALSE(parse_traceparent(text)->is_sampled);
  // Only the lowest bit says it.
  EXPECT_FALSE(parse_traceparent(kParent.substr(0, 53) + "fe")->is_sampled);
}

TEST(TraceContextTest, LaterVersionsMaySayMore) {
  const std::string later = "01" + kParent.substr(2);
  EXPECT_TRUE(parse_traceparent(later));
  EXPECT_TRUE(parse_traceparent(later + "-more"));
  EXPECT_FALSE(parse_traceparent(later + "more"));
  EXPECT_FALSE(parse_traceparent(kParent + "-more"));
}

TEST(TraceContextTest, WhatIsNoneIsNothing) {
  std::string capital = kParent;
  capital[3] = 'B';
  capital[4] = 'F';
  for (const std::string& text :
       {std::string(), kParent.substr(1), kParent.substr(0, 54), "ff" + kParent.substr(2), capital,
        "00-" + std::string(32, '0') + kParent.substr(35),
        kParent.substr(0, 36) + std::string(16, '0') + "-01", "0x" + kParent.substr(2),
        kParent.substr(0, 35) + "_" + kParent.substr(36)}) {
    EXPECT_FALSE(parse_traceparent(text)) << text;
  }
}

}  // namespace
}  // namespace millgate
