// Bootstrap intervals of all metrics of a binary task over 30 slices.
//   bench_intervals FILE RESAMPLES
// FILE has a line a row: label, prediction, and a 0 or 1 for each slice. Prints the seconds that
// measuring took, then a line each: slice, metric, value, lower and upper end.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "model/measure/row_slice.h"

namespace {

using namespace millgate;

struct Rows {
  std::vector<double> label, prediction;
  std::vector<std::vector<uint32_t>> slices;
};

Rows read_rows(const char* path) {
  Rows rows;
  std::ifstream in(path);
  double label = 0;
  double prediction = 0;
  std::string marks;
  while (in >> label >> prediction >> marks) {
    rows.slices.resize(marks.size());
    for (size_t s = 0; s < marks.size(); ++s) {
      if (marks[s] == '1') rows.slices[s].push_back(static_cast<uint32_t>(rows.label.size()));
    }
    rows.label.push_back(label);
    rows.prediction.push_back(prediction);
  }
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: bench_intervals ROWS_FILE RESAMPLES\n";
    return 2;
  }
  const Rows rows = read_rows(argv[1]);
  std::vector<RowSlice> slices;
  for (size_t s = 0; s < rows.slices.size(); ++s) {
    slices.push_back({.name = "s" + std::to_string(s), .rows = rows.slices[s]});
  }
  MeasureOptions options;
  options.resamples = std::atoi(argv[2]);
  options.utility = Utility{.true_positive = 10, .false_positive = -3};
  const auto begin = std::chrono::steady_clock::now();
  const auto quality = measure_slices({rows.label, rows.prediction}, slices, options);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!quality.ok()) {
    std::cerr << quality.error().what << '\n';
    return 2;
  }
  std::printf("seconds %.3f\n", seconds);
  for (const Evidence& one : quality->evidence) {
    std::printf("%s %s %.17g %.17g %.17g\n", one.slice.c_str(), one.metric.c_str(), one.value,
                one.lower.value_or(0), one.upper.value_or(0));
  }
  return 0;
}
