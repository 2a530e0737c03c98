/// What it costs to count a request of twenty columns for the sketches.
///
///   bench_sketch
///
/// One row a request, half of the columns numbers and half texts of 40 values, by one thread, while
/// another one collects once a millisecond (a server does it once a second); beside a loop that
/// only reads the values. Medians of five rounds.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "ground/random.h"
#include "model/sketch/model_tallies.h"

namespace millgate {

namespace {

constexpr size_t kColumns = 20;
constexpr size_t kRequests = 4'096;
constexpr int kTurns = 50;
constexpr int kRounds = 5;
constexpr double kMicrosMax = 2;

TallyLayout layout() {
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back("category " + std::to_string(10 + i));
  const auto list = std::make_shared<const CategoryList>(names);
  TallyLayout made;
  for (size_t i = 0; i < kColumns; ++i) {
    TallyColumn column{.name = "x" + std::to_string(i), .what = "input"};
    if (i % 2 == 0) {
      column.has_numbers = true;
      column.range = SeenRange{-3, 3};
    } else {
      column.categories = list;
    }
    made.columns.push_back(column);
  }
  for (size_t i = 0; i < kColumns; ++i) {
    made.columns.push_back({.name = "x" + std::to_string(i), .what = "feature"});
  }
  made.columns.push_back({.name = "probability", .what = "prediction", .has_numbers = true});
  made.columns.push_back({.name = "decision",
                          .what = "decision",
                          .categories = std::make_shared<const CategoryList>(
                              std::vector<std::string>{"false", "true"})});
  made.inputs = made.features = kColumns;
  made.decides = true;
  return made;
}

std::vector<Block> requests() {
  Random random(5);
  std::vector<Block> made(kRequests);
  for (Block& block : made) {
    block.rows = 1;
    block.columns.resize(kColumns);
    for (size_t i = 0; i < kColumns; ++i) {
      Vector& column = block.columns[i];
      column.reset(i % 2 == 0 ? ValueType::number : ValueType::text, 1);
      column.valid[0] = random.uniform() < 0.98 ? 1 : 0;
      if (i % 2 == 0) {
        column.numbers[0] = random.normal() * (1 + static_cast<double>(i));
      } else {
        column.texts[0] = "category " + std::to_string(10 + random.below(41));
      }
    }
  }
  return made;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

template <typename Act>
double micros_a_request(const std::vector<Block>& asked, const Act& act) {
  const auto begun = std::chrono::steady_clock::now();
  for (int turn = 0; turn < kTurns; ++turn) {
    for (const Block& block : asked) act(block);
  }
  const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - begun;
  return taken.count() / (kTurns * static_cast<double>(asked.size()));
}

int run() {
  const std::vector<Block> asked = requests();
  ModelTallies tallies(layout());
  EvaluationNotes notes;
  notes.unknown_category.assign(kColumns, 0);
  notes.not_finite.assign(kColumns, 0);
  const std::vector<double> features(kColumns, 0.5);
  const std::vector<Prediction> predictions = {{.value = 0.3}};
  uint64_t collected = 0;
  std::atomic<bool> ended{false};
  std::thread collector([&] {
    while (!ended) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      for (const auto& [minute, window] : tallies.take()) collected += window.rows;
    }
  });
  std::vector<double> counting, reading;
  double seen = 0;
  for (int round = 0; round <= kRounds; ++round) {
    const double counted = micros_a_request(asked, [&](const Block& block) {
      tallies.add(
          Time{},
          {.inputs = block, .features = features, .notes = notes, .predictions = predictions});
    });
    const double read = micros_a_request(asked, [&](const Block& block) {
      for (const Vector& column : block.columns) {
        seen += column.numbers.empty() ? static_cast<double>(column.texts[0].size())
                                       : column.numbers[0];
      }
    });
    if (round == 0) continue;  // Warm.
    counting.push_back(counted);
    reading.push_back(read);
  }
  ended = true;
  collector.join();
  for (const auto& [minute, window] : tallies.take()) collected += window.rows;
  const auto added = static_cast<uint64_t>(kRounds + 1) * kTurns * kRequests;
  std::cout << "a request of " << kColumns << " columns, " << kColumns
            << " features and a prediction: " << median(counting) << " us counted, "
            << median(reading) << " us only read" << (seen == 0 ? "!" : "") << "\n"
            << collected << " of " << added << " rows collected\n";
  if (collected != added) return 1;
  return median(counting) < kMicrosMax ? 0 : 1;
}

}  // namespace

}  // namespace millgate

int main() { return millgate::run(); }
