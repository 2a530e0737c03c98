#include "model/measure/unit_conversion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>
#include <vector>

#include "ground/random.h"
#include "model/measure/distribution.h"

namespace millgate {
namespace {

/// A column as the world has it.
struct Column {
  const char* name;
  std::function<double(Random&)> draw;
};

/// Positive and wide (distance), near normal (temperature), skewed (duration), few values.
const std::vector<Column>& columns() {
  static const std::vector<Column> all = {
      {"distance",
       [](Random& random) { return std::floor(100 + 2400 * random.uniform() * random.uniform()); }},
      {"temperature", [](Random& random) { return 55 + 18 * random.normal(); }},
      {"duration", [](Random& random) { return std::exp(4 + 0.6 * random.normal()); }},
      {"wind", [](Random& random) { return 3 + 1.15 * static_cast<double>(random.below(20)); }},
      {"seats", [](Random& random) { return 50.0 * static_cast<double>(1 + random.below(5)); }},
      {"routes",  // a few hundred fixed distances, unequally frequent
       [](Random& random) {
         const uint64_t route = random.below(1 + random.below(200));
         return static_cast<double>(90 + route * route % 2500);
       }},
  };
  return all;
}

std::vector<double> draw(const Column& column, size_t count, Random& random) {
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) values.push_back(column.draw(random));
  return values;
}

std::string suspicion(const std::vector<double>& reference, const std::vector<double>& current) {
  return compare(profile_numbers("x", reference), profile_numbers("x", current))->unit_suspicion;
}

TEST(UnitConversion, NamesEveryConversionOfFreshRows) {
  Random random(5);
  for (const UnitConversion& conversion : unit_conversions()) {
    const Column& column = columns()[0];
    const std::vector<double> reference = draw(column, 20000, random);
    std::vector<double> current = draw(column, 20000, random);
    for (double& value : current) value = conversion.factor * value + conversion.offset;
    // A factor near 1, or a shift of 273, is within the usual drift of a column as wide.
    const bool is_near = conversion.factor > 0.8 && conversion.factor < 1.25;
    EXPECT_EQ(suspicion(reference, current), is_near ? "" : describe(conversion));
  }
}

TEST(UnitConversion, NamesTemperatures) {
  Random random(6);
  const Column celsius{"c", [](Random& r) { return 13 + 10 * r.normal(); }};
  const std::vector<double> reference = draw(celsius, 5000, random);
  std::vector<double> fahrenheit = draw(celsius, 5000, random);
  for (double& value : fahrenheit) value = value * 1.8 + 32;
  EXPECT_EQ(suspicion(reference, fahrenheit),
            "values look like degrees Celsius sent as Fahrenheit (x 1.8, +32)");
  EXPECT_EQ(suspicion(fahrenheit, reference),
            "values look like degrees Fahrenheit sent as Celsius (x 0.5556, -17.78)");
  std::vector<double> kelvin = draw(celsius, 5000, random);
  for (double& value : kelvin) value += 273.15;
  EXPECT_EQ(suspicion(reference, kelvin),
            "values look like degrees Celsius sent as Kelvin (x 1, +273.1)");
}

TEST(UnitConversion, NamesKnotsWhereValuesVaryLittle) {
  Random random(12);
  const Column cruise{"speed", [](Random& r) { return 450 + 10 * r.normal(); }};
  const std::vector<double> reference = draw(cruise, 5000, random);
  std::vector<double> current = draw(cruise, 5000, random);
  for (double& value : current) value *= 1852 / 1609.344;
  EXPECT_EQ(suspicion(reference, current),
            "values look like knots sent as miles per hour (x 1.151)");
}

TEST(UnitConversion, NamesMilesInASmallWindow) {
  for (const Column& column : columns()) {
    Random random(7);
    int named = 0;
    for (int round = 0; round < 50; ++round) {
      const std::vector<double> reference = draw(column, 20000, random);
      std::vector<double> current = draw(column, 1000, random);
      for (double& value : current) value *= 1.609344;
      if (suspicion(reference, current) == "values look like miles sent as kilometres (x 1.609)") {
        ++named;
      }
    }
    EXPECT_GE(named, 45) << column.name;
  }
}

TEST(UnitConversion, SilentOnEqualDistributions) {
  for (const Column& column : columns()) {
    Random random(8);
    for (size_t count : {31U, 100U, 500U, 5000U}) {
      for (int round = 0; round < 100; ++round) {
        const std::vector<double> reference = draw(column, 5000, random);
        EXPECT_EQ(suspicion(reference, draw(column, count, random)), "")
            << column.name << ", " << count << " rows";
      }
    }
  }
}

TEST(UnitConversion, SilentOnDriftThatIsNoUnit) {
  for (const Column& column : columns()) {
    Random random(9);
    const std::vector<double> reference = draw(column, 5000, random);
    const double spread = profile_numbers("x", reference).standard_deviation;
    for (int round = 0; round < 200; ++round) {
      // Shifted by up to a standard deviation, with noise of half of one.
      std::vector<double> current = draw(column, 2000, random);
      const double shift = spread * (2 * random.uniform() - 1);
      for (double& value : current) value += shift + spread * 0.5 * random.normal();
      EXPECT_EQ(suspicion(reference, current), "") << column.name << ", round " << round;
    }
    for (double factor : {0.7, 0.8, 0.95, 1.05, 1.3, 1.4}) {
      std::vector<double> current = draw(column, 5000, random);
      for (double& value : current) value *= factor;
      EXPECT_EQ(suspicion(reference, current), "") << column.name << " x " << factor;
    }
  }
}

TEST(UnitConversion, SilentOnConstantsAndFewRows) {
  EXPECT_EQ(suspicion(std::vector<double>(100, 1.0), std::vector<double>(100, 1.609344)), "");
  std::vector<double> few, more;
  for (int i = 0; i < 29; ++i) {
    few.push_back(i);
    more.push_back(i * 1000.0);
  }
  EXPECT_EQ(suspicion(few, more), "");
  few.push_back(29);
  more.push_back(29000);
  EXPECT_NE(suspicion(few, more), "");
}

TEST(UnitConversion, EachHasItsInverseAndItsName) {
  std::set<std::string_view> texts;
  for (const UnitConversion& conversion : unit_conversions()) {
    EXPECT_TRUE(texts.insert(conversion.text).second) << conversion.text;
    int inverses = 0;
    int equals = 0;
    for (const UnitConversion& other : unit_conversions()) {
      if (std::abs(other.factor * conversion.factor - 1) < 1e-9 &&
          std::abs(other.factor * conversion.offset + other.offset) < 1e-9) {
        ++inverses;
      }
      if (std::abs(other.factor / conversion.factor - 1) < 1e-3 &&
          std::abs(other.offset - conversion.offset) < 1e-3) {
        ++equals;
      }
    }
    EXPECT_EQ(inverses, 1) << conversion.text;
    EXPECT_EQ(equals, 1) << conversion.text;
  }
}

}  // namespace
}  // namespace millgate
