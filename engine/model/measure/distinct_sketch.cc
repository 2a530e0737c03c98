#include "model/measure/distinct_sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace millgate {
namespace {

/// x + sum x^(2^k) 2^(k-1), the part of registers that are still empty.
double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double power = 1;
  double sum = x;
  for (double before = -1; sum != before;) {
    before = sum;
    x *= x;
    sum += x * power;
    power *= 2;
  }
  return sum;
}

/// The part of registers that are full.
double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double power = 1;
  double sum = 1 - x;
  for (double before = -1; sum != before;) {
    before = sum;
    x = std::sqrt(x);
    power /= 2;
    sum -= (1 - x) * (1 - x) * power;
  }
  return sum / 3;
}

}  // namespace

uint64_t sketch_hash(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3ULL;
  return sketch_hash(hash ^ text.size());
}

void DistinctSketch::add(uint64_t hash) {
  const size_t place = hash >> (64 - kBits);
  const uint64_t rest = (hash << kBits) | (1ULL << (kBits - 1));
  const auto rank = static_cast<uint8_t>(std::countl_zero(rest) + 1);
  registers_[place] = std::max(registers_[place], rank);
}

void DistinctSketch::merge(const DistinctSketch& other) {
  for (size_t i = 0; i < registers_.size(); ++i) {
    registers_[i] = std::max(registers_[i], other.registers_[i]);
  }
}

double DistinctSketch::count() const {
  constexpr int kRankMax = 64 - kBits + 1;
  std::array<int, kRankMax + 1> ranks{};
  for (const uint8_t rank : registers_) ++ranks[rank];
  const double m = static_cast<double>(registers_.size());
  double sum = m * tau(1 - ranks[kRankMax] / m);
  for (int rank = kRankMax - 1; rank >= 1; --rank)
    sum = (sum + ranks[static_cast<size_t>(rank)]) / 2;
  sum += m * sigma(ranks[0] / m);
  return m * m / (2 * std::log(2.0) * sum);
}

}  // namespace millgate
