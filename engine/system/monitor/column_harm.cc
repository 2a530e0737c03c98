#include "system/monitor/column_harm.h"

#include <algorithm>
#include <span>

#include "model/learn/row_values.h"
#include "model/study/loss_scale.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr size_t kLabelledRowsMin = 200;
/// More served rows tell hardly more, and take memory: of more, every second, third ... is taken.
constexpr size_t kServedRowsMax = 200'000;
/// With more rows than this in bins about which no labelled row tells anything, the rest does not
/// tell what happens.
constexpr double kUnknownShareMax = 0.1;

/// Served and labelled rows, weighed by feature.
struct Scales {
  const Model& model;
  const LossScale& scale;
  const FeatureValues& served;
  const std::vector<int64_t>& served_micros;
};

bool reads(const Feature& feature, const ColumnDrift& column) {
  if (column.what == "feature") return feature.name == column.name;
  return std::find(feature.inputs.begin(), feature.inputs.end(), column.name) !=
         feature.inputs.end();
}

AlarmHarm harm_of(const Scales& scales, const FeatureDrift& drift) {
  AlarmHarm harm;
  harm.feature = drift.name;
  if (drift.loss.unknown_share > kUnknownShareMax) {
    harm.note = percent_text(drift.loss.unknown_share) + " of the rows have values of `" +
                drift.name + "` that hardly any labelled row has";
    return harm;
  }
  harm.metric = scales.scale.loss_name();
  harm.was = scales.scale.loss();
  harm.worse = {drift.loss.change, drift.loss.lower, drift.loss.upper};
  if (drift.earned) {
    harm.earned = HarmRange{1000 * drift.earned->change, 1000 * drift.earned->lower,
                            1000 * drift.earned->upper};
  }
  harm.note = "of the shift of `" + drift.name +
              "` alone: of other features, and of a relation that changed, it says nothing";
  return harm;
}

AlarmHarm harm_of(const Scales& scales, const ColumnDrift& column) {
  const Time begin =
      column.verdict == "large" ? *column.since : column.lasting_since.value_or(*column.since);
  const auto& micros = scales.served_micros;
  const auto first = static_cast<size_t>(
      std::lower_bound(micros.begin(), micros.end(), begin.micros) - micros.begin());
  AlarmHarm worst;
  worst.note = "no feature of the model reads it";
  const auto& features = scales.model.features().features();
  for (size_t f = 0; f < features.size(); ++f) {
    if (!reads(features[f], column)) continue;
    const std::span<const double> served(scales.served.columns[f]);
    const AlarmHarm harm = harm_of(
        scales, scales.scale.weigh(f, scales.scale.features().columns[f], served.subspan(first)));
    // What cannot be known of one feature is not known of the column.
    if (!harm.is_known()) return harm;
    if (!worst.is_known() || harm.worse.change > worst.worse.change) worst = harm;
  }
  return worst;
}

}  // namespace

Status weigh_columns(const Model& model, const Block& inputs, const ServedRows& rows,
                     const HeldOutRows& tested, const std::optional<Utility>& utility,
                     std::vector<ColumnDrift>& columns) {
  const auto has_drifted = [](const ColumnDrift& column) { return column.since.has_value(); };
  if (std::none_of(columns.begin(), columns.end(), has_drifted)) return {};
  if (tested.inputs.rows < kLabelledRowsMin) {
    for (ColumnDrift& column : columns) {
      column.harm.note = "it is weighed by " + count_text(kLabelledRowsMin) +
                         " labelled rows at least that the model was tested on, and " +
                         count_text(static_cast<int64_t>(tested.inputs.rows)) + " are at hand";
    }
    return {};
  }
  MILLGATE_ASSIGN(const LossScale scale,
                  LossScale::of(model, tested.inputs, tested.label, utility));
  const size_t step = std::max<size_t>(1, (inputs.rows + kServedRowsMax - 1) / kServedRowsMax);
  std::vector<int64_t> kept;
  std::vector<int64_t> micros;
  kept.reserve(inputs.rows / step + 1);
  micros.reserve(inputs.rows / step + 1);
  for (size_t row = 0; row < inputs.rows; row += step) {
    kept.push_back(static_cast<int64_t>(row));
    micros.push_back(rows.event_micros[row]);
  }
  MILLGATE_ASSIGN(const FeatureValues served, feature_values(model, select_rows(inputs, kept)));
  for (ColumnDrift& column : columns) {
    if (has_drifted(column)) column.harm = harm_of({model, scale, served, micros}, column);
  }
  return {};
}

}  // namespace millgate
