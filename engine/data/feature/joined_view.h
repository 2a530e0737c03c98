/// A view and what a join wants of it.
#pragma once

#include <string>
#include <vector>

#include "data/feature/view_times.h"
#include "data/feature/window.h"

namespace millgate {

struct JoinedView {
  ResolvedView resolved;
  std::vector<std::string> columns;
  std::vector<const Window*> windows;  ///< For the caller: the joined row knows nothing of them.
  /// Adds when the joined row happened and was known, as two columns of 64-bit microseconds; null
  /// where no row was joined. Of views with times.
  bool with_times = false;

  /// Whether a row of it is joined, not only windows.
  [[nodiscard]] bool is_joined() const { return !columns.empty() || with_times; }

  // Names of its columns in a join.
  [[nodiscard]] std::string joined_name(const std::string& column) const {
    return resolved.view->name + "." + column;
  }
  [[nodiscard]] std::string happened_name() const {
    return "millgate happened in " + resolved.view->name;
  }
  [[nodiscard]] std::string known_name() const {
    return "millgate known in " + resolved.view->name;
  }
};

}  // namespace millgate
