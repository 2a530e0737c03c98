/// The gate: the only maker of verdicts, and so the only way to a release.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"
#include "model/measure/evidence.h"
#include "model/release/requirement.h"

namespace millgate {

/// The metric of the evidence that holds `metric` against what serves: its value is how much better
/// the model is, its ends hold for all such requirements at once.
[[nodiscard]] std::string advantage_metric(const std::string& metric);

/// What is known beside the evidence.
struct JudgeOptions {
  std::vector<Unmeasured> unmeasured = {};  ///< Without a metric: about all of a slice.
  bool nothing_serves = false;   ///< Requirements against what serves are met: it cannot be worse.
  bool warn_only = false;        ///< A first time: failures are told, and the verdict passes.
  std::string environment = {};  ///< Whose requirements they are: its key.
  std::string tradeoff = {};     ///< JSON that is kept with the verdict and decides nothing: who
                                 ///< gains and loses. Empty: nobody was asked.
};

/// What became of one requirement.
struct Judgement {
  Requirement requirement;
  std::optional<Evidence> evidence;  ///< Nothing: nobody measured it, which fails.
  double margin = 0;                 ///< How far inside (+) or outside (-) the limit.
  bool passed = false;
  std::string reason;  ///< In words.
};

/// A judged model. Only `judge` and `find_verdict` make one.
class Verdict {
 public:
  [[nodiscard]] const Id& model() const { return model_; }
  /// Number and hash of the ledger event that holds it.
  [[nodiscard]] const Event& event() const { return event_; }
  /// The key of the environment that it opens; empty for the last one.
  [[nodiscard]] const std::string& environment() const { return environment_; }
  /// Every requirement of level `must` is met, or failures only warn.
  [[nodiscard]] bool passed() const { return passed_; }
  /// Failures of requirements of level `must` were told and nothing else.
  [[nodiscard]] bool warns_only() const { return warns_only_; }
  [[nodiscard]] const std::vector<Judgement>& judgements() const { return judgements_; }
  /// As JudgeOptions::tradeoff.
  [[nodiscard]] const std::string& tradeoff() const { return tradeoff_; }
  /// What a verdict is called: the first digits of its event's hash.
  [[nodiscard]] std::string name() const { return event_.id.brief(); }

 private:
  friend Result<Verdict> judge(Ledger&, const Id&, const std::vector<Requirement>&,
                               const std::vector<Evidence>&, const std::string&,
                               const JudgeOptions&);
  friend Result<Verdict> verdict_from_event(const Event&);
  Verdict() = default;
  Id model_;
  Event event_;
  std::string environment_;
  bool passed_ = false;
  bool warns_only_ = false;
  std::vector<Judgement> judgements_;
  std::string tradeoff_;
};

/// Judges `evidence` against every requirement, in the order written, and appends the verdict
/// to the ledger. The verdict also lists what passed, so a reader sees the margin. A metric
/// nobody measured fails: no evidence is not a pass. Where one thing was measured twice, the
/// worse measurement counts. A value that is no number fails. Held against what serves, a model is
/// better by d when the lower end of its advantage lies above d, and not worse by d when it is -d
/// or more. Errors: `refused` without any requirement; `invalid_input` if a metric, bound and slice
/// repeat or a limit is not finite. Then no verdict is recorded.
[[nodiscard]] Result<Verdict> judge(Ledger& ledger, const Id& model,
                                    const std::vector<Requirement>& requirements,
                                    const std::vector<Evidence>& evidence,
                                    const std::string& author, const JudgeOptions& options = {});

/// The newest verdict about `model` for the environment of that key, if there is one.
[[nodiscard]] Result<std::optional<Verdict>> find_verdict(const Ledger& ledger, const Id& model,
                                                          const std::string& environment = {});
/// Reads what `judge` wrote. `release` believes only the ledger, so a verdict read from an event
/// that somebody made up opens nothing. Errors: `damaged`.
[[nodiscard]] Result<Verdict> verdict_from_event(const Event& event);
[[nodiscard]] nlohmann::ordered_json to_json(const Verdict& verdict);

}  // namespace millgate
