/// For tests of this room: a ledger whose clock stands still, and models judged in it.
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ground/test_folder.h"
#include "model/release/registry.h"

namespace millgate {

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

  static Requirement auc_above(double limit) {
    return {.metric = "auc",
            .bound = Bound::at_least,
            .limit = limit,
            .slice = "",
            .because = "",
            .section = *parse_settings("", "test")};
  }
  /// By what `environment` asks for, of its key; an AUC of 0.7 where it asks for nothing.
  Verdict judged(const Id& model, bool passes, const Environment& environment = {}) {
    Evidence evidence;
    evidence.metric = "auc";
    evidence.value = passes ? 0.8 : 0.6;
    JudgeOptions options;
    options.environment = environment.key;
    const std::vector<Requirement> asked = environment.requirements.empty()
                                               ? std::vector<Requirement>{auc_above(0.7)}
                                               : environment.requirements;
    return *judge(*ledger_, model, asked, {evidence}, "gatekeeper", options);
  }
  Entry into(const Environment& environment) const {
    return {.environment = environment, .now = clock_.now()};
  }
  Result<Serving> back(std::optional<Id> to, const std::string& reason) {
    return roll_back(*ledger_, {.to = to, .reason = reason}, "ann");
  }
  /// An override that holds for an hour.
  Result<Serving> overridden(const Id& model, const std::string& name, const std::string& reason,
                             const Environment& environment = {}) {
    const Time until{clock_.now().micros + 3'600'000'000};
    return release_by_override(*ledger_, model, {name, reason, until}, "ann", into(environment));
  }
  Status trained(const Id& model) {
    const auto event = ledger_->append({"run", model.hex(), "ann", "{}"});
    return event.ok() ? Status() : Status(event.error());
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

}  // namespace millgate
