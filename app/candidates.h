/// The models between which stakeholders choose, loaded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/loaded_model.h"
#include "ground/ledger.h"
#include "model/release/registry.h"
#include "system/pipeline/tradeoff.h"

namespace millgate {

/// `first`, then the newest versions up to five models in all, then the one that serves; each once.
[[nodiscard]] Result<std::vector<Id>> newest_models(const Ledger& ledger, std::vector<Id> first,
                                                    const std::optional<Serving>& serving);

/// "v3 0a1b2c3d4e5f".
[[nodiscard]] Result<std::string> version_name(const Ledger& ledger, const Id& id);

/// Points into `loaded`, which must outlive it. `of_program` is its latency and the like where that
/// was measured before; else it is measured where a stakeholder wants it. Errors: those of
/// version_name and evidence_of_program.
[[nodiscard]] Result<Candidate> candidate_of(const Workplace& place, const LoadedModel& loaded,
                                             const std::optional<Serving>& serving,
                                             std::vector<Evidence> of_program = {});

}  // namespace millgate
