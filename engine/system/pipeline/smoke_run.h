/// `run --smoke`: the whole way from the data to a model on a few rows, in seconds, and whether
/// what must hold of any model holds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "model/learn/specification.h"
#include "system/pipeline/project.h"
#include "system/pipeline/step_report.h"

namespace millgate {

/// How to try.
struct SmokeOptions {
  std::string revision = kCurrentBranch;
  std::function<void(const std::string& step, double share)> progress = {};
};

/// What was seen.
struct SmokeReport {
  int64_t row_count = 0;          ///< In the sample.
  int64_t whole_row_count = 0;    ///< In the task's table.
  std::vector<StepReport> steps;  ///< "sample", "join", "train" and "specification".
  std::vector<SpecificationCheck> checks;
  std::string data_commit;  ///< Hex.

  [[nodiscard]] bool has_passed() const;
};

/// Takes a sample of rows in which each kind of row is (data/feature/covering_sample.h), joins it,
/// trains a small model without search, saves, loads and measures it, and checks the
/// specification. Nothing is kept: neither model nor event.
/// Errors: as run_pipeline.
[[nodiscard]] Result<SmokeReport> smoke_run(Repository& repository, const Project& project,
                                            const SmokeOptions& options);

}  // namespace millgate
