#include "model/tune/suggest.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/tune/parzen.h"

namespace millgate {

namespace {

constexpr double kGoodShare = 0.1;
constexpr size_t kGoodMax = 25;
constexpr int kCandidates = 64;

SearchPoint nowhere(const SearchSpace& space) {
  SearchPoint point(space.parameters.size());
  std::fill(point.begin(), point.end(), std::numeric_limits<double>::quiet_NaN());
  return point;
}

SearchPoint random_point(const SearchSpace& space, const Suggestion& suggestion) {
  Random random =
      Random::stream(suggestion.seed, "tune random", static_cast<uint64_t>(suggestion.number));
  SearchPoint point = nowhere(space);
  for (size_t i = 0; i < point.size(); ++i) {
    const double unit = random.uniform();  // Drawn in any case: one parameter leaves others alone.
    if (counts(space, point, i)) point[i] = from_unit(space.parameters[i], unit);
  }
  return point;
}

/// The root of x^(d+1) = x + 1: the golden ratio for one dimension.
double generalised_golden_ratio(size_t dimensions) {
  double x = 2;
  const double power = 1.0 / (static_cast<double>(dimensions) + 1);
  for (int i = 0; i < 64; ++i) x = std::pow(1 + x, power);
  return x;
}

SearchPoint spread_point(const SearchSpace& space, const Suggestion& suggestion) {
  Random shift = Random::stream(suggestion.seed, "tune spread");
  const double ratio = generalised_golden_ratio(space.parameters.size());
  SearchPoint point = nowhere(space);
  for (size_t i = 0; i < point.size(); ++i) {
    const double step = std::pow(1 / ratio, static_cast<double>(i + 1));
    const double at = shift.uniform() + step * suggestion.number;
    if (counts(space, point, i)) point[i] = from_unit(space.parameters[i], at - std::floor(at));
  }
  return point;
}

/// Indices of what has a result, from the best to the worst.
std::vector<size_t> order_of_results(std::span<const Tried> tried) {
  std::vector<size_t> complete, pruned, failed;
  for (size_t i = 0; i < tried.size(); ++i) {
    if (tried[i].state == Tried::State::complete) complete.push_back(i);
    if (tried[i].state == Tried::State::pruned) pruned.push_back(i);
    if (tried[i].state == Tried::State::failed) failed.push_back(i);
  }
  std::vector<Losses> losses;
  losses.reserve(complete.size());
  for (const size_t i : complete) losses.push_back(tried[i].losses);
  std::vector<size_t> order;
  for (const size_t place : order_by_losses(losses)) order.push_back(complete[place]);
  std::stable_sort(pruned.begin(), pruned.end(), [&](size_t a, size_t b) {
    if (tried[a].rungs_reached != tried[b].rungs_reached) {
      return tried[a].rungs_reached > tried[b].rungs_reached;
    }
    return tried[a].rung_loss < tried[b].rung_loss;
  });
  order.insert(order.end(), pruned.begin(), pruned.end());
  order.insert(order.end(), failed.begin(), failed.end());
  return order;
}

struct Sides {
  std::vector<SearchPoint> good, other;  ///< The oldest first.
};

/// Those at which the parameters of `group` count.
Sides divide(std::span<const Tried> tried, const std::vector<size_t>& group) {
  const std::vector<size_t> order = order_of_results(tried);
  const auto good = std::min(
      static_cast<size_t>(std::ceil(kGoodShare * static_cast<double>(order.size()))), kGoodMax);
  std::vector<bool> is_good(tried.size(), false);
  for (size_t i = 0; i < good; ++i) {
    is_good[order[i]] = tried[order[i]].state != Tried::State::failed;
  }
  Sides sides;
  for (size_t i = 0; i < tried.size(); ++i) {
    const bool has_all = std::none_of(group.begin(), group.end(),
                                      [&](size_t at) { return std::isnan(tried[i].point[at]); });
    if (has_all) (is_good[i] ? sides.good : sides.other).push_back(tried[i].point);
  }
  return sides;
}

void choose_group(const SearchSpace& space, const std::vector<size_t>& group,
                  std::span<const Tried> tried, Random& random, SearchPoint& point) {
  const Sides sides = divide(tried, group);
  const Parzen good(space, group, sides.good);
  const Parzen other(space, group, sides.other);
  SearchPoint candidate = point;
  double best = -std::numeric_limits<double>::infinity();
  for (int i = 0; i < kCandidates; ++i) {
    good.sample(random, candidate);
    const double gain = good.log_density(candidate) - other.log_density(candidate);
    if (i > 0 && !(gain > best)) continue;
    best = gain;
    point = candidate;
  }
}

}  // namespace

SearchPoint suggest(const SearchSpace& space, const Suggestion& suggestion,
                    std::span<const Tried> tried) {
  if (suggestion.sampler == Sampler::random) return random_point(space, suggestion);
  if (suggestion.number <= suggestion.started_at_random) return spread_point(space, suggestion);
  Random random =
      Random::stream(suggestion.seed, "tune tpe", static_cast<uint64_t>(suggestion.number));
  SearchPoint point = nowhere(space);
  for (const std::vector<size_t>& group : groups_of(space)) {
    if (counts(space, point, group.front())) choose_group(space, group, tried, random, point);
  }
  return point;
}

}  // namespace millgate
