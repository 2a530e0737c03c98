#include "model/measure/distribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ground/json.h"
#include "ground/random.h"

namespace millgate {
namespace {

constexpr double kTiny = 1e-12;

/// ((i * step + start) % prime) / prime for i < count.
std::vector<double> spread(int64_t count, int64_t step, int64_t start, int64_t prime) {
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<double>((i * step + start) % prime) / static_cast<double>(prime));
  }
  return values;
}

// a = ((i * 7919 + 13) % 1009) / 1009 for i < 1000
// b = (((j * 6007 + 5) % 1013) / 1013) ** 1.3 for j < 800
std::vector<double> sample_a() { return spread(1000, 7919, 13, 1009); }
std::vector<double> sample_b() {
  std::vector<double> values = spread(800, 6007, 5, 1013);
  for (double& value : values) value = std::pow(value, 1.3);
  return values;
}
std::vector<double> in_twentieths(std::vector<double> values) {
  for (double& value : values) value = std::floor(value * 20);
  return values;
}

double brute_ks(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (const auto* sample : {&a, &b}) {
    for (double x : *sample) {
      const auto share = [&](const std::vector<double>& values) {
        return static_cast<double>(
                   std::count_if(values.begin(), values.end(), [&](double v) { return v <= x; })) /
               static_cast<double>(values.size());
      };
      largest = std::max(largest, std::abs(share(a) - share(b)));
    }
  }
  return largest;
}

TEST(Profile, OfNumbers) {
  const std::vector<double> values = {3.5, -1, 7, NAN, 2, 2, 9.25, 0, 4, INFINITY};
  const Profile profile = profile_numbers("x", values);
  EXPECT_EQ(profile.row_count, 10);
  EXPECT_EQ(profile.null_count, 2);
  // np.percentile(v, [0, 10, 25, 50, 95, 100]), v.mean(), v.std(ddof=1) of the finite values
  EXPECT_NEAR(profile.quantiles[0], -1, kTiny);
  EXPECT_NEAR(profile.quantiles[10], -0.3, kTiny);
  EXPECT_NEAR(profile.quantiles[25], 1.5, kTiny);
  EXPECT_NEAR(profile.quantiles[50], 2.75, kTiny);
  EXPECT_NEAR(profile.quantiles[95], 8.4625, kTiny);
  EXPECT_NEAR(profile.quantiles[100], 9.25, kTiny);
  EXPECT_NEAR(profile.mean, 3.34375, kTiny);
  EXPECT_NEAR(profile.standard_deviation, 3.430268367260581, kTiny);
  EXPECT_TRUE(profile.all_steps);
  EXPECT_EQ(profile.steps, (std::vector<double>{-1, 0, 2, 3.5, 4, 7, 9.25}));
  EXPECT_EQ(profile.below, (std::vector<int64_t>{0, 1, 2, 4, 5, 6, 7}));
  EXPECT_EQ(profile.at_most, (std::vector<int64_t>{1, 2, 4, 5, 6, 7, 8}));
}

TEST(Profile, OfNothing) {
  const std::vector<double> nulls = {NAN, NAN};
  for (const Profile& profile : {profile_numbers("x", {}), profile_numbers("x", nulls)}) {
    EXPECT_EQ(profile.value_count(), 0);
    EXPECT_TRUE(profile.quantiles.empty());
    const auto again = profile_from_json(to_json(profile));
    ASSERT_TRUE(again.ok()) << again.error().what;
    EXPECT_EQ(to_json(*again), to_json(profile));
    const auto drift = compare(profile, profile_numbers("x", sample_a()));
    ASSERT_TRUE(drift.ok());
    EXPECT_EQ(drift->ks, 0);
    EXPECT_EQ(drift->p_value, 1);
  }
}

TEST(Profile, NumbersWhoseSquaresAreTooLarge) {
  // Standard deviation by NumPy on a 1e200th of the values, times 1e200; and of the type's ends.
  const Profile far = profile_numbers("far", std::vector<double>{1e200, 2e200, 4e200});
  EXPECT_NEAR(far.standard_deviation / 1e200, 1.5275252316519468, 1e-12);
  const double end = std::numeric_limits<double>::max();
  const Profile ends = profile_numbers("ends", std::vector<double>{-end, end});
  EXPECT_EQ(ends.standard_deviation, end);
  const auto again = profile_from_json(to_json(ends));
  ASSERT_TRUE(again.ok()) << again.error().what;
  EXPECT_EQ(again->standard_deviation, end);
}

TEST(Profile, OfTexts) {
  const std::vector<std::string> values = {"JFK", "EWR", "", "JFK", "LGA"};
  const std::vector<uint8_t> valid = {1, 1, 0, 1, 1};
  const Profile profile = profile_texts("origin", values, valid);
  EXPECT_EQ(profile.row_count, 5);
  EXPECT_EQ(profile.null_count, 1);
  EXPECT_EQ(profile.counts, (std::map<std::string, int64_t>{{"EWR", 1}, {"JFK", 2}, {"LGA", 1}}));
  EXPECT_EQ(profile_texts("origin", values, {}).counts.at(""), 1);
}

TEST(Profile, KeepsTheMostFrequentOfManyTexts) {
  std::vector<std::string> values;
  for (int i = 0; i < 3000; ++i) {
    values.push_back(std::to_string(i));
    if (i >= 2500) values.push_back(std::to_string(i));
  }
  const Profile profile = profile_texts("x", values, {});
  EXPECT_EQ(profile.counts.size(), kProfileCategories);
  EXPECT_EQ(profile.other_count, 2000);
  EXPECT_EQ(profile.counts.at("2999"), 2);
  const auto drift = compare(profile, profile_texts("x", std::vector<std::string>{"new"}, {}));
  ASSERT_TRUE(drift.ok());
  EXPECT_TRUE(drift->new_categories.empty());  // it may be one that was left out
}

TEST(Profile, SurvivesJson) {
  std::vector<double> many = sample_b();
  many.push_back(NAN);
  for (const Profile& profile :
       {profile_numbers("x", many), profile_numbers("x", in_twentieths(sample_a())),
        profile_texts("x", std::vector<std::string>{"a", "b", "a"}, {})}) {
    const auto text = dump_json(to_json(profile));
    const auto again = profile_from_json(*parse_json(text, "test"));
    ASSERT_TRUE(again.ok()) << again.error().what;
    EXPECT_EQ(dump_json(to_json(*again)), text);
    EXPECT_EQ(again->steps, profile.steps);
    EXPECT_EQ(again->counts, profile.counts);
  }
}

TEST(Profile, RefusesDamagedJson) {
  const Json numbers = to_json(profile_numbers("x", sample_a()));
  const Json texts = to_json(profile_texts("x", std::vector<std::string>{"a", "b", "a"}, {}));
  const auto refused = [](Json json, const char* key, const Json& value) {
    json[key] = value;
    const auto result = profile_from_json(json);
    return !result.ok() && result.error().code == ErrorCode::damaged;
  };
  EXPECT_TRUE(refused(numbers, "quantiles", {1, 2}));
  EXPECT_TRUE(refused(numbers, "quantiles", "x"));
  EXPECT_TRUE(refused(numbers, "steps", {1, 2}));
  EXPECT_TRUE(refused(numbers, "null_count", 2000));
  EXPECT_TRUE(refused(numbers, "row_count", 999));
  Json below = numbers["below"];
  below[3] = 500;
  EXPECT_TRUE(refused(numbers, "below", below));
  EXPECT_TRUE(refused(texts, "counts", {{"a", 2}}));
  EXPECT_TRUE(refused(texts, "other_count", -1));
  for (const auto& [key, value] : numbers.items()) {
    Json without = numbers;
    without.erase(key);
    EXPECT_FALSE(profile_from_json(without).ok()) << key;
  }
}

// from scipy import stats, special; from scipy.spatial.distance import jensenshannon
// k = stats.ks_2samp(np.floor(a * 20), np.floor(b * 20)).statistic
// special.kolmogorov(k * np.sqrt(1000 * 800 / 1800))
// edges: the values at ranks ceil(d * 1000 / 10) of sorted floor(a * 20), d = 1 ... 9, gives counts
// r = [100 100 100 150 99 51 100 100 101 99], c = [137 95 86 116 71 35 68 66 64 62]
// x = (r + .5) / (1000 + 5); w = (c + .5) / (800 + 5); ((w - x) * np.log(w / x)).sum()
// jensenshannon(r, c, base=2)
TEST(Compare, NumbersEqualScipy) {
  const auto drift = compare(profile_numbers("x", in_twentieths(sample_a())),
                             profile_numbers("x", in_twentieths(sample_b())));
  ASSERT_TRUE(drift.ok());
  EXPECT_EQ(drift->name, "x");
  EXPECT_NEAR(drift->ks, 0.0975, kTiny);
  EXPECT_NEAR(drift->p_value, 0.00042780083073113627, kTiny);
  EXPECT_NEAR(drift->psi, 0.059732116397958085, kTiny);
  EXPECT_NEAR(drift->jensen_shannon, 0.10399019260488031, kTiny);
}

TEST(Compare, ManyNumbersAreWithinTheStatedError) {
  const std::vector<double> a = sample_a();
  const std::vector<double> b = sample_b();
  const auto drift = compare(profile_numbers("x", a), profile_numbers("x", b));
  ASSERT_TRUE(drift.ok());
  EXPECT_NEAR(brute_ks(a, b), 0.09825, kTiny);  // stats.ks_2samp(a, b).statistic
  EXPECT_NEAR(drift->ks, 0.09825, 2.0 / (kProfileSteps - 1));
}

TEST(Compare, AtomsInContinuousNumbersDoNotBlur) {
  // Half of the rows are exactly 0, like rain: the jump must not be smeared to its neighbours.
  Random random(11);
  for (int round = 0; round < 20; ++round) {
    std::vector<double> a, b;
    for (int i = 0; i < 2000; ++i) {
      a.push_back(random.below(2) == 0 ? 0 : random.normal());
      b.push_back(random.below(2) == 0 ? 0 : random.normal() * 1.2);
    }
    const auto drift = compare(profile_numbers("x", a), profile_numbers("x", b));
    ASSERT_TRUE(drift.ok());
    EXPECT_NEAR(drift->ks, brute_ks(a, b), 2.0 / (kProfileSteps - 1));
  }
}

TEST(Compare, KolmogorovTailEqualsScipy) {
  // special.kolmogorov(l) for l = 0.3, 0.7, 1.5: two samples of 2 n values 0 and 1 that differ by
  // l = ks sqrt(n), n = 10^4.
  const struct {
    double lambda;
    double expected;
  } cases[] = {{0.3, 0.9999906941986655}, {0.7, 0.7112351950296893}, {1.5, 0.022217962616525127}};
  for (const auto& [lambda, expected] : cases) {
    std::vector<double> a(20000, 0);
    std::vector<double> b(20000, 0);
    const auto ones = static_cast<ptrdiff_t>(std::llround(lambda * 200));
    std::fill(a.begin(), a.begin() + 5000, 1.0);
    std::fill(b.begin(), b.begin() + 5000 + ones, 1.0);
    const auto drift = compare(profile_numbers("x", a), profile_numbers("x", b));
    ASSERT_TRUE(drift.ok());
    EXPECT_NEAR(drift->p_value, expected, 1e-11) << lambda;
  }
}

Profile counted(const std::map<std::string, int64_t>& counts) {
  Profile profile;
  profile.name = "origin";
  profile.is_category = true;
  profile.counts = counts;
  for (const auto& [category, count] : counts) profile.row_count += count;
  return profile;
}

// r = [400, 300, 200, 98, 2]; c = [250, 310, 180, 57, 3]
// x = (r + .5) / (1000 + 2.5); w = (c + .5) / (800 + 2.5); ((w - x) * np.log(w / x)).sum()
// jensenshannon(r, c, base=2); abs(r / 1000 - c / 800).sum() / 2
// stats.chi2_contingency([r, c], correction=False).pvalue
TEST(Compare, CategoriesEqualScipy) {
  const Profile reference = counted({{"a", 400}, {"b", 300}, {"c", 200}, {"d", 98}, {"e", 2}});
  const Profile current = counted({{"a", 250}, {"b", 310}, {"c", 180}, {"d", 57}, {"e", 3}});
  const auto drift = compare(reference, current);
  ASSERT_TRUE(drift.ok());
  EXPECT_NEAR(drift->psi, 0.05617295148100476, kTiny);
  EXPECT_NEAR(drift->jensen_shannon, 0.1008471316840377, kTiny);
  EXPECT_NEAR(drift->ks, 0.11425, kTiny);
  EXPECT_NEAR(drift->p_value, 5.1177185649450194e-05, kTiny);
  // Rare categories are put together: the same when `e` comes in two spellings.
  const Profile split =
      counted({{"a", 250}, {"b", 310}, {"c", 180}, {"d", 57}, {"e", 1}, {"f", 2}});
  EXPECT_NEAR(compare(reference, split)->p_value, 5.1177185649450194e-05, kTiny);
}

TEST(Compare, NamesNewCategories) {
  const auto drift =
      compare(counted({{"JFK", 90}, {"LGA", 10}}), counted({{"JFK", 80}, {"SWF", 5}, {"HPN", 5}}));
  ASSERT_TRUE(drift.ok());
  EXPECT_EQ(drift->new_categories, (std::vector<std::string>{"HPN", "SWF"}));
}

TEST(Compare, EqualSamplesHaveNoDistance) {
  for (const Profile& profile :
       {profile_numbers("x", sample_a()), profile_numbers("x", in_twentieths(sample_b())),
        counted({{"a", 3}, {"b", 7}}), profile_numbers("x", std::vector<double>(50, 3.0))}) {
    const auto drift = compare(profile, profile);
    ASSERT_TRUE(drift.ok());
    EXPECT_NEAR(drift->psi, 0, kTiny);
    EXPECT_NEAR(drift->jensen_shannon, 0, 1e-7);
    EXPECT_EQ(drift->ks, 0);
    EXPECT_EQ(drift->p_value, 1);
    EXPECT_EQ(drift->unit_suspicion, "");
  }
}

TEST(Compare, SamplesApartHaveAllDistance) {
  std::vector<double> far = sample_a();
  for (double& value : far) value += 10;
  const auto drift = compare(profile_numbers("x", sample_a()), profile_numbers("x", far));
  ASSERT_TRUE(drift.ok());
  EXPECT_NEAR(drift->ks, 1, kTiny);
  EXPECT_GT(drift->psi, 2);
  EXPECT_LT(drift->p_value, 1e-100);
  // A constant that changes, either way.
  const Profile three = profile_numbers("x", std::vector<double>(50, 3.0));
  for (double other : {2.0, 4.0}) {
    const auto moved = compare(three, profile_numbers("x", std::vector<double>(50, other)));
    EXPECT_NEAR(moved->ks, 1, kTiny) << other;
  }
}

TEST(Compare, CountsNulls) {
  std::vector<double> values = sample_a();
  for (size_t i = 0; i < 250; ++i) values[i * 4] = NAN;
  const auto drift = compare(profile_numbers("x", sample_a()), profile_numbers("x", values));
  ASSERT_TRUE(drift.ok());
  EXPECT_NEAR(drift->null_rate_change, 0.25, kTiny);
}

TEST(Compare, RefusesNumbersAgainstCategories) {
  const auto drift = compare(profile_numbers("x", sample_a()), counted({{"a", 1}}));
  ASSERT_FALSE(drift.ok());
  EXPECT_EQ(drift.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(drift.error().what,
            "column `x`: the reference holds numbers, the current rows hold categories");
}

}  // namespace
}  // namespace millgate
