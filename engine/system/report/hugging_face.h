/// A model card as the Hugging Face Hub reads it: a header in YAML before the Markdown.
#pragma once

#include <string>

#include "system/report/card_facts.h"

namespace millgate {

/// README.md of a model on the Hub. The header has what the Hub filters and shows by: licence,
/// library, task, metrics, `datasets` where a source names one of the Hub, and `model-index` with
/// each metric of the test rows and of each slice. What nobody has said is left out.
[[nodiscard]] std::string hugging_face_card(const CardFacts& facts);

}  // namespace millgate
