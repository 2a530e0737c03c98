#include "system/report/range_strip.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "system/monitor/wording.h"
#include "system/report/svg.h"

namespace millgate {
namespace {

constexpr double kWidth = 120;
constexpr double kHeight = 16;

std::vector<std::pair<std::string, int64_t>> by_frequency(const Profile& profile) {
  std::vector<std::pair<std::string, int64_t>> sorted(profile.counts.begin(), profile.counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

double share_of(int64_t count, const Profile& profile) {
  const int64_t all = profile.value_count();
  return all == 0 ? 0 : static_cast<double>(count) / static_cast<double>(all);
}

void draw_categories(Drawing& drawing, const Profile& profile) {
  double x = 0;
  size_t at = 0;
  for (const auto& [category, count] : by_frequency(profile)) {
    const double width = share_of(count, profile) * kWidth;
    if (width < 1.5) break;
    drawing.rectangle({x, 2}, width - 1, kHeight - 4, at++ % 2 == 0 ? "mark" : "soft",
                      category + " " + percent_text(share_of(count, profile)));
    x += width;
  }
  drawing.rectangle({x, 2}, std::max(0.0, kWidth - x), kHeight - 4, "wash", "all others");
}

}  // namespace

std::string range_strip(const Profile& profile) {
  if (profile.value_count() == 0) return {};
  Drawing drawing(kWidth, kHeight, range_words(profile));
  if (profile.is_category) {
    draw_categories(drawing, profile);
    return drawing.svg();
  }
  if (profile.quantiles.size() != 101) return {};
  const auto& q = profile.quantiles;
  const Scale x{q[1], q[99], 4, kWidth - 4};
  const double y = kHeight / 2;
  drawing.line({x(q[1]), y}, {x(q[99]), y}, "axis");
  drawing.line({x(q[25]), y}, {x(q[75]), y}, "softline");
  drawing.circle({x(q[50]), y}, 3.5, "mark", range_words(profile));
  return drawing.svg();
}

std::string range_words(const Profile& profile) {
  if (profile.value_count() == 0) return "no value";
  if (!profile.is_category) {
    if (profile.quantiles.size() != 101) return {};
    const auto& q = profile.quantiles;
    return figure_text(q[1]) + " … " + figure_text(q[50]) + " … " + figure_text(q[99]);
  }
  const auto sorted = by_frequency(profile);
  std::string words;
  constexpr size_t kNamed = 3;
  for (size_t at = 0; at < std::min(sorted.size(), kNamed); ++at) {
    words += (at == 0 ? "" : ", ") + sorted[at].first + " " +
             percent_text(share_of(sorted[at].second, profile));
  }
  if (sorted.size() > kNamed) {
    words += ", " + count_text(static_cast<int64_t>(sorted.size() - kNamed)) + " more";
  }
  return words;
}

std::string share_bar(double share) {
  Drawing drawing(kWidth, kHeight, percent_text(share));
  drawing.rectangle({0, 3}, std::clamp(share, 0.0, 1.0) * kWidth, kHeight - 6, "mark");
  return drawing.svg();
}

}  // namespace millgate
