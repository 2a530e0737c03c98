#include "model/tune/parzen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

namespace millgate {

namespace {

constexpr double kWidthsMax = 100;
constexpr size_t kFresh = 25;

double normal_below(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

/// Of a standard normal between `a` and `b`, without cancellation in the upper tail.
double normal_between(double a, double b) {
  return a > 0 ? normal_below(-a) - normal_below(-b) : normal_below(b) - normal_below(a);
}

double in_scale(const SearchParameter& parameter, double value) {
  return parameter.is_log ? std::log(value) : value;
}

/// The distance to the further neighbour of each; the outermost have one, and one alone has the
/// ends of the range.
std::vector<double> widths_of(const std::vector<double>& centres, double low, double high) {
  const size_t count = centres.size();
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return centres[a] < centres[b]; });
  const double least = (high - low) / std::min(kWidthsMax, static_cast<double>(count) + 2);
  std::vector<double> widths(count);
  for (size_t place = 0; place < count; ++place) {
    const double own = centres[order[place]];
    const bool first = place == 0, last = place + 1 == count;
    const double below = first ? (last ? own - low : 0) : own - centres[order[place - 1]];
    const double above = last ? (first ? high - own : 0) : centres[order[place + 1]] - own;
    widths[order[place]] = std::clamp(std::max(below, above), least, high - low);
  }
  return widths;
}

std::vector<double> log_weights(size_t points) {
  std::vector<double> weights(points, 1.0);
  if (points > kFresh) {
    const size_t old = points - kFresh;
    const double least = 1.0 / static_cast<double>(points);
    for (size_t i = 0; i < old; ++i) {
      const double share = old == 1 ? 0 : static_cast<double>(i) / static_cast<double>(old - 1);
      weights[i] = least + share * (1 - least);
    }
  }
  weights.push_back(1.0);
  double sum = 0;
  for (const double weight : weights) sum += weight;
  for (double& weight : weights) weight = std::log(weight / sum);
  return weights;
}

}  // namespace

Parzen::Parzen(const SearchSpace& space, const std::vector<size_t>& chosen,
               std::span<const SearchPoint> points)
    : space_(&space), log_weight_(log_weights(points.size())) {
  for (const size_t index : chosen) {
    const SearchParameter& parameter = space.parameters[index];
    Axis axis{.parameter = index, .low = 0, .high = 1, .centre = {}, .width = {}, .log_mass = {}};
    if (parameter.kind == SearchKind::choice) {
      for (const SearchPoint& point : points) axis.centre.push_back(point[index]);
      axes_.push_back(std::move(axis));
      continue;
    }
    const double half = parameter.kind == SearchKind::integer ? 0.5 : 0;
    axis.low = in_scale(parameter, parameter.low - half);
    axis.high = in_scale(parameter, parameter.high + half);
    const double range = axis.high - axis.low;
    for (const SearchPoint& point : points) {
      axis.centre.push_back(in_scale(parameter, point[index]));
    }
    axis.width = widths_of(axis.centre, axis.low, axis.high);
    axis.centre.push_back((axis.low + axis.high) / 2);
    axis.width.push_back(range);
    for (size_t k = 0; k < axis.centre.size(); ++k) {
      axis.log_mass.push_back(
          std::log(normal_between((axis.low - axis.centre[k]) / axis.width[k],
                                  (axis.high - axis.centre[k]) / axis.width[k])));
    }
    axes_.push_back(std::move(axis));
  }
}

double Parzen::log_kernel(const Axis& axis, size_t kernel, double value) const {
  const SearchParameter& parameter = space_->parameters[axis.parameter];
  if (parameter.kind == SearchKind::choice) {
    const auto choices = static_cast<double>(parameter.choices.size());
    if (kernel == axis.centre.size()) return -std::log(choices);  // The prior.
    const double base = 1 / static_cast<double>(axis.centre.size() + 1);
    const double own = axis.centre[kernel] == value ? 1 : 0;
    return std::log((base + own) / (choices * base + 1));
  }
  const double centre = axis.centre[kernel], width = axis.width[kernel];
  if (parameter.kind == SearchKind::integer) {
    const double low = in_scale(parameter, value - 0.5), high = in_scale(parameter, value + 0.5);
    return std::log(normal_between((low - centre) / width, (high - centre) / width)) -
           axis.log_mass[kernel];
  }
  const double z = (in_scale(parameter, value) - centre) / width;
  const double log_root = 0.5 * std::log(2 * std::numbers::pi);
  return -0.5 * z * z - std::log(width) - log_root - axis.log_mass[kernel];
}

double Parzen::sample_axis(const Axis& axis, size_t kernel, Random& random) const {
  const SearchParameter& parameter = space_->parameters[axis.parameter];
  if (parameter.kind == SearchKind::choice) {
    double left = random.uniform();
    for (size_t choice = 0; choice + 1 < parameter.choices.size(); ++choice) {
      left -= std::exp(log_kernel(axis, kernel, static_cast<double>(choice)));
      if (left < 0) return static_cast<double>(choice);
    }
    return static_cast<double>(parameter.choices.size() - 1);
  }
  // The centre lies inside, and no kernel is wider than the range: one draw in three is good.
  double at = 0;
  do {
    at = axis.centre[kernel] + axis.width[kernel] * random.normal();
  } while (at < axis.low || at > axis.high);
  const double value = parameter.is_log ? std::exp(at) : at;
  return std::clamp(parameter.kind == SearchKind::integer ? std::round(value) : value,
                    parameter.low, parameter.high);
}

void Parzen::sample(Random& random, SearchPoint& point) const {
  double left = random.uniform();
  size_t kernel = 0;
  for (; kernel + 1 < log_weight_.size(); ++kernel) {
    left -= std::exp(log_weight_[kernel]);
    if (left < 0) break;
  }
  for (const Axis& axis : axes_) point[axis.parameter] = sample_axis(axis, kernel, random);
}

double Parzen::log_density(const SearchPoint& point) const {
  std::vector<double> terms(log_weight_);
  double largest = -std::numeric_limits<double>::infinity();
  for (size_t k = 0; k < terms.size(); ++k) {
    for (const Axis& axis : axes_) terms[k] += log_kernel(axis, k, point[axis.parameter]);
    largest = std::max(largest, terms[k]);
  }
  if (!std::isfinite(largest)) return largest;
  double sum = 0;
  for (const double term : terms) sum += std::exp(term - largest);
  return largest + std::log(sum);
}

}  // namespace millgate
