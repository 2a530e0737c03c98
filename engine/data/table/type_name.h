/// The names of the types of columns, as manifests, messages and the logical hash write them.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// Types within types: a list of lists has two levels. More than this is refused.
inline constexpr int kTypeLevelsMax = 32;

/// "int64", "list<item: string>", "fixed_size_list<item: float>[768]", "struct<a: int64>",
/// "map<string, double>". A member whose name is no plain word stands in quotes, as JSON writes
/// it. `type` is a table type (column_type.h).
[[nodiscard]] std::string type_name(const arrow::DataType& type);

/// The same with the members of each struct in the order of their names: one name for structs that
/// differ in the order of their members only.
[[nodiscard]] std::string ordered_type_name(const arrow::DataType& type);

/// Reads what `type_name` wrote. Errors: `invalid_input` with the types there are.
[[nodiscard]] Result<std::shared_ptr<arrow::DataType>> parse_table_type(std::string_view name);

/// Lists, structs and maps: their values have parts, and no order among themselves.
[[nodiscard]] bool is_nested_type(const arrow::DataType& type);

}  // namespace millgate
