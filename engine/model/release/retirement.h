/// Models that are not to be used any more.
#pragma once

#include <optional>
#include <string>

#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"

namespace millgate {

/// Who retired a model, when and why.
struct Retirement {
  Time since;
  std::string by;
  std::string reason;
};

/// Nothing when the model is not retired, now or at `at`.
[[nodiscard]] Result<std::optional<Retirement>> retirement(const Ledger& ledger, const Id& model,
                                                           std::optional<Time> at = std::nullopt);

/// From now on the model is released, promoted, rolled back to and named by an alias no more.
/// Errors: `refused` while it is live in an environment or an alias names it; `conflict` when it
/// is retired; `invalid_input` without a reason.
[[nodiscard]] Status retire(Ledger& ledger, const Id& model, const std::string& reason,
                            const std::string& author);
/// Takes that back. Errors: `conflict` when it is not retired; `invalid_input` without a reason.
[[nodiscard]] Status bring_back(Ledger& ledger, const Id& model, const std::string& reason,
                                const std::string& author);

/// Errors: `refused` when `model` is retired; `object` is what was wanted of it.
[[nodiscard]] Status check_not_retired(const Ledger& ledger, const Id& model,
                                       const std::string& object);

}  // namespace millgate
