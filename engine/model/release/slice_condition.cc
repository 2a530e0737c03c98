#include "model/release/slice_condition.h"

#include <set>
#include <utility>

namespace millgate {
namespace {

Status check_once(const Section& section, const std::string& key, std::set<std::string>& seen,
                  const std::string& column) {
  if (seen.insert(column).second) return {};
  return section.error_at(key, "`" + key + "` names column `" + column + "` twice",
                          "name each column once");
}

}  // namespace

Result<std::vector<SliceCondition>> read_conditions(const Section& section,
                                                    const std::vector<std::string>& texts) {
  std::vector<SliceCondition> conditions;
  std::set<std::string> seen;
  conditions.reserve(texts.size());
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      return section.error_at("slice", "slice `" + text + "` is not understood",
                              "write `slice = \"column=value\"`");
    }
    conditions.push_back({.column = text.substr(0, equals), .value = text.substr(equals + 1)});
    MILLGATE_TRY(check_once(section, "slice", seen, conditions.back().column));
  }
  return conditions;
}

Result<std::vector<std::string>> read_group_columns(Section& section) {
  MILLGATE_ASSIGN(std::vector<std::string> columns, section.texts("by"));
  std::set<std::string> seen;
  for (const std::string& column : columns) {
    MILLGATE_TRY(check_once(section, "by", seen, column));
  }
  return columns;
}

}  // namespace millgate
