/// What people call a model: id, prefix, version, alias, or the place where it is live.
#pragma once

#include <string_view>
#include <vector>

#include "ground/error.h"
#include "ground/id.h"
#include "ground/ledger.h"

namespace millgate {

/// A trained model that a run recorded.
struct RunRecord {
  Id model;
  Event event;  ///< Kind "run"; its body holds parameters and evidence.
};
/// Every run, the oldest first; one model may have several.
[[nodiscard]] Result<std::vector<RunRecord>> runs(const Ledger& ledger);
/// The first run of each model: the first is version 1, "v1".
[[nodiscard]] Result<std::vector<RunRecord>> model_versions(const Ledger& ledger);

/// A model by id, unique prefix, version ("v3"), alias, environment ("staging": what is live
/// there), "latest" (newest run) or "serving".
/// Errors: `not_found` with the nearest name, `invalid_input` when ambiguous.
[[nodiscard]] Result<Id> resolve_model(const Ledger& ledger, std::string_view name);

/// Whether `name` is a word that `resolve_model` takes for something else than a name that people
/// give: "latest", "serving", "v3", or letters that may be the beginning of an id.
[[nodiscard]] bool is_taken_word(std::string_view name);

}  // namespace millgate
