#include "ground/error.h"

#include <gtest/gtest.h>

namespace millgate {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return invalid_input(std::to_string(number) + " is odd");
  return number / 2;
}

Result<int> quarter(int number) {
  MILLGATE_ASSIGN(const int once, half(number));
  MILLGATE_ASSIGN(const int twice, half(once));
  return twice;
}

Status check_even(int number) {
  MILLGATE_TRY(half(number));
  return {};
}

TEST(Result, PassesValuesAndErrorsOn) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(quarter(6).error().what, "3 is odd");
  EXPECT_TRUE(check_even(2).ok());
  EXPECT_EQ(check_even(5).error().what, "5 is odd");
}

TEST(Error, CausesAreNearestFirst) {
  const Error error = damaged("the page").inside("the book").inside("the shelf");
  EXPECT_EQ(error.what, "the shelf");
  EXPECT_EQ(error.because, (std::vector<std::string>{"the book", "the page"}));
  EXPECT_EQ(error.code, ErrorCode::damaged);
}

TEST(Error, CodesHaveStableNames) {
  const std::pair<ErrorCode, const char*> names[] = {{ErrorCode::invalid_input, "invalid_input"},
                                                     {ErrorCode::not_found, "not_found"},
                                                     {ErrorCode::conflict, "conflict"},
                                                     {ErrorCode::refused, "refused"},
                                                     {ErrorCode::overloaded, "overloaded"},
                                                     {ErrorCode::damaged, "damaged"},
                                                     {ErrorCode::outside, "outside"},
                                                     {ErrorCode::bug, "bug"}};
  for (const auto& [code, name] : names) EXPECT_EQ(to_string(code), name);
}

}  // namespace
}  // namespace millgate
