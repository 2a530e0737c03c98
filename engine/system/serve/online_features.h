/// Inputs of a served model that are read from the online store instead of being sent.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "data/online/online_reader.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "system/serve/row_batch.h"
#include "system/serve/served_model.h"
#include "system/serve/telemetry.h"

namespace millgate {

/// A model bound to the rows of its views, by the version that it was trained with. Immutable;
/// thread-safe.
class OnlineFeatures {
 public:
  /// Errors: `outside` naming a view of the model whose version the store does not have; those of
  /// the store.
  [[nodiscard]] static Result<std::shared_ptr<const OnlineFeatures>> bind(
      std::shared_ptr<const OnlineStore> store, std::shared_ptr<const ServedModel> model);

  [[nodiscard]] const ServedModel& model() const { return *model_; }
  [[nodiscard]] const std::vector<OnlinePlan>& plans() const { return plans_; }
  /// Index in `plans` of the view that input `input` is read from; nothing: it must be sent.
  [[nodiscard]] std::optional<size_t> plan_of(size_t input) const { return plan_of_[input]; }

  /// Room for `rows` rows that want nothing yet.
  void make_wants(OnlineWants& wants, size_t rows) const;

  /// Reads what the rows want into their inputs, as of each row's time, or `now` where it gave
  /// none; warns where nothing counts, counts the reads, and writes down for the log what was read.
  /// Errors: those of the store.
  [[nodiscard]] Status fill(RowBatch& batch, Time now, Telemetry& telemetry) const;

 private:
  OnlineFeatures() = default;
  void take(const Block& read, const std::vector<OnlineRead>& reads, RowBatch& batch,
            Telemetry& telemetry) const;
  [[nodiscard]] std::string reads_json(const std::vector<OnlineRead>& reads,
                                       const OnlineWants& wants, size_t row) const;

  std::shared_ptr<const OnlineStore> store_;
  std::shared_ptr<const ServedModel> model_;
  std::vector<OnlinePlan> plans_;
  std::vector<std::optional<size_t>> plan_of_;  ///< By input.
  std::vector<size_t> inputs_;                  ///< Of the columns of a read, the input.
};

}  // namespace millgate
