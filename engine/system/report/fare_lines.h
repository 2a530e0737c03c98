/// What stakeholders get of a model and how they fare against what serves, in words: the same in
/// every form of a verdict.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/release/stakeholder.h"
#include "system/pipeline/weighing.h"

namespace millgate {

/// One stakeholder, each part for people.
struct FareLine {
  std::string stakeholder;
  std::string wants;    ///< As wish_text.
  std::string serving;  ///< What they get of what serves; "not known".
  std::string model;    ///< What they get of the model.
  std::string change;   ///< "+0.02 (+0.01 to +0.03)"; empty where it is not known.
  std::string outcome;  ///< As fare_words.
};

/// Loses, or gets what is not acceptable.
[[nodiscard]] bool is_bad(const FareLine& line);

/// One a stakeholder, in their order, of the first of `models` beside what serves. None where the
/// model could not be measured, and where nothing serves or the model itself does.
[[nodiscard]] std::vector<FareLine> fare_lines(const Tradeoff& models,
                                               const std::vector<Stakeholder>& stakeholders);

/// The acceptable choice of the best compromise, the first of several; null where none is
/// acceptable.
[[nodiscard]] const Choice* best_compromise(const std::vector<Choice>& choices);

/// "serves, front": `current` says what it means to be current.
[[nodiscard]] std::string standing_words(const Choice& choice, std::string_view current);

/// "utility by origin, more is better", with what limits it.
[[nodiscard]] std::string wish_text(const Stakeholder& stakeholder);

/// "gains", "loses", "UNACCEPTABLE", "cannot be told"; empty where nothing serves.
[[nodiscard]] std::string fare_words(const StakeholderValue& value);

/// "not known" for NaN. Money and rates alike: digits enough for the one, few enough for the other.
[[nodiscard]] std::string value_words(const StakeholderValue& value);

}  // namespace millgate
