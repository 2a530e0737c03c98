#include "system/pipeline/gate_explanations.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "model/artifact/explanation_quality.h"
#include "model/learn/row_values.h"
#include "model/measure/row_means.h"

namespace millgate {

Status measure_explanations(const Repository& repository, const Model& model, const GateRows& rows,
                            const MeasureOptions& options, GateEvidence& into) {
  const auto explainer = load_explainer(repository.objects(), model.id());
  if (!explainer.ok()) {
    for (const char* metric : {"additivity_error", "carrying_features", "explanation_agreement"}) {
      into.unmeasured.push_back({metric, "", explainer.error().what});
    }
    return {};
  }
  std::vector<int64_t> chosen;
  const size_t count = std::min(kExplainedRows, rows.count());
  chosen.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    chosen.push_back(static_cast<int64_t>(i * rows.count() / count));
  }
  Block inputs = select_rows(rows.inputs(), chosen);
  inputs.rows = chosen.size();
  MILLGATE_ASSIGN(const ExplanationQuality quality,
                  measure_explanations(model, **explainer, inputs, options.seed));
  const auto add = [&](const char* metric, double value) {
    into.evidence.push_back({.metric = metric,
                             .value = value,
                             .row_count = std::ssize(chosen),
                             .data = options.data,
                             .inputs = options.inputs});
  };
  add("additivity_error", quality.additivity_error);
  add("carrying_features", static_cast<double>(quality.carrying_features));
  MILLGATE_ASSIGN(const std::vector<Evidence> agreement,
                  measure_row_means(quality.agreement, "explanation_agreement",
                                    std::vector<SliceColumn>(), options));
  into.evidence.insert(into.evidence.end(), agreement.begin(), agreement.end());
  return {};
}

}  // namespace millgate
