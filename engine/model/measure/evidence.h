/// A measured number with everything that makes it mean something.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// What could not be measured, and why; of more use than silence.
struct Unmeasured {
  std::string metric;
  std::string slice;
  std::string why;  ///< For people, with what would be needed.
};

/// One measurement.
struct Evidence {
  std::string metric;  ///< A name from metric.h; holds the unit.
  double value = 0;
  std::optional<double> lower = {};  ///< 95 % interval, when one was computed.
  std::optional<double> upper = {};
  std::string slice = {};                ///< "column=value", "by column" for gaps; empty: all rows.
  int64_t row_count = 0;                 ///< Rows, or queries, it was computed from: `counted_in`.
  std::string data = {};                 ///< What the rows are: "test", "valid", "served".
  std::vector<std::string> inputs = {};  ///< Ids of what it was computed from (model, commit).
  std::string note = {};                 ///< In words: the groups that a gap is between.
};

[[nodiscard]] nlohmann::ordered_json to_json(const Evidence& evidence);
/// Errors: `damaged` naming the member that is missing or of a wrong type.
[[nodiscard]] Result<Evidence> evidence_from_json(const nlohmann::ordered_json& json);

}  // namespace millgate
