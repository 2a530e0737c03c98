/// A model with its run and the rows joined for it, for as long as it is measured.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "app/session.h"
#include "ground/error.h"
#include "ground/id.h"
#include "model/artifact/model.h"
#include "system/pipeline/gate_evidence.h"
#include "system/pipeline/run.h"

namespace millgate {

struct LoadedModel {
  RunReport run;
  std::shared_ptr<const Model> model;
  std::shared_ptr<arrow::Table> judged, trained;  ///< As in GateModel.

  /// Points into this one.
  [[nodiscard]] GateModel view() const { return {&run, model.get(), judged, trained}; }
};

/// `commit`: hex id of that of the judged model's run; empty: this is the judged model.
/// Errors: `not_found` when no run made it; as joined_rows.
[[nodiscard]] Result<LoadedModel> load_model(const Workplace& place, const Id& id,
                                             const std::string& commit);

/// What measure_program tells of it with rows of its own, and what its training used.
/// Errors: as measure_program.
[[nodiscard]] Result<std::vector<Evidence>> evidence_of_program(const Workplace& place,
                                                                const LoadedModel& loaded);

}  // namespace millgate
