/// From a scorer's probability to one that means what it says: of the rows with 30 %, 30 % happen.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

enum class CalibrationMethod {
  isotonic,     ///< A rising line through points; needs about a thousand rows.
  platt,        ///< A straight line on the log-odds: slope and offset.
  temperature,  ///< The log-odds times a slope; 50 % stays 50 %. Of several classes their
                ///< logarithms.
};
[[nodiscard]] std::string_view to_text(CalibrationMethod method);  ///< "isotonic".
/// Errors: `damaged` for another name.
[[nodiscard]] Result<CalibrationMethod> calibration_method_from(std::string_view text);

/// What was learned on rows that the model was not trained on. Never turns two rows round.
struct Calibration {
  CalibrationMethod method = CalibrationMethod::platt;
  int64_t row_count = 0;          ///< Rows that it was learned from.
  double slope = 1;               ///< platt, temperature: positive.
  double offset = 0;              ///< platt: in log-odds.
  std::vector<double> from = {};  ///< isotonic: the scorer's probabilities, ascending ...
  std::vector<double> to = {};  ///< ... and theirs, not descending; linear between, level outside.
  bool operator==(const Calibration&) const = default;
};

/// ln(p / (1 - p)), p kept 1e-15 away from 0 and 1.
[[nodiscard]] double log_odds_of(double probability);

/// Of a probability; one in [0, 1]. The same bits wherever it is asked.
[[nodiscard]] double calibrated(const Calibration& calibration, double probability);

/// Of the probabilities of a row's classes, by temperature: p_k ^ slope / sum of p_j ^ slope, each
/// p kept 1e-15 above 0. The order of classes stays. The same bits wherever it is asked.
void calibrate_classes(const Calibration& calibration, std::span<double> probabilities);

/// What is wrong, in words; empty when all is well: a slope that is not positive, points that are
/// not finite, out of order, outside [0, 1] or of two lengths.
[[nodiscard]] std::string fault_of(const Calibration& calibration);

[[nodiscard]] nlohmann::ordered_json to_json(const Calibration& calibration);
/// Errors: `damaged` naming the member.
[[nodiscard]] Result<Calibration> calibration_from_json(const nlohmann::ordered_json& json);

}  // namespace millgate
