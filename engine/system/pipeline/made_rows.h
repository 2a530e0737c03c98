/// Rows of made-up tables, one for each kind of task, for projects that have no data yet.
#pragma once

#include <string>

namespace millgate {

// Each is a CSV file with a header, made of whole numbers from a fixed seed, so it is the same on
// every machine. The label depends on the other columns and on chance.

[[nodiscard]] std::string made_customers();   ///< Who leaves within 30 days.
[[nodiscard]] std::string made_tickets();     ///< Which team answers.
[[nodiscard]] std::string made_deliveries();  ///< How many minutes.
[[nodiscard]] std::string made_results();     ///< How relevant each result of a search was.
[[nodiscard]] std::string made_sales();       ///< Units by shop and day.

}  // namespace millgate
