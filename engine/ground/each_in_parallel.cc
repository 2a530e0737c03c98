#include "ground/each_in_parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace millgate {

void each_in_parallel(size_t count, const std::function<void(size_t)>& turn) {
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) turn(i);
  };
  const size_t threads = std::min<size_t>(std::max(1U, std::thread::hardware_concurrency()), count);
  std::vector<std::jthread> helpers;
  for (size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
  work();
}

}  // namespace millgate
