#include "system/serve/client_rates.h"

#include <algorithm>

namespace millgate {

std::chrono::microseconds ClientRates::take(std::string_view client, double per_second, Time now) {
  using std::chrono::microseconds;
  const microseconds each(std::max<int64_t>(1, static_cast<int64_t>(1e6 / per_second)));
  // What may be used up ahead of time, beside the request itself.
  const microseconds ahead = std::max(microseconds(0), microseconds(1'000'000) - each);
  Part& part = parts_[TextHash()(client) % kParts];
  const std::lock_guard<std::mutex> lock(part.mutex);
  auto found = part.full_at.find(client);
  if (found == part.full_at.end()) {
    constexpr size_t kPartMax = kClientsMax / kParts;
    if (part.full_at.size() >= kPartMax) {
      std::erase_if(part.full_at, [&](const auto& one) { return one.second <= now; });
    }
    if (part.full_at.size() >= kPartMax) return microseconds(0);
    found = part.full_at.emplace(std::string(client), now).first;
  }
  const Time full_at = std::max(found->second, now);
  if (full_at - now > ahead) {
    return std::chrono::ceil<microseconds>(full_at - now - ahead);
  }
  found->second = full_at + each;
  return microseconds(0);
}

}  // namespace millgate
