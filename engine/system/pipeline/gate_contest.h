/// Requirements that hold the judged model against another, or against itself. Inside the room.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/measure/quality.h"
#include "model/release/requirement.h"
#include "system/pipeline/gate_evidence.h"
#include "system/pipeline/gate_rows.h"

namespace millgate {

/// One of the two, by what it says of every test row.
struct ContestSide {
  std::vector<double> predictions;
  double threshold = 0.5;
  std::vector<double> decide_by = {};  ///< Of several classes: as Manifest::decide_by.
};

/// Two sides, and what is required of the first against the second.
struct GateContest {
  ContestSide challenger, champion;
  std::vector<const Requirement*> asked;
  std::string champion_name;  ///< In words: "model ab12", "a linear model".
  std::vector<uint8_t> left_out =
      {};  ///< One flag a row: it trained the champion. Empty: none did.
  std::vector<std::string> inputs = {};  ///< Ids for the evidence.
};

/// Adds the advantage of the challenger for each requirement, both measured on the same resamples
/// of the same rows. Each end may be wrong with a probability of `tail`. Errors: as
/// ModelContest::hold.
[[nodiscard]] Status hold_contest(const GateContest& contest, GateRows& rows,
                                  MeasureOptions options, double tail, GateEvidence& into);

}  // namespace millgate
