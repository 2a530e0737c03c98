#include "data/feature/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "data/feature/window_sweep.h"
#include "ground/random.h"
#include "ground/settings.h"

namespace millgate {
namespace {

Result<std::vector<Window>> windows_of(const std::string& lines) {
  MILLGATE_ASSIGN(Section root, parse_settings("[windows]\n" + lines, "millgate.toml"));
  MILLGATE_ASSIGN(const Section section, root.section("windows"));
  return read_windows(section);
}

Window window_of(const std::string& definition) {
  const auto windows = windows_of("w = \"" + definition + "\"\n");
  EXPECT_TRUE(windows.ok()) << windows.error().what;
  return windows.ok() ? windows->front() : Window();
}

TEST(Window, ReadsOneLine) {
  const Window sum = window_of("sum(a * (b + 1)) over 24h");
  EXPECT_EQ(sum.kind, WindowKind::sum);
  EXPECT_EQ(sum.argument, "a * (b + 1)");
  EXPECT_EQ(sum.span, 86'400'000'000);
  const Window last = window_of("last(coalesce(a, 0), 2) over last 10");
  EXPECT_EQ(last.argument, "coalesce(a, 0)");
  EXPECT_EQ(last.position, 2);
  EXPECT_EQ(last.last_count, 10);
  EXPECT_FALSE(last.span);
  EXPECT_EQ(window_of("last(coalesce(a, b)) over 1h").argument, "coalesce(a, b)");
  const Window decayed = window_of("decayed_sum(x, 6h) over 7d");
  EXPECT_EQ(decayed.half_life, 21'600'000'000);
  EXPECT_EQ(decayed.argument, "x");
  EXPECT_EQ(window_of("decayed_count(1h) over 7d").half_life, 3'600'000'000);
  EXPECT_EQ(window_of("count() over 7d").argument, "");
  EXPECT_EQ(window_of("count(x) over 7d").type(), ValueType::integer);
}

TEST(Window, SaysWhatIsWrong) {
  const auto fault = [](const std::string& definition) {
    const auto windows = windows_of("ok = \"count() over 1h\"\nw = \"" + definition + "\"\n");
    EXPECT_FALSE(windows.ok()) << definition;
    if (windows.ok()) return std::string();
    EXPECT_EQ(windows.error().where.substr(0, 16), "millgate.toml:3:") << windows.error().where;
    return windows.error().what;
  };
  EXPECT_EQ(fault("sun(x) over 1h"), "unknown aggregate `sun`");
  for (const char* bad :
       {"", "sum(x)", "sum x over 1h", "sum(x) over", "sum(x) over 0h", "sum(x) over 1 fortnight",
        "sum() over 1h", "sum(x) over last 0", "sum(x) over last 1001", "last(x, 0) over 1h",
        "decayed_sum(x) over 1h", "decayed_count() over 1h", ") over 1h("}) {
    EXPECT_FALSE(fault(bad).empty());
  }
}

/// The definition of a window, written down without a thought for speed.
std::optional<double> slow_window(const Window& window, const std::vector<WindowFact>& facts,
                                  int64_t time) {
  std::map<int64_t, size_t> newest;  // By key: the version known last.
  for (size_t i = 0; i < facts.size(); ++i) {
    if (facts[i].known > time) continue;
    const auto [at, is_new] = newest.emplace(facts[i].key, i);
    if (!is_new && facts[i].known >= facts[at->second].known) at->second = i;
  }
  std::vector<size_t> inside;
  for (size_t i = 0; i < facts.size(); ++i) {
    const auto version = newest.find(facts[i].key);
    if (version == newest.end() || version->second != i) continue;
    if (!facts[i].has_value || facts[i].happened > time) continue;
    if (window.span && facts[i].happened <= time - *window.span) continue;
    inside.push_back(i);
  }
  std::stable_sort(inside.begin(), inside.end(),
                   [&](size_t a, size_t b) { return facts[a].happened < facts[b].happened; });
  if (!window.span && std::ssize(inside) > window.last_count) {
    inside.erase(inside.begin(), inside.end() - window.last_count);
  }
  if (window.kind == WindowKind::last) {
    if (std::ssize(inside) < window.position) return std::nullopt;
    return facts[inside[inside.size() - static_cast<size_t>(window.position)]].value;
  }
  double sum = 0, decayed = 0;
  std::set<double> values;
  for (const size_t i : inside) {
    sum += facts[i].value;
    decayed +=
        facts[i].value * std::exp2(-static_cast<double>(time - facts[i].happened) /
                                   static_cast<double>(std::max<int64_t>(window.half_life, 1)));
    values.insert(facts[i].value);
  }
  switch (window.kind) {
    case WindowKind::count:
      return static_cast<double>(inside.size());
    case WindowKind::distinct:
      return static_cast<double>(values.size());
    case WindowKind::decayed_count:
      return decayed;
    default:
      break;
  }
  if (inside.empty()) return std::nullopt;
  switch (window.kind) {
    case WindowKind::sum:
      return sum;
    case WindowKind::mean:
      return sum / static_cast<double>(inside.size());
    case WindowKind::min:
      return *values.begin();
    case WindowKind::max:
      return *values.rbegin();
    default:
      return decayed;
  }
}

TEST(Window, SweepEqualsItsDefinition) {
  const uint64_t seed = 77;
  Random random(seed);
  const char* kinds[] = {"count() over SPAN",          "count(x) over SPAN",
                         "sum(x) over SPAN",           "mean(x) over SPAN",
                         "min(x) over SPAN",           "max(x) over SPAN",
                         "distinct(x) over SPAN",      "last(x) over SPAN",
                         "last(x, 3) over SPAN",       "decayed_sum(x, 5s) over SPAN",
                         "decayed_count(2s) over SPAN"};
  const char* spans[] = {"1s", "7s", "40s", "last 1", "last 4"};
  for (int turn = 0; turn < 1500; ++turn) {
    std::string definition = kinds[random.below(std::size(kinds))];
    definition.replace(definition.find("SPAN"), 4, spans[random.below(std::size(spans))]);
    const Window window = window_of(definition);
    std::vector<WindowFact> facts(random.below(40));
    for (WindowFact& fact : facts) {
      fact.happened = static_cast<int64_t>(random.below(60)) * 1'000'000;
      fact.known = fact.happened + static_cast<int64_t>(random.below(5)) * 2'000'000;
      if (random.below(10) == 0) fact.known = fact.happened - 3'000'000;  // A forecast.
      fact.key = static_cast<int64_t>(random.below(30));
      fact.value =
          window.kind == WindowKind::decayed_count ? 1.0 : static_cast<double>(random.below(6));
      fact.has_value = random.below(6) != 0;
    }
    std::vector<int64_t> asked(20);
    for (int64_t& time : asked) time = static_cast<int64_t>(random.below(80)) * 1'000'000;
    std::sort(asked.begin(), asked.end());
    const auto found = sweep_window(window, facts, asked);
    for (size_t i = 0; i < asked.size(); ++i) {
      const auto expected = slow_window(window, facts, asked[i]);
      ASSERT_EQ(found[i].has_value(), expected.has_value())
          << "seed " << seed << " turn " << turn << " " << definition << " at " << asked[i];
      if (expected) {
        ASSERT_NEAR(*found[i], *expected, 1e-9)
            << "seed " << seed << " turn " << turn << " " << definition << " at " << asked[i];
      }
    }
  }
}

TEST(Window, SumsCarryNoErrorFromLargeValuesThatLeft) {
  std::vector<WindowFact> facts = {{.happened = 0, .known = 0, .key = 0, .value = 1e300},
                                   {.happened = 10, .known = 10, .key = 1, .value = 0.1},
                                   {.happened = 11, .known = 11, .key = 2, .value = 0.2}};
  Window window = window_of("sum(x) over 1s");
  window.span = 5;
  const std::vector<int64_t> asked = {1, 12};
  const auto found = sweep_window(window, facts, asked);
  EXPECT_EQ(found[0], 1e300);
  EXPECT_EQ(found[1], 0.1 + 0.2);
}

/// As an online store reads it, which keeps the facts of the window, and of them no older version.
TEST(Window, HasTheSameBitsWhateverLiesOutside) {
  const uint64_t seed = 78;
  Random random(seed);
  for (int turn = 0; turn < 400; ++turn) {
    const char* kinds[] = {"sum(x) over 40s", "mean(x) over 40s", "decayed_sum(x, 5s) over 40s",
                           "decayed_count(2s) over 40s", "distinct(x) over 40s"};
    const Window window = window_of(kinds[random.below(std::size(kinds))]);
    std::vector<WindowFact> facts(random.below(60));
    for (WindowFact& fact : facts) {
      fact.happened = static_cast<int64_t>(random.below(100'000'000)) / 500'000 * 500'000;
      fact.known = fact.happened + static_cast<int64_t>(random.below(20'000'000));
      fact.key = static_cast<int64_t>(random.below(40));
      fact.value = static_cast<double>(random.below(1000)) / 7.0;
    }
    const int64_t time = static_cast<int64_t>(random.below(120'000'000));
    std::vector<WindowFact> inside;
    for (const WindowFact& fact : facts) {
      const bool is_replaced =
          std::any_of(facts.begin(), facts.end(), [&](const WindowFact& other) {
            return other.key == fact.key && other.known > fact.known && other.known <= time;
          });
      const bool is_inside = fact.happened > time - *window.span && fact.happened <= time;
      if (is_inside && fact.known <= time && !is_replaced) inside.push_back(fact);
    }
    const std::vector<int64_t> asked = {time};
    EXPECT_EQ(sweep_window(window, facts, asked), sweep_window(window, inside, asked))
        << "seed " << seed << " turn " << turn << " " << window.definition;
  }
}

TEST(Window, NoFactsAndFarTimes) {
  const Window window = window_of("mean(x) over 1h");
  const std::vector<int64_t> asked = {INT64_MIN, 0, INT64_MAX};
  EXPECT_EQ(sweep_window(window, {}, asked),
            (std::vector<std::optional<double>>{std::nullopt, std::nullopt, std::nullopt}));
}

}  // namespace
}  // namespace millgate
