/// Numbers with the place they come from.
#pragma once

#include <string>

#include "model/measure/evidence.h"
#include "system/report/card_facts.h"

namespace millgate {

/// "0.674 [0.668, 0.680]", with the interval only where there is one.
[[nodiscard]] std::string value_text(const Evidence& evidence);
/// "[0.668, 0.680]", or "".
[[nodiscard]] std::string interval_text(const Evidence& evidence);

/// HTML: `text` with a tooltip (metric, data, slice, rows, event) and a small link to the entry
/// of `source` at the end of the card. `text` is escaped here.
[[nodiscard]] std::string cite(const std::string& text, const std::string& title,
                               CardSource source);
[[nodiscard]] std::string cite(const CardFacts& facts, const std::string& text,
                               const Evidence& evidence);
/// Only the tooltip: for tables whose caption holds the link.
[[nodiscard]] std::string explain(const CardFacts& facts, const std::string& text,
                                  const Evidence& evidence);
/// Only the small link.
[[nodiscard]] std::string source_link(CardSource source);

/// The list at the end that the links lead to.
[[nodiscard]] std::string source_list(const CardFacts& facts);

}  // namespace millgate
