/// Which tables a query reads, found in DuckDB's parse tree.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace millgate {

/// Names of the tables in `tree`, as `json_serialize_sql` gives it: each once (SQL does not
/// tell cases apart), without those that the query defines itself by `with` and without those
/// of other schemas than `main`.
[[nodiscard]] std::vector<std::string> tables_in_tree(const nlohmann::ordered_json& tree);

}  // namespace millgate
