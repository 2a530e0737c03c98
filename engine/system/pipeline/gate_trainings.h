/// Models that a gate trains to hold the judged one against them. Inside the room.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "data/store/repository.h"
#include "ground/error.h"
#include "model/learn/trainer.h"
#include "model/measure/simple_model.h"
#include "system/pipeline/gate_contest.h"
#include "system/pipeline/gate_rows.h"
#include "system/pipeline/project.h"

namespace millgate {

/// Trains on the joined rows of the judged model, by the project file that made it (the present one
/// where the run did not keep it). What it trains is not stored.
class GateTrainings {
 public:
  /// `project` and `rows` must outlive this. Errors: those of open_training_set, and
  /// `invalid_input` when the search of [train] `tune` is not in the ledger.
  [[nodiscard]] static Result<GateTrainings> open(Repository& repository, const Project& project,
                                                  const GateModel& judged, const GateRows& rows);

  /// A simple model on the rows that the judged one was trained on. `groups`: of a last value, the
  /// group of each joined row, or empty. Errors: as train_simple and last_values.
  [[nodiscard]] Result<ContestSide> simple(SimpleModelKind kind,
                                           std::span<const std::string> groups) const;
  /// The judged model as if it had been trained `micros` before the first test row.
  /// Errors: as split_at and train_model.
  [[nodiscard]] Result<ContestSide> aged(int64_t micros) const;

 private:
  GateTrainings(TrainRequest request, const GateRows& rows)
      : request_(std::move(request)), rows_(&rows) {}

  TrainRequest request_;
  const GateRows* rows_;
};

}  // namespace millgate
