#include "system/serve/model_statistics.h"

namespace millgate {

std::array<NamedDuration, 8> named_durations(const ModelStatistics& statistics) {
  return {{{"success", &statistics.success},
           {"fail", &statistics.fail},
           {"queue", nullptr},
           {"compute_input", &statistics.input},
           {"compute_infer", &statistics.infer},
           {"compute_output", &statistics.output},
           {"cache_hit", nullptr},
           {"cache_miss", nullptr}}};
}

}  // namespace millgate
