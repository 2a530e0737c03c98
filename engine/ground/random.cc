#include "ground/random.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <numbers>

namespace millgate {

namespace {

constexpr uint64_t kGoldenGamma = 0x9e3779b97f4a7c15;

/// The finisher of splitmix64: every bit of `value` moves every bit of the result.
uint64_t mix(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

/// FNV-1a. Not SHA-256, because a stream may be made for every row.
uint64_t hash_text(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

Random::Random(uint64_t seed) : state_{} {
  for (uint64_t& word : state_) {
    seed += kGoldenGamma;
    word = mix(seed);
  }
}

Random Random::stream(uint64_t seed, std::string_view purpose, uint64_t number) {
  // Mixed between the parts, so that (seed 1, number 2) and (seed 2, number 1) differ.
  uint64_t name = mix(seed + kGoldenGamma);
  name = mix((name ^ hash_text(purpose)) + kGoldenGamma);
  name = mix((name ^ number) + kGoldenGamma);
  return Random(name);
}

uint64_t Random::next() {
  const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

uint64_t Random::below(uint64_t bound) {
  assert(bound > 0);
  // Lemire (2019): the high half of a product, thrown again in the few cases that would
  // favour some results.
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(next()) * bound;
  if (static_cast<uint64_t>(product) < bound) {
    const uint64_t unfair = -bound % bound;
    while (static_cast<uint64_t>(product) < unfair) product = static_cast<Wide>(next()) * bound;
  }
  return static_cast<uint64_t>(product >> 64);
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace millgate
