/// The parts of a model card, each as HTML with its heading.
#pragma once

#include <string>

#include "system/report/card_facts.h"

namespace millgate {

[[nodiscard]] std::string card_header(const CardFacts& facts);
[[nodiscard]] std::string card_quality(const CardFacts& facts);
[[nodiscard]] std::string card_slices(const CardFacts& facts);
[[nodiscard]] std::string card_requirements(const CardFacts& facts);
[[nodiscard]] std::string card_features(const CardFacts& facts);
[[nodiscard]] std::string card_data(const CardFacts& facts);
[[nodiscard]] std::string card_served(const CardFacts& facts);
[[nodiscard]] std::string card_limits(const CardFacts& facts);
[[nodiscard]] std::string card_said(const CardFacts& facts);
[[nodiscard]] std::string card_history(const CardFacts& facts);
[[nodiscard]] std::string card_reproduction(const CardFacts& facts);

/// `<h2 id="anchor">title</h2>`.
[[nodiscard]] std::string section_heading(const std::string& anchor, const std::string& title);

/// From inputs to a decision, in lines that programmers read.
[[nodiscard]] std::string pseudo_code(const CardFacts& facts);

/// The sentence that names for whom the model is worse.
[[nodiscard]] std::string worst_slice_words(const CardFacts& facts);

}  // namespace millgate
