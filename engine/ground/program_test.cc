#include "ground/program.h"

#include <gmock/gmock.h>

namespace millgate {
namespace {

TEST(ProgramTest, ReadsInputAndMoreAndGivesBackWhatItWrote) {
  // More than a pipe holds, so that neither side may wait for the other.
  const std::string long_text(300'000, 'x');
  const auto answer =
      run_program({.words = {"cat", "-", kMoreInput}, .input = long_text, .more = "more"});
  ASSERT_TRUE(answer.ok()) << answer.error().what;
  EXPECT_EQ(answer->exit_code, 0);
  EXPECT_EQ(answer->output, long_text + "more");
}

TEST(ProgramTest, NoShellReadsTheArguments) {
  const auto answer = run_program({.words = {"printf", "%s", "$(echo no); echo no"}});
  ASSERT_TRUE(answer.ok()) << answer.error().what;
  EXPECT_EQ(answer->output, "$(echo no); echo no");
}

TEST(ProgramTest, TellsHowItEnded) {
  EXPECT_EQ(run_program({.words = {"sh", "-c", "exit 7"}})->exit_code, 7);
  const auto killed = run_program({.words = {"sh", "-c", "kill -9 $$"}});
  ASSERT_FALSE(killed.ok());
  EXPECT_EQ(killed.error().code, ErrorCode::outside);
  const auto missing = run_program({.words = {"no-such-program-at-all"}});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::outside);
  EXPECT_THAT(missing.error().hint, testing::HasSubstr("no-such-program-at-all"));
}

}  // namespace
}  // namespace millgate
