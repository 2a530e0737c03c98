/// What rows hold, as one HTML page.
#pragma once

#include <string>
#include <vector>

#include "data/check/table_profile.h"

namespace millgate {

/// A profile and the words by which its rows were asked for.
struct NamedProfile {
  std::string name;
  const TableProfile* profile = nullptr;
};

/// One self-contained HTML file: what stands out, every column with its distribution, what goes
/// together. With two profiles, each column of the second beside that of the same name.
[[nodiscard]] std::string profile_html(const std::vector<NamedProfile>& profiles);

}  // namespace millgate
