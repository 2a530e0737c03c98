/// The model card: what a model is, how good, for whom it is worse, and how it came to be.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"
#include "system/monitor/monitor.h"
#include "system/pipeline/project.h"

namespace millgate {

/// Everything the card says, as data. Each number stands in an object
/// {value, lower, upper, unit, rows, data, slice, source}; `source` names the ledger's event.
/// Errors: `not_found` when no run recorded `model`; `damaged`.
[[nodiscard]] Result<nlohmann::ordered_json> model_card_json(const Repository& repository,
                                                             const Project& project,
                                                             const Id& model,
                                                             const MonitorReport* served = nullptr);

/// The same as one HTML file that needs nothing else: no scripts, styles and plots inside, for
/// light and dark screens and for paper. `served` adds what monitoring found, when given.
[[nodiscard]] Result<std::string> model_card_html(const Repository& repository,
                                                  const Project& project, const Id& model,
                                                  const MonitorReport* served = nullptr);

}  // namespace millgate
