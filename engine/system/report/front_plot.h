/// Choices between which stakeholders must choose: which nothing beats, and who gains by which.
#pragma once

#include <string>
#include <vector>

#include "system/pipeline/weighing.h"

namespace millgate {

/// How the choices of one picture are called.
struct FrontWords {
  std::string what;           ///< "Models".
  std::string current;        ///< What a current one does: "serves".
  bool by_threshold = false;  ///< A choice is named by its threshold and not by its name.
};

/// Inline SVG: what the stakeholders at `across` and `up` get of each choice. To the right and
/// above is better, whichever way a value points. Full marks are on the front of all stakeholders,
/// hollow ones are dominated by another, and what is not acceptable to somebody is told apart; the
/// current one has a ring, with lines through it. Where the two are all stakeholders there are, the
/// front is drawn as the steps that nothing lies beyond. Each mark has its name beside it. Empty
/// where no choice has both values.
[[nodiscard]] std::string front_plot(const std::vector<Stakeholder>& stakeholders,
                                     const std::vector<Choice>& choices, size_t across, size_t up,
                                     const FrontWords& words);

/// HTML: of models and of thresholds the plots, of the stakeholder who counts most beside each
/// other one, and every value in a table. Empty where there is nothing to choose from.
[[nodiscard]] std::string front_tables(const Weighing& weighing);
/// The same with a heading.
[[nodiscard]] std::string front_section(const Weighing& weighing);

/// The same tables as Markdown.
[[nodiscard]] std::string front_markdown(const Weighing& weighing);

/// The names on the front, by their compromise: "v2 26012b45be10, v1 90eb67eed840".
[[nodiscard]] std::string front_names(const Tradeoff& tradeoff, bool by_threshold);

}  // namespace millgate
