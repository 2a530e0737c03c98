#include "model/sketch/model_tallies.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "ground/json.h"
#include "ground/test_folder.h"
#include "model/sketch/sketch_book.h"

namespace millgate {
namespace {

constexpr int64_t kMinute = 60'000'000;

/// Two inputs, one feature, a prediction with a decision; without a model.
TallyLayout layout() {
  TallyLayout made;
  made.columns = {
      {.name = "distance", .what = "input", .has_numbers = true, .range = SeenRange{0, 1'000}},
      {.name = "carrier",
       .what = "input",
       .categories = std::make_shared<const CategoryList>(std::vector<std::string>{"AA", "UA"})},
      {.name = "far", .what = "feature"},
      {.name = "probability", .what = "prediction", .has_numbers = true},
      {.name = "decision",
       .what = "decision",
       .categories =
           std::make_shared<const CategoryList>(std::vector<std::string>{"false", "true"})}};
  made.inputs = 2;
  made.features = 1;
  made.decides = true;
  return made;
}

struct Row {
  double distance = 500;
  bool has_distance = true;
  std::string carrier = "AA";
  double probability = 0.25;
};

void add(ModelTallies& tallies, int64_t micros, const Row& row) {
  Block inputs;
  inputs.rows = 1;
  inputs.columns.resize(2);
  inputs.columns[0].reset(ValueType::number, 1);
  inputs.columns[0].valid[0] = row.has_distance ? 1 : 0;
  inputs.columns[0].numbers[0] = row.distance;
  inputs.columns[1].reset(ValueType::text, 1);
  inputs.columns[1].valid[0] = 1;
  inputs.columns[1].texts[0] = row.carrier;
  EvaluationNotes notes;
  notes.unknown_category = {0};
  notes.not_finite = {0};
  const std::vector<double> features = {
      row.has_distance ? row.distance : std::numeric_limits<double>::quiet_NaN()};
  const std::vector<Prediction> predictions = {
      {.value = row.probability, .decision = row.probability >= 0.5}};
  tallies.add(Time{micros},
              {.inputs = inputs, .features = features, .notes = notes, .predictions = predictions});
}

TEST(ModelTallies, CountEveryKindOfValue) {
  ModelTallies tallies(layout());
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 10; ++i) add(tallies, kMinute, {.distance = 100.0 * i});
  add(tallies, kMinute, {.distance = 2'000, .probability = 0.75});
  add(tallies, kMinute, {.distance = -1, .carrier = "ZZ"});
  add(tallies, kMinute, {.has_distance = false});
  add(tallies, kMinute, {.distance = std::numeric_limits<double>::quiet_NaN()});
  add(tallies, kMinute, {.distance = kInfinity});
  add(tallies, kMinute, {.distance = -kInfinity});
  const auto taken = tallies.take();
  ASSERT_EQ(taken.size(), 1U);
  const WindowSketch& window = taken[0].second;
  EXPECT_EQ(taken[0].first.micros, kMinute);
  EXPECT_EQ(window.rows, 16U);
  const ColumnSketch& distance = *window.find("input", "distance");
  EXPECT_EQ(distance.rows, 16U);
  EXPECT_EQ(distance.missing, 1U);
  EXPECT_EQ(distance.nan, 1U);
  EXPECT_EQ(distance.infinite, 2U);
  EXPECT_EQ(distance.below, 1U);
  EXPECT_EQ(distance.above, 1U);
  EXPECT_EQ(distance.numbers->count(), 12U);
  EXPECT_EQ(distance.numbers->lowest(), -1);
  EXPECT_EQ(distance.numbers->highest(), 2'000);
  const ColumnSketch& carrier = *window.find("input", "carrier");
  EXPECT_EQ(carrier.unlisted, 1U);
  EXPECT_EQ(carrier.categories->listed.at("AA"), 15U);
  EXPECT_EQ(window.find("feature", "far")->missing, 2U);
  EXPECT_EQ(window.find("decision", "decision")->categories->listed.at("true"), 1U);
  EXPECT_TRUE(tallies.take().empty());
}

TEST(ModelTallies, MinutesStayApart) {
  ModelTallies tallies(layout());
  for (int64_t minute = 1; minute <= 3; ++minute) {
    for (int64_t i = 0; i < minute; ++i) add(tallies, minute * kMinute + i, {});
  }
  std::map<int64_t, uint64_t> rows;
  for (const auto& [time, window] : tallies.take()) rows[time.micros / kMinute] += window.rows;
  EXPECT_EQ(rows, (std::map<int64_t, uint64_t>{{1, 1}, {2, 2}, {3, 3}}));
}

TEST(ModelTallies, LoseNothingWhileThreadsCountAndSomebodyCollects) {
  constexpr int kThreads = 4;
  constexpr int kRows = 20'000;
  auto first = std::make_unique<ModelTallies>(layout());
  auto second = std::make_unique<ModelTallies>(layout());
  std::atomic<int> running{kThreads};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kRows; ++i) {
        ModelTallies& asked = i % 3 == 0 ? *second : *first;
        add(asked, (1 + i / 5'000) * kMinute, {.distance = static_cast<double>(thread)});
      }
      --running;
    });
  }
  SketchBook book;
  const auto collect = [&] {
    for (const auto& [name, tallies] :
         {std::pair("first", first.get()), std::pair("second", second.get())}) {
      for (const auto& [time, window] : tallies->take()) {
        ASSERT_TRUE(book.add(name, time, window).ok());
      }
    }
  };
  while (running > 0) collect();
  for (std::thread& thread : threads) thread.join();
  collect();
  uint64_t rows = 0;
  for (const std::string model : {"first", "second"}) {
    ASSERT_EQ(book.windows(model, SketchSpan::minute).size(), 4U);
    const WindowSketch& day = book.windows(model, SketchSpan::day).begin()->second;
    rows += day.rows;
    const NumberSketch& distance = *day.find("input", "distance")->numbers;
    EXPECT_EQ(distance.count(), day.rows);
    EXPECT_EQ(distance.buckets().size(), 4U);
  }
  EXPECT_EQ(rows, static_cast<uint64_t>(kThreads) * kRows);
}

/// A book of `days` days with one row a day.
SketchBook book_of_days(const std::string& model, int64_t first, int64_t days) {
  SketchBook book;
  ModelTallies tallies(layout());
  for (int64_t day = first; day < first + days; ++day) {
    const Time time{day * micros_of(SketchSpan::day)};
    add(tallies, time.micros, {});
    for (const auto& [begin, window] : tallies.take()) {
      EXPECT_TRUE(book.add(model, begin, window).ok());
    }
  }
  return book;
}

TEST(SketchBook, IsBoundedAndGivenBackByItsFile) {
  SketchBook book = book_of_days("aaaa", 1'000, 200);
  EXPECT_EQ(book.windows("aaaa", SketchSpan::day).size(), windows_kept(SketchSpan::day));
  EXPECT_EQ(book.windows("aaaa", SketchSpan::hour).size(), windows_kept(SketchSpan::hour));
  EXPECT_EQ(book.windows("aaaa", SketchSpan::day).rbegin()->first,
            1'199 * micros_of(SketchSpan::day));
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(book.merge(book_of_days("m" + std::to_string(i), i, 1)).ok());
  }
  EXPECT_EQ(book.models().size(), SketchBook::kModelsMax);
  EXPECT_EQ(book.models().front(), "aaaa");  // It answered last.

  const TestFolder folder;
  ASSERT_TRUE(write_file(folder.path("a.json"), dump_json(book.to_json())).ok());
  ASSERT_TRUE(write_file(folder.path("b.json"), dump_json(book.to_json())).ok());
  ASSERT_TRUE(write_file(folder.path("c.json"), "{\"format\":\"millgate-ske").ok());
  const SavedSketches saved = read_sketches(folder.path());
  EXPECT_EQ(saved.file_count, 2U);
  ASSERT_EQ(saved.notes.size(), 1U);
  EXPECT_NE(saved.notes[0].find("c.json"), std::string::npos);
  EXPECT_EQ(saved.book.windows("aaaa", SketchSpan::day).rbegin()->second.rows, 2U);
  EXPECT_EQ(read_sketches(folder.path(), "a.json").book.to_json(), book.to_json());
  EXPECT_TRUE(read_sketches(folder.path() + "/none").book.empty());
}

TEST(SketchBook, RefusesOtherColumnsOfOneModel) {
  SketchBook book = book_of_days("aaaa", 1, 1);
  TallyLayout other = layout();
  other.columns[0].name = "dep_time";
  ModelTallies tallies(other);
  add(tallies, micros_of(SketchSpan::day), {});
  const auto taken = tallies.take();
  EXPECT_FALSE(book.add("aaaa", taken[0].first, taken[0].second).ok());
  EXPECT_EQ(window_begin(SketchSpan::hour, Time{-1}).micros, -micros_of(SketchSpan::hour));
}

}  // namespace
}  // namespace millgate
