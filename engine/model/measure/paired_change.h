/// Whether the same rows say something else than before.
#pragma once

#include <cstdint>

namespace millgate {

/// McNemar's exact test: `up` rows went from no to yes, `down` from yes to no. The two-sided
/// p-value that both are as likely, by the binomial distribution; 1 when nothing changed.
[[nodiscard]] double mcnemar_p(int64_t up, int64_t down);

}  // namespace millgate
