#include "data/feature/unit.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "ground/nearest_name.h"

namespace millgate {
namespace {

struct NamedUnit {
  std::string_view name;
  std::string_view dimension;  ///< Empty: a pure number.
  double factor;
  double offset = 0.0;
  int power = 1;
};

// Compound units of one name (knot, pascal, litre) are written out below.
constexpr std::array<NamedUnit, 45> kUnits = {{
    {"metre", "length", 1.0},
    {"meter", "length", 1.0},
    {"m", "length", 1.0},
    {"kilometre", "length", 1000.0},
    {"kilometer", "length", 1000.0},
    {"km", "length", 1000.0},
    {"centimetre", "length", 0.01},
    {"cm", "length", 0.01},
    {"millimetre", "length", 0.001},
    {"mm", "length", 0.001},
    {"mile", "length", 1609.344},
    {"yard", "length", 0.9144},
    {"foot", "length", 0.3048},
    {"inch", "length", 0.0254},
    {"nautical_mile", "length", 1852.0},
    {"second", "time", 1.0},
    {"s", "time", 1.0},
    {"millisecond", "time", 0.001},
    {"minute", "time", 60.0},
    {"hour", "time", 3600.0},
    {"h", "time", 3600.0},
    {"day", "time", 86400.0},
    {"week", "time", 604800.0},
    {"kilogram", "mass", 1.0},
    {"kg", "mass", 1.0},
    {"gram", "mass", 0.001},
    {"tonne", "mass", 1000.0},
    {"pound", "mass", 0.45359237},
    {"ounce", "mass", 0.028349523125},
    {"kelvin", "temperature", 1.0},
    {"celsius", "temperature", 1.0, 273.15},
    {"fahrenheit", "temperature", 5.0 / 9.0, 459.67 * 5.0 / 9.0},
    {"radian", "angle", 1.0},
    {"degree", "angle", 0.017453292519943295},
    {"byte", "information", 1.0},
    {"kilobyte", "information", 1000.0},
    {"megabyte", "information", 1e6},
    {"litre", "length", 0.001, 0.0, 3},
    {"gallon", "length", 0.003785411784, 0.0, 3},
    {"percent", "", 0.01},
    {"ratio", "", 1.0},
    {"usd", "money: usd", 1.0},
    {"eur", "money: eur", 1.0},
    {"gbp", "money: gbp", 1.0},
    {"count", "count", 1.0},
}};

/// Names that stand for others.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kSpeeds = {
    {{"knot", "nautical_mile/hour"}, {"mph", "mile/hour"}, {"kmh", "kilometre/hour"}}};
struct Pressure {
  std::string_view name;
  double pascals;
};
constexpr std::array<Pressure, 5> kPressures = {{{"pascal", 1.0},
                                                 {"hectopascal", 100.0},
                                                 {"millibar", 100.0},
                                                 {"bar", 1e5},
                                                 {"psi", 6894.757293168361}}};

void multiply_in(Unit& unit, const Unit& other, int power) {
  unit.factor *= std::pow(other.factor, power);
  for (const auto& [dimension, exponent] : other.dimensions) {
    int& sum = unit.dimensions[dimension];
    sum += exponent * power;
    if (sum == 0) unit.dimensions.erase(dimension);
  }
}

Result<Unit> find_unit(std::string_view name) {
  Unit unit;
  for (const NamedUnit& known : kUnits) {
    if (known.name != name) continue;
    unit.factor = known.factor;
    unit.offset = known.offset;
    if (!known.dimension.empty()) unit.dimensions[std::string(known.dimension)] = known.power;
    return unit;
  }
  for (const auto& [known, meaning] : kSpeeds) {
    if (known == name) return parse_unit(meaning);
  }
  for (const Pressure& known : kPressures) {
    if (known.name != name) continue;
    unit.factor = known.pascals;
    unit.dimensions = {{"mass", 1}, {"length", -1}, {"time", -2}};
    return unit;
  }
  return invalid_input("unknown unit `" + std::string(name) + "`", name_hint(name, unit_names()));
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// "metre^2".
Status multiply_factor(std::string_view factor, int sign, bool is_alone, Unit& unit) {
  int power = 1;
  const size_t hat = factor.find('^');
  if (hat != std::string_view::npos) {
    const std::string_view digits = trimmed(factor.substr(hat + 1));
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), power);
    if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() || power < 1 ||
        power > 9) {
      return invalid_input("`" + std::string(digits) + "` is no power of a unit",
                           "write metre^2, or 1 to 9");
    }
  }
  MILLGATE_ASSIGN(const Unit named, find_unit(trimmed(factor.substr(0, hat))));
  if (is_alone && power == 1) unit.offset = named.offset;
  multiply_in(unit, named, sign * power);
  return {};
}

}  // namespace

bool Unit::is_same(const Unit& other) const {
  const double tolerance = 1e-12 * std::abs(factor);
  return is_comparable(other) && std::abs(factor - other.factor) <= tolerance &&
         std::abs(offset - other.offset) <= 1e-9;
}

Result<Unit> parse_unit(std::string_view text) {
  Unit unit;
  const bool is_alone = text.find_first_of("*/") == std::string_view::npos;
  int sign = 1;
  size_t at = 0;
  while (at <= text.size()) {
    const size_t end = std::min(text.find_first_of("*/", at), text.size());
    MILLGATE_TRY(multiply_factor(trimmed(text.substr(at, end - at)), sign, is_alone, unit));
    if (end < text.size()) sign = text[end] == '/' ? -1 : 1;
    at = end + 1;
  }
  unit.text = text;
  return unit;
}

std::vector<std::string> unit_names() {
  std::vector<std::string> names;
  names.reserve(std::size(kUnits) + std::size(kSpeeds) + std::size(kPressures));
  for (const NamedUnit& known : kUnits) names.emplace_back(known.name);
  for (const auto& [known, meaning] : kSpeeds) names.emplace_back(known);
  for (const Pressure& known : kPressures) names.emplace_back(known.name);
  return names;
}

Unit product_of(const Unit& a, const Unit& b, int power) {
  Unit unit = a;
  multiply_in(unit, b, power);
  unit.offset = 0.0;
  unit.text = a.text + (power > 0 ? " * " : " / ") + b.text;
  return unit;
}

}  // namespace millgate
