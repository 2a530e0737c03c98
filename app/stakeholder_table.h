/// What stakeholders get of choices, for people.
#pragma once

#include <ostream>
#include <vector>

#include "model/release/stakeholder.h"
#include "system/report/fare_lines.h"

namespace millgate {

/// One line a stakeholder: what they get of `model` and of what serves, and how they fare.
void print_fares(const std::vector<FareLine>& lines, std::ostream& out);

/// One line a model, with the front and the best compromise. Of a threshold the same.
void print_models(const Tradeoff& models, const std::vector<Stakeholder>& stakeholders,
                  std::ostream& out);
void print_thresholds(const Tradeoff& thresholds, const std::vector<Stakeholder>& stakeholders,
                      std::ostream& out);
/// "operations: utility, more is better", one line each.
void print_wishes(const std::vector<Stakeholder>& stakeholders, std::ostream& out);

}  // namespace millgate
