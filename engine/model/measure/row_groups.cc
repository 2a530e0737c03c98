#include "model/measure/row_groups.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace millgate {
namespace {

/// A number for each value of one column, and the values in the order of their numbers.
struct Codes {
  std::vector<uint32_t> of_row;
  std::vector<std::string_view> values;
};

Codes codes_of(const SliceColumn& column) {
  Codes codes;
  std::unordered_map<std::string_view, uint32_t> known;
  for (const std::string& value : column.values) {
    const auto [at, is_new] = known.emplace(value, static_cast<uint32_t>(codes.values.size()));
    if (is_new) codes.values.push_back(value);
    codes.of_row.push_back(at->second);
  }
  return codes;
}

}  // namespace

std::vector<RowGroup> group_rows(std::span<const SliceColumn> columns) {
  std::vector<Codes> codes;
  for (const SliceColumn& column : columns) codes.push_back(codes_of(column));
  std::map<std::vector<uint32_t>, std::vector<uint32_t>> found;
  std::vector<uint32_t> key(columns.size());
  for (size_t row = 0; row < codes.front().of_row.size(); ++row) {
    for (size_t c = 0; c < columns.size(); ++c) key[c] = codes[c].of_row[row];
    found[key].push_back(static_cast<uint32_t>(row));
  }
  std::vector<RowGroup> groups;
  for (auto& [values, rows] : found) {
    RowGroup group{.name = {}, .rows = std::move(rows)};
    for (size_t c = 0; c < columns.size(); ++c) {
      const std::string value(codes[c].values[values[c]]);
      if (columns.size() == 1) {
        group.name = value;
      } else {
        group.name += (c > 0 ? ", " : "") + columns[c].name + "=" + value;
      }
    }
    groups.push_back(std::move(group));
  }
  std::sort(groups.begin(), groups.end(), [](const RowGroup& a, const RowGroup& b) {
    return a.rows.size() != b.rows.size() ? a.rows.size() > b.rows.size() : a.name < b.name;
  });
  return groups;
}

}  // namespace millgate
