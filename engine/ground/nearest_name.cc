#include "ground/nearest_name.h"

#include <algorithm>
#include <vector>

namespace millgate {

namespace {

constexpr size_t kNamesShownMax = 12;

/// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`,
/// where no part is edited twice.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view wrong,
                                        std::span<const std::string> valid) {
  std::optional<std::string> nearest;
  size_t nearest_distance = 0;
  for (const std::string& name : valid) {
    const size_t longer = std::max(wrong.size(), name.size());
    const size_t distance = edit_distance(wrong, name);
    const bool is_slip = distance <= (longer + 2) / 3 && distance < longer;
    if (is_slip && (!nearest || distance < nearest_distance)) {
      nearest = name;
      nearest_distance = distance;
    }
  }
  return nearest;
}

std::string name_hint(std::string_view wrong, std::span<const std::string> valid) {
  if (const auto nearest = nearest_name(wrong, valid)) return "did you mean `" + *nearest + "`?";
  if (valid.empty()) return {};
  std::string hint = "valid names: ";
  const size_t shown = std::min(valid.size(), kNamesShownMax);
  for (size_t i = 0; i < shown; ++i) hint += (i == 0 ? "" : ", ") + valid[i];
  if (shown < valid.size()) hint += " and " + std::to_string(valid.size() - shown) + " more";
  return hint;
}

}  // namespace millgate
