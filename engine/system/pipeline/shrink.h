/// `shrink`: smaller models in the place of one, and what each loses.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"
#include "model/measure/model_contest.h"
#include "system/pipeline/run.h"

namespace millgate {

/// Parameters that make a model smaller, by name: {"keep_trees", 20} (learner_parameters()).
using Shrinking = std::map<std::string, int>;

/// "keep_trees=20,keep_bits=11". Errors: `invalid_input` with the valid names.
[[nodiscard]] Result<Shrinking> parse_shrinking(const std::string& text);
[[nodiscard]] std::string to_text(const Shrinking& shrinking);

struct ShrinkOptions {
  std::vector<Shrinking> wanted = {};  ///< Empty: what usually pays, by the model's size.
  std::string author = {};
  int resamples = 200;
  std::function<void(const std::string& step, double share)> progress = {};
};

/// A model that was made smaller: a run of its own.
struct SmallerModel {
  Shrinking shrinking;
  RunReport run;
  std::string scorer;        ///< Scorer::describe.
  int64_t size_bytes = 0;    ///< Of its objects, as `model_size_bytes`.
  Advantage advantage = {};  ///< Over the whole model; below 0: it is worse.
  bool is_same = false;      ///< It predicts all validation rows with the same bits.
};

struct ShrinkReport {
  RunReport whole;
  std::string scorer;
  int64_t size_bytes = 0;
  std::string metric;     ///< By which the loss is told: log_loss, rmse or ndcg.
  int64_t row_count = 0;  ///< Validation rows.
  std::vector<SmallerModel> models;
  int64_t event_number = 0;
};

/// Trains `model` again with each shrinking, from the data and the project file of its run, and
/// holds each against it on the same validation rows, on which neither has learned its trees: the
/// test rows stay for the gate. Each is a run in the ledger, which `gate` takes and `reproduce`
/// makes again; an event "shrink", whose subject is `model`, names them. The same again is taken
/// from the earlier runs.
///
/// Errors: `not_found` for a model that no run made; `invalid_input` for one that is neither of
/// boosted trees of our own nor ONNX, or is small already (`keep_trees` and the like in its
/// parameters); as run_pipeline.
[[nodiscard]] Result<ShrinkReport> shrink_model(Repository& repository, const Id& model,
                                                const ShrinkOptions& options);

}  // namespace millgate
