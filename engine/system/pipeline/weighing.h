/// What stakeholders get of models and of thresholds, as it is told and kept: in the ledger's
/// verdict, in JSON, in pages.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "model/release/stakeholder.h"
#include "system/pipeline/tradeoff.h"

namespace millgate {

/// Values of every choice are in the order of `stakeholders`.
struct Weighing {
  std::vector<Stakeholder> stakeholders;
  Tradeoff models;      ///< The judged one first.
  Tradeoff thresholds;  ///< Of the judged model; no choices for regression.
};

[[nodiscard]] std::string_view to_text(Fare fare);  ///< "gains".

[[nodiscard]] nlohmann::ordered_json to_json(const Weighing& weighing);
/// What `to_json` wrote, as one text. Errors: `damaged`, naming `object`.
[[nodiscard]] Result<Weighing> weighing_from_text(const std::string& text,
                                                  const std::string& object);

}  // namespace millgate
