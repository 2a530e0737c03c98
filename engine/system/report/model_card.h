/// The model card: what a model is, how good, for whom it is worse, and how it came to be.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "system/report/card_facts.h"

namespace millgate {

/// Everything the card says, as data. Each number stands in an object
/// {value, lower, upper, unit, rows, data, slice, source}; `source` names the ledger's event.
[[nodiscard]] nlohmann::ordered_json model_card_json(const CardFacts& facts);

/// The same as one HTML file that needs nothing else: no scripts, styles and plots inside, for
/// light and dark screens and for paper. What monitoring found is added where the facts have it.
[[nodiscard]] std::string model_card_html(const CardFacts& facts);

}  // namespace millgate
