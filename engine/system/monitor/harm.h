/// How much worse something makes the answers: in a metric, and in money.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "ground/error.h"

namespace millgate {

/// A change with its 95 % interval.
struct HarmRange {
  double change = 0;
  double lower = 0, upper = 0;
};

/// Nothing known is an answer, too: `metric` is then empty, and `note` says why.
struct AlarmHarm {
  std::string metric = {};   ///< "log_loss", "squared_error", "auc" ...
  bool is_measured = false;  ///< From labels of what was served; else estimated from a shift alone.
  std::string feature = {};  ///< Of an estimate: the one whose shift does it.
  double was = 0;            ///< The metric on the rows that the model was tested on.
  HarmRange worse = {};      ///< Above 0: worse, whichever way the metric points.
  std::optional<HarmRange> earned = {};  ///< Per 1,000 predictions; below 0: less.
  std::string note = {};

  [[nodiscard]] bool is_known() const { return !metric.empty(); }
  /// That it is worse is beyond chance.
  [[nodiscard]] bool is_sure() const;
  /// That it matters can be ruled out: not even the upper end is 2 % of what there was.
  [[nodiscard]] bool is_none() const;
  /// `worse` as a share of what there was to lose: of the loss; of an AUC, what is above 0.5.
  [[nodiscard]] double share() const;
};

/// How grave `severity` of the kind is once the harm is known: a share of 25 % counts as 0.95, what
/// may be chance at most 0.4, none at most 0.15. As it is where nothing is known.
[[nodiscard]] double weighed_severity(double severity, const AlarmHarm& harm);

/// "log_loss worse by 0.031 (0.02 to 0.042), 6.1 % of 0.51, by the shift of `wind`; earns 120 less
/// per 1,000 predictions (80 to 160)", or "cannot be known: ...".
[[nodiscard]] std::string harm_text(const AlarmHarm& harm);

[[nodiscard]] nlohmann::ordered_json to_json(const AlarmHarm& harm);
/// Errors: `damaged`, of `object`.
[[nodiscard]] Result<AlarmHarm> harm_from_json(const nlohmann::ordered_json& json,
                                               const std::string& object);

}  // namespace millgate
