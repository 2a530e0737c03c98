#include "model/release/registry.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "ground/test_folder.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

/// Lets something else happen between a decision and its append.
class InterruptedLedger final : public Ledger {
 public:
  InterruptedLedger(Ledger& inner, std::function<void()> interrupt)
      : inner_(inner), interrupt_(std::move(interrupt)) {}
  Result<Event> append(const NewEvent& event, const Condition& still_right) override {
    if (interrupt_) std::exchange(interrupt_, nullptr)();
    return inner_.append(event, still_right);
  }
  Result<std::vector<Event>> events(int64_t after, const std::string& kind,
                                    const std::string& subject) const override {
    return inner_.events(after, kind, subject);
  }
  Result<std::optional<Event>> newest(const std::string& kind, const std::string& subject,
                                      std::optional<Time> at) const override {
    return inner_.newest(kind, subject, at);
  }
  Result<int64_t> head() const override { return inner_.head(); }
  Status verify() const override { return inner_.verify(); }

 private:
  Ledger& inner_;
  std::function<void()> interrupt_;
};

class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest() : ledger_(*open_ledger(folder_.path("ledger.sqlite"), clock_)) {}

  Verdict judged(const Id& model, bool passes) {
    Requirement requirement{.metric = "auc",
                            .bound = Bound::at_least,
                            .limit = 0.7,
                            .slice = "",
                            .because = "",
                            .section = *parse_settings("", "test")};
    Evidence evidence;
    evidence.metric = "auc";
    evidence.value = passes ? 0.8 : 0.6;
    return *judge(*ledger_, model, {requirement}, {evidence}, "gatekeeper");
  }
  Result<Serving> pass_and_release(const Id& model) {
    return release(*ledger_, judged(model, true), "ann");
  }
  Id now() const {
    const auto found = serving(*ledger_);
    return *found && (*found)->model != Id{} ? (*found)->model : Id{};
  }
  void tick(int64_t seconds) { clock_.set(Time{clock_.now().micros + seconds * 1'000'000}); }

  TestFolder folder_;
  ManualClock clock_{Time{1'357'034'400'000'000}};
  std::shared_ptr<Ledger> ledger_;
  Id a_ = hash_of("a"), b_ = hash_of("b"), c_ = hash_of("c");
};

TEST_F(RegistryTest, NothingServesAtFirst) {
  EXPECT_FALSE((*serving(*ledger_)).has_value());
  EXPECT_TRUE((*serving_history(*ledger_)).empty());
  EXPECT_EQ(resolve_model(*ledger_, "serving").error().code, ErrorCode::not_found);
  EXPECT_EQ(resolve_model(*ledger_, "latest").error().code, ErrorCode::not_found);
  EXPECT_EQ(roll_back(*ledger_, std::nullopt, "why not", "ann").error().code, ErrorCode::not_found);
}

TEST_F(RegistryTest, APassedVerdictOpensTheWay) {
  const Verdict verdict = judged(a_, true);
  const auto released = release(*ledger_, verdict, "ann");
  ASSERT_TRUE(released.ok());
  EXPECT_EQ(released->model, a_);
  EXPECT_EQ(released->how, "release");
  EXPECT_EQ(released->by, "ann");
  EXPECT_EQ(released->verdict, verdict.name());
  EXPECT_EQ(now(), a_);
  EXPECT_EQ(release(*ledger_, verdict, "ann").error().code, ErrorCode::conflict);
}

TEST_F(RegistryTest, ARefusedOneDoesNot) {
  const auto released = release(*ledger_, judged(a_, false), "ann");
  ASSERT_FALSE(released.ok());
  EXPECT_EQ(released.error().code, ErrorCode::refused);
  EXPECT_THAT(released.error().what, HasSubstr("1 of 1 requirements failed"));
  EXPECT_FALSE((*serving(*ledger_)).has_value());
}

TEST_F(RegistryTest, AnOldVerdictDoesNot) {
  const Verdict passed = judged(a_, true);
  judged(a_, false);
  EXPECT_EQ(release(*ledger_, passed, "ann").error().code, ErrorCode::refused);
}

TEST_F(RegistryTest, AVerdictThatIsNotInTheLedgerDoesNot) {
  const Verdict refused = judged(a_, false);
  Event forged = refused.event();
  const size_t at = forged.body.find("\"passed\":false");
  while (forged.body.find("\"passed\":false") != std::string::npos) {
    forged.body.replace(forged.body.find("\"passed\":false"), 14, "\"passed\":true");
  }
  ASSERT_NE(at, std::string::npos);
  const auto made_up = verdict_from_event(forged);
  ASSERT_TRUE(made_up.ok());
  ASSERT_TRUE(made_up->passed());
  EXPECT_EQ(release(*ledger_, *made_up, "eve").error().code, ErrorCode::refused);

  Event elsewhere = judged(b_, true).event();
  elsewhere.subject = c_.hex();
  const auto stolen = verdict_from_event(elsewhere);
  ASSERT_TRUE(stolen.ok());
  EXPECT_EQ(release(*ledger_, *stolen, "eve").error().code, ErrorCode::refused);
  EXPECT_FALSE((*serving(*ledger_)).has_value());
}

TEST_F(RegistryTest, TheSecondOfTwoReleasesAtOnceIsTold) {
  const Verdict for_a = judged(a_, true);
  const Verdict for_b = judged(b_, true);
  InterruptedLedger interrupted(*ledger_,
                                [&] { ASSERT_TRUE(release(*ledger_, for_b, "bob").ok()); });
  const auto lost = release(interrupted, for_a, "ann");
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code, ErrorCode::conflict);
  EXPECT_THAT(lost.error().what, HasSubstr("bob"));
  EXPECT_EQ(now(), b_);
}

TEST_F(RegistryTest, AVerdictThatArrivesInBetweenClosesTheWay) {
  const Verdict passed = judged(a_, true);
  InterruptedLedger interrupted(*ledger_, [&] { judged(a_, false); });
  EXPECT_EQ(release(interrupted, passed, "ann").error().code, ErrorCode::refused);
  EXPECT_FALSE((*serving(*ledger_)).has_value());
}

TEST_F(RegistryTest, ManyReleasesAtOnceLeaveAHistoryWithoutRepeats) {
  std::vector<Verdict> verdicts;
  for (int i = 0; i < 8; ++i) verdicts.push_back(judged(hash_of(std::to_string(i)), true));
  std::atomic<size_t> released{0};
  std::vector<std::thread> threads;
  for (const Verdict& verdict : verdicts) {
    threads.emplace_back([&] {
      const auto answer = release(*ledger_, verdict, "thread");
      if (answer.ok()) {
        ++released;
      } else {
        EXPECT_EQ(answer.error().code, ErrorCode::conflict);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(released, 1U);
  EXPECT_EQ((*serving_history(*ledger_)).size(), released);
  EXPECT_TRUE(ledger_->verify().ok());
}

TEST_F(RegistryTest, AnOverrideNeedsNameAndReasonAndStaysVisible) {
  const Verdict refused = judged(a_, false);
  for (const Override& why : {Override{"", "must ship"}, Override{"Ann", ""},
                              Override{"  ", "must ship"}, Override{"Ann", " \n"}}) {
    EXPECT_EQ(release_by_override(*ledger_, a_, why, "ann").error().code, ErrorCode::invalid_input);
  }
  ASSERT_TRUE(release_by_override(*ledger_, a_, {"Ann Lee", "storm tonight"}, "ann").ok());
  tick(60);
  ASSERT_TRUE(pass_and_release(b_).ok());
  const auto history = serving_history(*ledger_);
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->size(), 2U);
  EXPECT_EQ((*history)[0].how, "override");
  EXPECT_EQ((*history)[0].by, "Ann Lee");
  EXPECT_EQ((*history)[0].reason, "storm tonight");
  EXPECT_EQ((*history)[0].verdict, refused.name());
  EXPECT_EQ((*history)[1].how, "release");
}

TEST_F(RegistryTest, RollbackGoesBackAndOnBack) {
  ASSERT_TRUE(pass_and_release(a_).ok());
  ASSERT_TRUE(pass_and_release(b_).ok());
  ASSERT_TRUE(pass_and_release(c_).ok());
  const auto first = roll_back(*ledger_, std::nullopt, "too slow", "ann");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->model, b_);
  EXPECT_EQ(first->how, "rollback");
  EXPECT_EQ(first->reason, "too slow");
  EXPECT_FALSE(first->verdict.empty());
  const auto second = roll_back(*ledger_, std::nullopt, "too slow as well", "ann");
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->model, a_);
  EXPECT_EQ(roll_back(*ledger_, std::nullopt, "again", "ann").error().code, ErrorCode::not_found);
  EXPECT_EQ(roll_back(*ledger_, a_, "again", "ann").error().code, ErrorCode::conflict);
  ASSERT_TRUE(roll_back(*ledger_, c_, "it was the network", "ann").ok());
  EXPECT_EQ(now(), c_);
  EXPECT_EQ(roll_back(*ledger_, a_, " ", "ann").error().code, ErrorCode::invalid_input);
}

TEST_F(RegistryTest, RollbackToWhatNeverPassedIsRefused) {
  ASSERT_TRUE(pass_and_release(a_).ok());
  ASSERT_TRUE(release_by_override(*ledger_, b_, {"Ann", "storm"}, "ann").ok());
  ASSERT_TRUE(pass_and_release(c_).ok());
  for (const auto& to :
       {std::optional<Id>(b_), std::optional<Id>(hash_of("unknown")), std::optional<Id>()}) {
    const auto answer = roll_back(*ledger_, to, "slow", "ann");
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, ErrorCode::refused);
    EXPECT_THAT(answer.error().hint, HasSubstr(a_.brief()));
  }
  judged(hash_of("judged"), true);
  EXPECT_EQ(roll_back(*ledger_, hash_of("judged"), "never served", "ann").error().code,
            ErrorCode::refused);
  EXPECT_EQ(now(), c_);
}

TEST_F(RegistryTest, TellsWhatServedAtATime) {
  const Time before = clock_.now();
  tick(10);
  ASSERT_TRUE(pass_and_release(a_).ok());
  const Time during_a = clock_.now();
  tick(10);
  ASSERT_TRUE(pass_and_release(b_).ok());
  tick(10);
  const Time during_b = clock_.now();
  tick(10);
  ASSERT_TRUE(roll_back(*ledger_, std::nullopt, "slow", "ann").ok());
  EXPECT_FALSE((*serving(*ledger_, before)).has_value());
  EXPECT_EQ((*serving(*ledger_, during_a))->model, a_);
  EXPECT_EQ((*serving(*ledger_, during_b))->model, b_);
  EXPECT_EQ((*serving(*ledger_, during_b))->since.micros, during_b.micros - 10'000'000);
  EXPECT_EQ((*serving(*ledger_))->model, a_);
  EXPECT_EQ((*serving(*ledger_))->how, "rollback");
}

TEST_F(RegistryTest, ResolvesNames) {
  for (const Id& model : {a_, b_}) {
    ASSERT_TRUE(ledger_->append({"run", model.hex(), "ann", "{}"}).ok());
  }
  ASSERT_TRUE(pass_and_release(a_).ok());
  EXPECT_EQ(*resolve_model(*ledger_, "latest"), b_);
  EXPECT_EQ(*resolve_model(*ledger_, "serving"), a_);
  EXPECT_EQ(*resolve_model(*ledger_, b_.hex()), b_);
  EXPECT_EQ(*resolve_model(*ledger_, b_.brief()), b_);
  EXPECT_EQ(*resolve_model(*ledger_, b_.hex().substr(0, 4)), b_);
  EXPECT_EQ(resolve_model(*ledger_, "").error().code, ErrorCode::not_found);
  EXPECT_THAT(resolve_model(*ledger_, "lastest").error().hint, HasSubstr("latest"));
  EXPECT_EQ(resolve_model(*ledger_, hash_of("no").hex()).error().code, ErrorCode::not_found);
  EXPECT_EQ((*runs(*ledger_)).size(), 2U);
  EXPECT_EQ((*runs(*ledger_))[1].model, b_);
}

TEST_F(RegistryTest, AnAmbiguousPrefixNamesTheCandidates) {
  std::string one(64, '1'), two(64, '1');
  two.back() = '2';
  for (const std::string& model : {one, two}) {
    ASSERT_TRUE(ledger_->append({"run", model, "ann", "{}"}).ok());
  }
  const auto answer = resolve_model(*ledger_, "11");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(answer.error().hint, HasSubstr("111111111111"));
}

}  // namespace
}  // namespace millgate
