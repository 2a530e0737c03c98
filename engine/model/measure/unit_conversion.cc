#include "model/measure/unit_conversion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <vector>

namespace millgate {
namespace {

// Exact by definition: international yard and pound agreement of 1959, nautical mile of 1929.
constexpr double kMile = 1609.344;  // metres
constexpr double kFoot = 0.3048;
constexpr double kInch = 0.0254;
constexpr double kNauticalMile = 1852;
constexpr double kPound = 0.45359237;  // kilograms
constexpr double kHour = 3600;         // seconds

constexpr auto kConversions = std::to_array<UnitConversion>({
    {"miles sent as kilometres", kMile / 1000, 0},
    {"kilometres sent as miles", 1000 / kMile, 0},
    {"feet sent as metres", kFoot, 0},
    {"metres sent as feet", 1 / kFoot, 0},
    {"inches sent as centimetres", kInch * 100, 0},
    {"centimetres sent as inches", 0.01 / kInch, 0},
    {"inches sent as millimetres", kInch * 1000, 0},
    {"millimetres sent as inches", 0.001 / kInch, 0},
    {"feet sent as inches", 12, 0},
    {"inches sent as feet", 1.0 / 12, 0},
    {"pounds sent as kilograms", kPound, 0},
    {"kilograms sent as pounds", 1 / kPound, 0},
    {"degrees Fahrenheit sent as Celsius", 5.0 / 9, -160.0 / 9},
    {"degrees Celsius sent as Fahrenheit", 1.8, 32},
    {"degrees Celsius sent as Kelvin", 1, 273.15},
    {"Kelvin sent as degrees Celsius", 1, -273.15},
    {"knots sent as miles per hour", kNauticalMile / kMile, 0},
    {"miles per hour sent as knots", kMile / kNauticalMile, 0},
    {"knots sent as kilometres per hour", kNauticalMile / 1000, 0},
    {"kilometres per hour sent as knots", 1000 / kNauticalMile, 0},
    {"knots sent as metres per second", kNauticalMile / kHour, 0},
    {"metres per second sent as knots", kHour / kNauticalMile, 0},
    {"miles per hour sent as metres per second", kMile / kHour, 0},
    {"metres per second sent as miles per hour", kHour / kMile, 0},
    {"kilometres per hour sent as metres per second", 1000 / kHour, 0},
    {"metres per second sent as kilometres per hour", kHour / 1000, 0},
    {"minutes sent as seconds, or hours as minutes", 60, 0},
    {"seconds sent as minutes, or minutes as hours", 1.0 / 60, 0},
    {"hours sent as seconds", kHour, 0},
    {"seconds sent as hours", 1 / kHour, 0},
    {"days sent as hours", 24, 0},
    {"hours sent as days", 1.0 / 24, 0},
    {"minutes sent as milliseconds", 60e3, 0},
    {"milliseconds sent as minutes", 1 / 60e3, 0},
    {"hours sent as milliseconds", 3600e3, 0},
    {"milliseconds sent as hours", 1 / 3600e3, 0},
    {"a unit sent in tenths (centimetres as millimetres)", 10, 0},
    {"tenths of a unit sent as whole ones (millimetres as centimetres)", 0.1, 0},
    {"a unit sent in hundredths (shares as per cent, metres as centimetres, euros as cents)", 100,
     0},
    {"hundredths of a unit sent as whole ones (per cent as shares, centimetres as metres)", 0.01,
     0},
    {"a unit sent in thousandths (seconds as milliseconds, kilometres as metres)", 1e3, 0},
    {"thousandths of a unit sent as whole ones (milliseconds as seconds, metres as kilometres)",
     1e-3, 0},
    {"a unit sent in millionths (seconds as microseconds)", 1e6, 0},
    {"millionths of a unit sent as whole ones (microseconds as seconds)", 1e-6, 0},
});

constexpr size_t kQuantileFirst = 5;
constexpr size_t kQuantileCount = 91;  // 5 % to 95 %
constexpr double kValuesMin = 30;
constexpr double kResidualMax = 0.05;
constexpr double kUnchangedMin = 0.1;
constexpr double kUnchangedMinNear = 1;
constexpr double kResidualShareMax = 1.0 / 6;
constexpr double kSlopeOffMax = 0.1;

double residual(std::span<const double> reference, std::span<const double> current, double factor,
                double offset) {
  double sum = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    sum += std::abs(current[i] - (factor * reference[i] + offset));
  }
  return sum / static_cast<double>(reference.size()) / (current.back() - current.front());
}

/// Drift often scales values as much.
bool is_near_one(double factor) { return factor > 1 / 1.25 && factor < 1.25; }

/// The median of the slopes between all pairs of points (Theil 1950, Sen 1968).
double robust_slope(std::span<const double> x, std::span<const double> y) {
  std::vector<double> slopes;
  slopes.reserve(x.size() * (x.size() - 1) / 2);
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = i + 1; j < x.size(); ++j) {
      if (x[j] > x[i]) slopes.push_back((y[j] - y[i]) / (x[j] - x[i]));
    }
  }
  const auto middle = slopes.begin() + static_cast<ptrdiff_t>(slopes.size() / 2);
  std::nth_element(slopes.begin(), middle, slopes.end());
  return *middle;
}

}  // namespace

std::span<const UnitConversion> unit_conversions() { return kConversions; }

std::optional<UnitConversion> suspect_unit(const QuantilePair& quantiles) {
  if (quantiles.value_count_min < kValuesMin) return std::nullopt;
  if (quantiles.reference.size() < kQuantileFirst + kQuantileCount ||
      quantiles.current.size() < kQuantileFirst + kQuantileCount) {
    return std::nullopt;
  }
  const auto reference = quantiles.reference.subspan(kQuantileFirst, kQuantileCount);
  const auto current = quantiles.current.subspan(kQuantileFirst, kQuantileCount);
  if (!(reference.back() > reference.front()) || !(current.back() > current.front())) {
    return std::nullopt;
  }

  const double unchanged = residual(reference, current, 1, 0);
  const double chance = 2 / std::sqrt(quantiles.value_count_min);
  if (unchanged <= std::max(kUnchangedMin, chance)) return std::nullopt;

  double least = std::min(kResidualMax, kResidualShareMax * unchanged);
  std::optional<UnitConversion> best;
  for (const UnitConversion& conversion : kConversions) {
    if (is_near_one(conversion.factor) && unchanged <= kUnchangedMinNear) continue;
    const double off = residual(reference, current, conversion.factor, conversion.offset);
    if (off < least) {
      least = off;
      best = conversion;
    }
  }
  if (!best) return std::nullopt;
  const double slope = robust_slope(reference, current);
  if (std::abs(slope / best->factor - 1) > kSlopeOffMax) return std::nullopt;
  return best;
}

std::string describe(const UnitConversion& conversion) {
  std::array<char, 64> numbers{};
  if (conversion.offset == 0) {
    std::snprintf(numbers.data(), numbers.size(), "x %.4g", conversion.factor);
  } else {
    std::snprintf(numbers.data(), numbers.size(), "x %.4g, %+.4g", conversion.factor,
                  conversion.offset);
  }
  return "values look like " + std::string(conversion.text) + " (" + numbers.data() + ")";
}

}  // namespace millgate
