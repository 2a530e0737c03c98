#include "data/feature/window_facts.h"

#include <algorithm>
#include <limits>

namespace millgate {
namespace {

FactColumn column_of(const Window& window) {
  switch (window.kind) {
    case WindowKind::count:
      return {.argument = window.argument, .form = FactForm::presence};
    case WindowKind::distinct:
      return {.argument = window.argument, .form = FactForm::identity};
    default:
      return {.argument = window.argument, .form = FactForm::number};
  }
}

}  // namespace

std::vector<FactColumn> fact_columns(const std::vector<Window>& windows) {
  std::vector<FactColumn> columns;
  for (const Window& window : windows) {
    if (window.argument.empty() || fact_column_of(window, columns)) continue;
    columns.push_back(column_of(window));
  }
  return columns;
}

std::optional<size_t> fact_column_of(const Window& window, const std::vector<FactColumn>& columns) {
  const auto found = std::find(columns.begin(), columns.end(), column_of(window));
  if (window.argument.empty() || found == columns.end()) return std::nullopt;
  return static_cast<size_t>(found - columns.begin());
}

int64_t earlier(int64_t time, int64_t micros) {
  int64_t then = 0;
  const bool overflows = __builtin_sub_overflow(time, micros, &then);
  return overflows ? std::numeric_limits<int64_t>::min() : then;
}

std::optional<int64_t> span_max(const std::vector<Window>& windows) {
  std::optional<int64_t> longest = 0;
  for (const Window& window : windows) {
    if (!window.span) return std::nullopt;
    longest = std::max(*longest, *window.span);
  }
  return longest;
}

}  // namespace millgate
