/// Random numbers that are the same on every machine and for any number of threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace millgate {

/// xoshiro256++ (Blackman and Vigna 2019), seeded by splitmix64. One thread at a time.
///
/// Work that may be split over threads derives one `Random` per unit of work by `stream`,
/// so that the result does not depend on how the work was split.
class Random {
 public:
  explicit Random(uint64_t seed);
  /// The generator in a given state, which must not be all zeros. For checks against the
  /// published reference values.
  explicit Random(const std::array<uint64_t, 4>& state) : state_(state) {}
  /// An independent generator named by `seed`, a purpose and a number.
  [[nodiscard]] static Random stream(uint64_t seed, std::string_view purpose, uint64_t number = 0);

  [[nodiscard]] uint64_t next();
  /// Uniform in [0, bound), without bias. `bound` > 0.
  [[nodiscard]] uint64_t below(uint64_t bound);
  /// Uniform in [0, 1), 53 bits.
  [[nodiscard]] double uniform();
  /// Standard normal (Box and Muller); two steps of the generator a number. The last bit
  /// depends on the mathematical library of the machine.
  [[nodiscard]] double normal();

 private:
  std::array<uint64_t, 4> state_;
};

/// Puts `items` into one of all orders, each as likely (Fisher and Yates).
template <typename T>
void shuffle(std::vector<T>& items, Random random) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

}  // namespace millgate
