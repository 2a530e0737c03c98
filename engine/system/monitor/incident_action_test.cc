#include "system/monitor/incident_action.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <chrono>
#include <thread>

#include "data/query/test_project.h"
#include "model/release/registry.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kDayMicros = 24LL * 3600 * 1'000'000;

/// A project in which model `old_` and then model `new_` went live.
class IncidentActions : public testing::Test {
 protected:
  IncidentActions() {
    for (const Id& model : {old_, new_}) {
      released(model);
      wait(1);
    }
    wait(10);
  }

  Ledger& ledger() { return project_.repository().ledger(); }

  Verdict judged(const Id& model, double auc, double limit) {
    Requirement asked{.metric = "auc",
                      .bound = Bound::at_least,
                      .limit = limit,
                      .slice = "",
                      .because = "",
                      .section = *parse_settings("", "test")};
    Evidence evidence{.metric = "auc", .value = auc};
    return judge(ledger(), model, std::vector<Requirement>{asked}, {evidence}, "gate", {}).value();
  }
  void released(const Id& model) {
    ASSERT_TRUE(release(ledger(), judged(model, 0.8, 0.7), "ann").ok());
  }

  int64_t raised(const std::string& subject, const Id& model, double severity = 0.9) {
    Alarm alarm;
    alarm.key = "quality/" + model.hex() + "/" + subject;
    alarm.kind = "quality";
    alarm.subject = subject;
    alarm.model = model.hex();
    alarm.severity = severity;
    alarm.what = subject + " fell";
    alarm.since = project_.clock().now();
    std::vector<Alarm> found = {alarm};
    EXPECT_TRUE(record_alarms(ledger(), found, "monitor").ok());
    return found[0].incident;
  }

  static IncidentTrigger back() { return {.name = "back", .when = {"quality"}}; }
  static IncidentTrigger again() {
    return {.name = "again", .when = {"quality"}, .does = TriggerDoes::retrain};
  }

  std::vector<IncidentAction> act(const IncidentTrigger& trigger,
                                  const Retrain& retrain = nullptr) {
    auto done = act_on_incidents(project_.repository(), {trigger}, retrain, "monitor");
    EXPECT_TRUE(done.ok()) << done.error().what;
    return done.ok() ? *done : std::vector<IncidentAction>{};
  }
  /// "rollback done", of each that was told.
  std::vector<std::string> told(const IncidentTrigger& trigger, const Retrain& retrain = nullptr) {
    std::vector<std::string> words;
    for (const IncidentAction& one : act(trigger, retrain)) {
      words.push_back(std::string(to_string(one.does)) + " " + std::string(to_string(one.state)));
    }
    return words;
  }

  Id live() { return serving(ledger()).value()->model; }
  size_t count(const std::string& kind) { return ledger().events(0, kind).value().size(); }
  void wait(int64_t days) {
    project_.clock().set(Time{project_.clock().now().micros + days * kDayMicros});
  }

  TestProject project_;
  Id old_ = hash_of("old"), new_ = hash_of("new");
};

TEST_F(IncidentActions, TheModelBeforeAnswersAgainOnceAndTheLedgerSaysWhy) {
  const int64_t incident = raised("auc", new_);
  EXPECT_THAT(told(back()), ElementsAre("rollback done"));
  EXPECT_EQ(live(), old_);
  EXPECT_THAT(serving(ledger()).value()->reason,
              HasSubstr("trigger back, incident #" + std::to_string(incident)));
  const auto actions = incident_actions(ledger()).value();
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_EQ(actions[0].incident, incident);
  EXPECT_EQ(actions[0].state, ActionState::done);
  EXPECT_THAT(told(back()), IsEmpty());
  EXPECT_EQ(count("rollback"), 1U);
}

TEST_F(IncidentActions, SeveralMonitorsAtOnceActOnce) {
  raised("auc", new_);
  const std::string folder = project_.folder().path("project");
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    children.push_back(start_process([&] {
      auto repository = Repository::open(folder, system_clock());
      if (!repository.ok()) return 100;
      const auto done = act_on_incidents(**repository, {back()}, nullptr, "child");
      if (!done.ok()) return 101;
      return static_cast<int>(done->size());
    }));
  }
  int acted = 0;
  for (const pid_t child : children) {
    const int code = wait_for(child);
    EXPECT_LE(code, 1);
    acted += code;
  }
  EXPECT_EQ(acted, 1);
  EXPECT_EQ(count("rollback"), 1U);
  EXPECT_EQ(live(), old_);
}

TEST_F(IncidentActions, OnlyWhatTheConditionsSay) {
  const int64_t incident = raised("auc", new_, 0.7);
  EXPECT_THAT(told(back()), IsEmpty()) << "not grave enough";
  IncidentTrigger other = back();
  other.when = {"unit"};
  other.severity_at_least = 0;
  EXPECT_THAT(told(other), IsEmpty()) << "of another kind";
  IncidentTrigger harmful = back();
  harmful.severity_at_least = 0;
  harmful.harm_at_least = 0.05;
  EXPECT_THAT(told(harmful), IsEmpty()) << "its harm is not known";
  IncidentTrigger grave = back();
  grave.severity_at_least = 0.7;
  ASSERT_TRUE(decide_incident(ledger(), incident, {AlarmState::acknowledged, {}, "ada", "I look"},
                              project_.clock().now(), "ada")
                  .ok());
  EXPECT_THAT(told(grave), IsEmpty()) << "somebody looks after it";
  EXPECT_EQ(live(), new_);
  EXPECT_EQ(count("trigger"), 0U);
}

TEST_F(IncidentActions, AModelThatHasTheSameTroubleIsNotGoneBackTo) {
  std::vector<Alarm> found;
  for (const Id& model : {new_, old_}) {
    Alarm alarm;
    alarm.key = "quality/" + model.hex();
    alarm.leader = "quality/" + new_.hex();
    alarm.kind = "quality";
    alarm.model = model.hex();
    alarm.severity = 0.9;
    found.push_back(alarm);
  }
  ASSERT_TRUE(record_alarms(ledger(), found, "monitor").ok());
  EXPECT_THAT(told(back()), ElementsAre("rollback refused"));
  EXPECT_THAT(incident_actions(ledger()).value()[0].what, HasSubstr("has the same trouble"));
  EXPECT_THAT(told(back()), IsEmpty()) << "it is said once";
  EXPECT_EQ(live(), new_);
}

TEST_F(IncidentActions, AModelThatDoesNotMeetWhatIsAskedNowIsNotGoneBackTo) {
  (void)judged(new_, 0.9, 0.85);
  raised("auc", new_);
  EXPECT_THAT(told(back()), ElementsAre("rollback refused"));
  EXPECT_THAT(incident_actions(ledger()).value()[0].what, HasSubstr("is asked for now"));
  EXPECT_EQ(live(), new_);
}

TEST_F(IncidentActions, WhatIsNotAboutTheModelThatServesRollsNothingBack) {
  raised("auc", old_);
  EXPECT_THAT(told(back()), ElementsAre("rollback refused"));
  EXPECT_EQ(live(), new_);
}

TEST_F(IncidentActions, AfterAnActionThereIsNoneForATime) {
  raised("auc", new_);
  EXPECT_THAT(told(back()), ElementsAre("rollback done"));
  released(hash_of("third"));
  raised("auc", hash_of("third"));
  EXPECT_THAT(told(back()), ElementsAre("rollback cooling"));
  EXPECT_EQ(live(), hash_of("third"));
  wait(1);
  EXPECT_THAT(told(back()), ElementsAre("rollback done"));
}

TEST_F(IncidentActions, APersonSaysYesOrNo) {
  IncidentTrigger asks = back();
  asks.needs_approval = true;
  const int64_t incident = raised("auc", new_);
  EXPECT_THAT(told(asks), ElementsAre("rollback waiting"));
  EXPECT_THAT(told(asks), ElementsAre("rollback waiting")) << "it is said until somebody answers";
  EXPECT_EQ(count("trigger"), 1U);
  EXPECT_EQ(live(), new_);
  EXPECT_EQ(answer_action(ledger(), {incident, true, "", "x"}, "ada").error().code,
            ErrorCode::invalid_input);
  EXPECT_THAT(answer_action(ledger(), {99, true, "ada", "x"}, "ada").error().hint,
              HasSubstr("#" + std::to_string(incident)));
  ASSERT_TRUE(answer_action(ledger(), {incident, true, "ada", "yes"}, "ada").ok());
  EXPECT_THAT(told(asks), ElementsAre("rollback done"));
  EXPECT_EQ(live(), old_);
  EXPECT_FALSE(answer_action(ledger(), {incident, false, "bob", "no"}, "bob").ok());
}

TEST_F(IncidentActions, WhatAPersonDeclinesIsNotDone) {
  IncidentTrigger asks = back();
  asks.needs_approval = true;
  const int64_t incident = raised("auc", new_);
  told(asks);
  ASSERT_TRUE(
      answer_action(ledger(), {incident, false, "ada", "the sender is at fault"}, "ada").ok());
  EXPECT_THAT(told(asks), IsEmpty());
  EXPECT_EQ(live(), new_);
}

TEST_F(IncidentActions, ARetrainingThatIsKilledIsGoneOnWith) {
  raised("auc", new_);
  const std::string folder = project_.folder().path("project");
  const Retrain killed = [](const IncidentTrigger&, const Incident&) -> Result<std::string> {
    ::kill(::getpid(), SIGKILL);
    return std::string();
  };
  const pid_t child = start_process([&] {
    auto repository = Repository::open(folder, system_clock());
    if (!repository.ok()) return 100;
    (void)act_on_incidents(**repository, {again()}, killed, "child");
    return 0;
  });
  ASSERT_EQ(wait_for(child), 1000 + SIGKILL);
  ASSERT_EQ(incident_actions(ledger()).value().at(0).state, ActionState::begun);
  int calls = 0;
  const Retrain trained = [&](const IncidentTrigger&, const Incident&) -> Result<std::string> {
    ++calls;
    return std::string("model 12 was trained");
  };
  EXPECT_THAT(told(again(), trained), ElementsAre("retrain done"));
  EXPECT_THAT(told(again(), trained), IsEmpty());
  EXPECT_EQ(calls, 1);
}

TEST_F(IncidentActions, OfTwoThatRetrainOneDoes) {
  raised("auc", new_);
  const std::string folder = project_.folder().path("project");
  const std::string begun = project_.folder().path("begun");
  const std::string end = project_.folder().path("end");
  const pid_t child = start_process([&] {
    auto repository = Repository::open(folder, system_clock());
    if (!repository.ok()) return 100;
    const Retrain slow = [&](const IncidentTrigger&, const Incident&) -> Result<std::string> {
      (void)write_file(begun, "");
      for (int i = 0; i < 2000 && ::access(end.c_str(), F_OK) != 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      return std::string("by the first");
    };
    const auto done = act_on_incidents(**repository, {again()}, slow, "child");
    return done.ok() ? static_cast<int>(done->size()) : 101;
  });
  for (int i = 0; i < 2000 && ::access(begun.c_str(), F_OK) != 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ASSERT_EQ(::access(begun.c_str(), F_OK), 0);
  const Retrain never = [](const IncidentTrigger&, const Incident&) -> Result<std::string> {
    ADD_FAILURE() << "the other one is at it";
    return std::string();
  };
  EXPECT_THAT(told(again(), never), IsEmpty());
  ASSERT_TRUE(write_file(end, "").ok());
  EXPECT_EQ(wait_for(child), 1);
  EXPECT_EQ(incident_actions(ledger()).value().at(0).what, "by the first");
}

TEST_F(IncidentActions, WhatFailsForAReasonOfTheWorldIsTriedAgain) {
  raised("auc", new_);
  int calls = 0;
  const Retrain flaky = [&](const IncidentTrigger&, const Incident&) -> Result<std::string> {
    if (++calls == 1) return outside_failure("the disk is full");
    return Error{.code = ErrorCode::refused, .what = "the gate refused it"};
  };
  EXPECT_THAT(told(again(), flaky), ElementsAre("retrain begun"));
  EXPECT_THAT(told(again(), flaky), ElementsAre("retrain refused"));
  EXPECT_THAT(told(again(), flaky), IsEmpty());
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace millgate
