/// The outline of the technical documentation that Annex IV of the EU AI Act (Regulation (EU)
/// 2024/1689) asks for, with what Millgate knows of a model.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "system/report/card_facts.h"

namespace millgate {

/// One HTML page: each point of the annex with its facts, and first of all the gaps: what is
/// missing, who will know it and where to write it. It claims no conformity.
[[nodiscard]] std::string annex_iv_html(const CardFacts& facts);

/// The same as data: `gaps` and `sections`.
[[nodiscard]] nlohmann::ordered_json annex_iv_json(const CardFacts& facts);

}  // namespace millgate
