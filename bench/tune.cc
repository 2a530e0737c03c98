// The search of `millgate tune` on standard test functions: for each function and seed one line of
// JSON with the best value after each trial. bench/tune.bench puts Optuna beside it.
//
//     bench_tune TRIALS SEEDS SIDE_BY_SIDE
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "ground/json.h"
#include "model/tune/study.h"

namespace millgate {
namespace {

struct Problem {
  std::string name;
  SearchSpace space;
  std::function<double(const SearchPoint&)> value;
};

SearchParameter number(const std::string& name, double low, double high, bool is_log = false) {
  SearchParameter parameter;
  parameter.name = name;
  parameter.low = low;
  parameter.high = high;
  parameter.is_log = is_log;
  return parameter;
}

SearchSpace cube(size_t dimensions, double low, double high) {
  SearchSpace space;
  for (size_t i = 0; i < dimensions; ++i) {
    space.parameters.push_back(number("x" + std::to_string(i), low, high));
  }
  return space;
}

double sphere(const SearchPoint& x) {
  double sum = 0;
  for (const double one : x) sum += (one - 1) * (one - 1);
  return sum;
}

double branin(const SearchPoint& x) {
  const double pi = std::numbers::pi;
  const double a = x[1] - 5.1 / (4 * pi * pi) * x[0] * x[0] + 5 / pi * x[0] - 6;
  return a * a + 10 * (1 - 1 / (8 * pi)) * std::cos(x[0]) + 10;
}

double rosenbrock(const SearchPoint& x) {
  double sum = 0;
  for (size_t i = 0; i + 1 < x.size(); ++i) {
    sum += 100 * std::pow(x[i + 1] - x[i] * x[i], 2) + std::pow(1 - x[i], 2);
  }
  return sum;
}

double ackley(const SearchPoint& x) {
  double squares = 0, cosines = 0;
  for (const double one : x) {
    squares += one * one;
    cosines += std::cos(2 * std::numbers::pi * one);
  }
  const auto n = static_cast<double>(x.size());
  return -20 * std::exp(-0.2 * std::sqrt(squares / n)) - std::exp(cosines / n) + 20 +
         std::numbers::e;
}

double hartmann6(const SearchPoint& x) {
  constexpr double kA[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                               {0.05, 10, 17, 0.1, 8, 14},
                               {3, 3.5, 1.7, 10, 17, 8},
                               {17, 8, 0.05, 10, 0.1, 14}};
  constexpr double kP[4][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                               {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                               {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                               {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
  constexpr double kC[4] = {1, 1.2, 3, 3.2};
  double sum = 0;
  for (size_t i = 0; i < 4; ++i) {
    double inner = 0;
    for (size_t j = 0; j < 6; ++j) inner += kA[i][j] * std::pow(x[j] - kP[i][j], 2);
    sum += kC[i] * std::exp(-inner);
  }
  return -sum;
}

/// What tuning looks like: rates in logarithms, an integer, a choice, and a parameter of one
/// choice.
SearchSpace mixed_space() {
  SearchSpace space;
  space.parameters = {number("rate", 1e-5, 1, true), number("depth", 1, 64, true)};
  space.parameters[1].kind = SearchKind::integer;
  SearchParameter kind;
  kind.name = "kind";
  kind.kind = SearchKind::choice;
  kind.choices = {"a", "b", "c"};
  space.parameters.push_back(kind);
  for (const char* name : {"b", "c"}) {
    SearchParameter extra = number(std::string("of_") + name, 0, 1);
    extra.when = {{.parameter = 2, .values = {name}}};
    space.parameters.push_back(extra);
  }
  return space;
}

double mixed(const SearchPoint& x) {
  const double base = std::pow(std::log10(x[0]) + 2, 2) + std::pow(std::log2(x[1]) - 3.5, 2) / 4;
  if (x[2] == 0) return base + 0.5;
  if (x[2] == 1) return base + std::pow(x[3] - 0.2, 2) * 4;
  return base + 0.2 + std::abs(x[4] - 0.9);
}

std::vector<Problem> problems() {
  std::vector<Problem> all{
      {"sphere 5", cube(5, -5, 5), sphere},         {"branin", cube(2, 0, 15), branin},
      {"rosenbrock 4", cube(4, -2, 2), rosenbrock}, {"ackley 5", cube(5, -20, 30), ackley},
      {"hartmann 6", cube(6, 0, 1), hartmann6},     {"mixed, conditional", mixed_space(), mixed}};
  all[1].space.parameters[0] = number("x0", -5, 10);
  return all;
}

std::vector<double> best_after_each(const Problem& problem, uint64_t seed, int trials,
                                    int side_by_side) {
  Study study;
  study.space = problem.space;
  study.objectives = {{.metric = "loss"}};
  study.seed = seed;
  study.side_by_side = side_by_side;
  std::map<int, Trial> known;
  std::map<int, SearchPoint> points;
  std::vector<double> best;
  for (int trial = 1; trial <= trials; ++trial) {
    const SearchPoint point = point_of_trial(study, trial, known, points);
    const double value = problem.value(point);
    known[trial] = {.number = trial, .outcome = {.values = {value}}};
    best.push_back(best.empty() ? value : std::min(best.back(), value));
  }
  return best;
}

}  // namespace
}  // namespace millgate

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: bench_tune TRIALS SEEDS SIDE_BY_SIDE\n";
    return 2;
  }
  using namespace millgate;
  for (const Problem& problem : problems()) {
    for (int seed = 1; seed <= std::atoi(argv[2]); ++seed) {
      const Json line = {{"problem", problem.name},
                         {"space", to_json(problem.space)},
                         {"seed", seed},
                         {"best", best_after_each(problem, static_cast<uint64_t>(seed),
                                                  std::atoi(argv[1]), std::atoi(argv[3]))}};
      std::cout << dump_json(line) << '\n';
    }
  }
  return 0;
}
