/// What surrounds a prediction so that it holds the truth as often as was promised: an interval
/// around a value, or the set of answers that may be. Split conformal prediction (Papadopoulos et
/// al. 2002; Lei et al. 2018): from the errors on rows that the model was not trained on, without a
/// word about how they are distributed.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

enum class UncertaintyMethod {
  absolute,      ///< Regression: the value -+ a margin, the same for every row.
  lac,           ///< Binary: the answers whose probability is not too low (Sadinle et al. 2019).
  lac_by_class,  ///< Binary: as lac, with a limit for each class, so that each is held as often.
};
[[nodiscard]] std::string_view to_text(UncertaintyMethod method);  ///< "lac_by_class".
/// Errors: `damaged` for another name.
[[nodiscard]] Result<UncertaintyMethod> uncertainty_method_from(std::string_view text);
/// Whether it makes intervals (regression) or sets (binary).
[[nodiscard]] bool makes_intervals(UncertaintyMethod method);

struct Uncertainty {
  UncertaintyMethod method = UncertaintyMethod::absolute;
  double coverage = 0.9;  ///< Share of rows whose truth is held, as promised.
  int64_t row_count = 0;  ///< Rows that it was learned from.
  double margin = 0;      ///< absolute: in the unit of the label.
  double miss_true = 1;   ///< Sets: `true` may be when 1 - p is at most this,
  double miss_false = 1;  ///< and `false` when p is at most this; p before calibration.
  bool operator==(const Uncertainty&) const = default;
};

/// What is wrong, in words; empty when all is well.
[[nodiscard]] std::string fault_of(const Uncertainty& uncertainty);

[[nodiscard]] nlohmann::ordered_json to_json(const Uncertainty& uncertainty);
/// Errors: `damaged` naming the member.
[[nodiscard]] Result<Uncertainty> uncertainty_from_json(const nlohmann::ordered_json& json);

}  // namespace millgate
