#include "model/tune/importance.h"

#include <algorithm>
#include <cmath>

#include "model/tune/parzen.h"

namespace millgate {

namespace {

constexpr size_t kPointsMin = 8;
constexpr size_t kGrid = 100;

/// Values of `parameter` that stand for equal parts of its scale.
std::vector<double> grid_of(const SearchParameter& parameter) {
  const size_t cells = parameter.kind == SearchKind::choice ? parameter.choices.size() : kGrid;
  std::vector<double> values;
  values.reserve(cells);
  for (size_t i = 0; i < cells; ++i) {
    values.push_back(
        from_unit(parameter, (static_cast<double>(i) + 0.5) / static_cast<double>(cells)));
  }
  return values;
}

/// The density at each of `grid`, normalised over it.
std::vector<double> density_on(const SearchSpace& space, size_t parameter,
                               std::span<const SearchPoint> points,
                               const std::vector<double>& grid) {
  const Parzen parzen(space, {parameter}, points);
  SearchPoint at(space.parameters.size());
  std::vector<double> density;
  double sum = 0;
  for (const double value : grid) {
    at[parameter] = value;
    density.push_back(std::exp(parzen.log_density(at)));
    sum += density.back();
  }
  for (double& one : density) one /= sum;
  return density;
}

double divergence(const SearchSpace& space, size_t parameter, std::span<const SearchPoint> points) {
  std::vector<SearchPoint> having;
  std::copy_if(points.begin(), points.end(), std::back_inserter(having),
               [&](const SearchPoint& point) { return !std::isnan(point[parameter]); });
  if (having.size() < kPointsMin) return 0;
  const std::vector<double> grid = grid_of(space.parameters[parameter]);
  const auto all = density_on(space, parameter, having, grid);
  const auto best =
      density_on(space, parameter, std::span(having).first((having.size() + 3) / 4), grid);
  double sum = 0;
  for (size_t i = 0; i < grid.size(); ++i) {
    const double ratio = best[i] / all[i] - 1;
    sum += all[i] * ratio * ratio;
  }
  return sum;
}

}  // namespace

std::vector<double> importance_of(const SearchSpace& space, std::span<const SearchPoint> points) {
  std::vector<double> shares;
  double sum = 0;
  for (size_t i = 0; i < space.parameters.size(); ++i) {
    shares.push_back(divergence(space, i, points));
    sum += shares.back();
  }
  if (sum > 0) {
    for (double& share : shares) share /= sum;
  }
  return shares;
}

}  // namespace millgate
