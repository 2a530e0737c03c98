#include "system/serve/model_statistics.h"

#include <cmath>

namespace millgate {

namespace {

DurationSum sum_of(std::string_view name, const LatencyHistogram& durations) {
  return {.name = name,
          .count = durations.count(),
          .nanos = static_cast<uint64_t>(std::llround(durations.sum_seconds() * 1e9))};
}

}  // namespace

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::read:
      return "read";
    case Stage::online:
      return "online";
    case Stage::explain:
      return "explain";
    case Stage::predict:
      return "predict";
    case Stage::write:
      break;
  }
  return "write";
}

std::array<DurationSum, 8> duration_sums(ModelStatistics& statistics) {
  DurationSum input = sum_of("compute_input", statistics.stage(Stage::read));
  input.nanos += sum_of("", statistics.stage(Stage::online)).nanos;
  return {sum_of("success", statistics.success),
          sum_of("fail", statistics.fail),
          {.name = "queue"},
          input,
          sum_of("compute_infer", statistics.stage(Stage::predict)),
          sum_of("compute_output", statistics.stage(Stage::write)),
          {.name = "cache_hit"},
          {.name = "cache_miss"}};
}

}  // namespace millgate
