/// How old a model was when it was last asked, beside how old the back-test lets it get.
#pragma once

#include <cstdint>
#include <optional>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"

namespace millgate {

struct ModelAge {
  int64_t micros = 0;        ///< From the begin of its test rows, as of which it was trained.
  int64_t limit_micros = 0;  ///< The back-test advises to train again by then.
  int64_t backtest_event = 0;
};

/// By the newest event `backtest` of `ledger` and the newest run that made the model. Nothing where
/// there is none of either, where the back-test was given no tolerance, and where even the oldest
/// model that it tried was good enough. Errors: those of the ledger; `damaged`.
[[nodiscard]] Result<std::optional<ModelAge>> model_age(const Ledger& ledger, const Id& model,
                                                        Time last_asked);

}  // namespace millgate
