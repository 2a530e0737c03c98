#include "ground/child_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "ground/test_folder.h"

namespace millgate {
namespace {

class ChildProcess : public testing::Test {
 protected:
  Status run(const std::string& script) {
    order_.command = {"sh", "-c", script};
    order_.folder = folder_.path();
    order_.on_line = [this](std::string_view line) {
      lines_.emplace_back(line);
      return line == "stop" ? Status(invalid_input("asked to stop")) : Status();
    };
    return run_process(order_, end_);
  }

  [[nodiscard]] std::string text_of(const std::string& name) const {
    std::ifstream file(folder_.path(name));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  /// Whether the process whose number stands in the file is gone within some seconds.
  [[nodiscard]] bool is_gone(const std::string& name) const {
    const int number = std::atoi(text_of(name).c_str());
    if (number <= 1) return false;
    for (int i = 0; i < 400; ++i) {
      if (::kill(number, 0) != 0) return true;
      std::ifstream file("/proc/" + std::to_string(number) + "/stat");
      std::string word;
      for (int at = 0; at < 3; ++at) file >> word;
      if (word == "Z") return true;  // Whoever adopted it has not looked yet.
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  TestFolder folder_;
  ProcessOrder order_;
  ProcessEnd end_;
  std::vector<std::string> lines_;
};

TEST_F(ChildProcess, TellsLinesErrorsCodeFolderAndEnvironment) {
  order_.environment = {{"MILLGATE_TEST", "a b"}};
  ASSERT_TRUE(run("pwd; echo \"$MILLGATE_TEST\"; cat; echo bad >&2; printf end; exit 3").ok());
  EXPECT_EQ(lines_, (std::vector<std::string>{folder_.path(), "a b", "end"}));
  EXPECT_EQ(end_.errors, "bad\n");
  EXPECT_EQ(end_.fate, ProcessFate::exited);
  EXPECT_EQ(end_.code, 3);
  EXPECT_GT(end_.memory_bytes_peak, 0);
}

TEST_F(ChildProcess, ASignalIsToldFromACode) {
  ASSERT_TRUE(run("kill -s SEGV $$").ok());
  EXPECT_EQ(end_.fate, ProcessFate::signalled);
  EXPECT_EQ(end_.code, SIGSEGV);
}

TEST_F(ChildProcess, AProgramThatIsNotThereIsAnError) {
  order_.command = {"no-such-program-of-millgate"};
  order_.folder = folder_.path();
  const Status status = run_process(order_, end_);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::outside);
  EXPECT_NE(status.error().what.find("no-such-program-of-millgate"), std::string::npos);
  EXPECT_NE(status.error().hint.find("PATH"), std::string::npos);
}

TEST_F(ChildProcess, AtTheLimitOfTimeTheWholeGroupEnds) {
  order_.seconds_max = 0.3;
  ASSERT_TRUE(run("sleep 100 & echo $! > grandchild; sleep 100").ok());
  EXPECT_EQ(end_.fate, ProcessFate::out_of_time);
  EXPECT_TRUE(is_gone("grandchild"));
}

TEST_F(ChildProcess, WhoIgnoresTheSignalIsKilled) {
  order_.seconds_max = 0.2;
  ASSERT_TRUE(run("trap '' TERM; while :; do sleep 0.1; done").ok());
  EXPECT_EQ(end_.fate, ProcessFate::out_of_time);
  EXPECT_EQ(end_.code, SIGKILL);
}

TEST_F(ChildProcess, WhatItLeavesBehindEndsWithIt) {
  ASSERT_TRUE(run("sleep 100 & echo $! > left; echo done").ok());
  EXPECT_EQ(lines_, std::vector<std::string>{"done"});
  EXPECT_LT(end_.seconds, 50);
  EXPECT_TRUE(is_gone("left"));
}

TEST_F(ChildProcess, AnErrorOfALineStopsIt) {
  const Status status = run("echo stop; sleep 100");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().what, "asked to stop");
  EXPECT_LT(end_.seconds, 50);
}

TEST_F(ChildProcess, MemoryAndDiskHaveLimits) {
  order_.memory_bytes_max = 40'000'000;
  // A variable of 64 MB, doubled in the shell itself.
  ASSERT_TRUE(run("x=0123456789abcdef; i=0; while [ $i -lt 22 ]; do x=$x$x; i=$((i+1)); done; "
                  "sleep 100")
                  .ok());
  EXPECT_EQ(end_.fate, ProcessFate::out_of_memory);
  order_.memory_bytes_max = 0;
  order_.measured_folder = folder_.path();
  order_.folder_bytes_max = 1'000'000;
  ASSERT_TRUE(run("head -c 2000000 /dev/zero > big; sleep 100").ok());
  EXPECT_EQ(end_.fate, ProcessFate::out_of_disk);
}

TEST_F(ChildProcess, EndlessOutputIsCut) {
  ASSERT_TRUE(run("head -c 300000 /dev/zero | tr '\\0' x; echo; head -c 300000 /dev/zero | "
                  "tr '\\0' y >&2")
                  .ok());
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0].size(), kProcessLineMax);
  EXPECT_LT(end_.errors.size(), 2 * kProcessErrorsMax + 100);
  EXPECT_GE(end_.errors.size(), kProcessErrorsMax);
}

TEST_F(ChildProcess, DiesWithUsAlsoByKillMinusNine) {
  const pid_t us = start_process([this] {
    // Who is killed between the start of a program and telling its guard leaves it behind.
    (void)run("echo $$ > child; sleep 100 & sleep 0.3; echo $! > grandchild; sleep 100");
    return 0;
  });
  while (text_of("grandchild").find('\n') == std::string::npos) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ::kill(us, SIGKILL);
  wait_for(us);
  EXPECT_TRUE(is_gone("child"));
  EXPECT_TRUE(is_gone("grandchild"));
}

}  // namespace
}  // namespace millgate
