#include "system/pipeline/model_drift.h"

#include <arrow/table.h>

#include <algorithm>

#include "data/feature/vector.h"
#include "ground/json.h"
#include "system/pipeline/tested_rows.h"

namespace millgate {

namespace {

Result<FeatureValues> values_of(const Model& model, const arrow::Table& joined, const char* side) {
  if (joined.num_rows() == 0) {
    return invalid_input(std::string("there is no row on the side of the ") + side,
                         "name rows of the table of [task]");
  }
  MILLGATE_ASSIGN(const Block inputs, block_from(joined, model.features().inputs()));
  return feature_values(model, inputs);
}

Json harm_json(const ShiftHarm& harm) {
  return {{"change", harm.change}, {"lower", harm.lower}, {"upper", harm.upper}};
}

}  // namespace

Result<ModelDrift> weigh_drift(const Repository& repository, const Project& project,
                               const Model& model, const arrow::Table& reference,
                               const arrow::Table& current) {
  MILLGATE_ASSIGN(const FeatureValues before, values_of(model, reference, "reference"));
  MILLGATE_ASSIGN(const FeatureValues now, values_of(model, current, "current rows"));
  MILLGATE_ASSIGN(const TestedRows tested, tested_rows(repository, project, model));
  MILLGATE_ASSIGN(const LossScale scale,
                  LossScale::of(model, tested.inputs, tested.labels, project.utility));

  ModelDrift drift;
  drift.loss_name = scale.loss_name();
  drift.loss = scale.loss();
  drift.labelled_rows = static_cast<int64_t>(tested.inputs.rows);
  drift.reference_rows = static_cast<int64_t>(before.rows);
  drift.current_rows = static_cast<int64_t>(now.rows);
  drift.features.reserve(before.columns.size());
  for (size_t f = 0; f < before.columns.size(); ++f) {
    drift.features.push_back(scale.weigh(f, before.columns[f], now.columns[f]));
  }
  std::stable_sort(
      drift.features.begin(), drift.features.end(),
      [](const FeatureDrift& a, const FeatureDrift& b) { return a.loss.change > b.loss.change; });
  return drift;
}

Json to_json(const ModelDrift& drift) {
  Json features = Json::array();
  for (const FeatureDrift& one : drift.features) {
    Json json = {{"feature", one.name},
                 {"effect", one.effect},
                 {"importance", one.importance},
                 {"loss", harm_json(one.loss)},
                 {"unknown_share", one.loss.unknown_share},
                 {"does_harm", one.does_harm()}};
    if (one.earned) json["earned"] = harm_json(*one.earned);
    features.push_back(std::move(json));
  }
  return {{"loss_name", drift.loss_name},         {"loss", drift.loss},
          {"labelled_rows", drift.labelled_rows}, {"reference_rows", drift.reference_rows},
          {"current_rows", drift.current_rows},   {"features", features}};
}

}  // namespace millgate
