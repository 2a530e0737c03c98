#include "model/study/feature_cost.h"

#include <arrow/table.h>

#include <algorithm>
#include <chrono>
#include <limits>

namespace millgate {

namespace {

constexpr int64_t kRows = 4096;
constexpr int kPasses = 5;

template <typename Value>
std::vector<Value> first_of(const std::vector<Value>& values, size_t count) {
  return {values.begin(), values.begin() + static_cast<ptrdiff_t>(count)};
}

Status fit_to(FeatureProgram& program, const Block& inputs, const TrainingRows& rows) {
  if (program.is_fitted()) return {};
  const auto labels = first_of(rows.labels, inputs.rows);
  const auto times = first_of(rows.times, inputs.rows);
  const auto known = first_of(rows.label_known, inputs.rows);
  const auto has_time = first_of(rows.has_time, inputs.rows);
  const bool has_times = std::find(has_time.begin(), has_time.end(), 0) == has_time.end();
  return program.fit(
      inputs, {.labels = labels, .row_times = times, .label_known = known, .has_times = has_times});
}

}  // namespace

Result<double> nanoseconds_per_row(const TrainRequest& request, const TrainingRows& rows,
                                   const FeatureDefinition& definition) {
  MILLGATE_ASSIGN(FeatureProgram program,
                  FeatureProgram::compile({definition}, rows.available, request.context));
  const auto some = request.joined->Slice(0, kRows);
  MILLGATE_ASSIGN(Block inputs, block_from(*some, program.inputs()));
  inputs.rows = static_cast<size_t>(some->num_rows());  // Also where nothing is read.
  MILLGATE_TRY(fit_to(program, inputs, rows));
  std::vector<double> out(inputs.rows * program.features().size());
  EvaluationScratch scratch;
  double best = std::numeric_limits<double>::infinity();
  for (int pass = 0; pass < kPasses; ++pass) {
    const auto begin = std::chrono::steady_clock::now();
    MILLGATE_TRY(program.evaluate(inputs, out, scratch));
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count());
  }
  return best / static_cast<double>(std::max<size_t>(inputs.rows, 1));
}

}  // namespace millgate
