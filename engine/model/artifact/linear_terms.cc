#include "model/artifact/linear_terms.h"

#include <algorithm>
#include <cmath>

namespace millgate {

LinearTerms::LinearTerms(const LinearModel& model) {
  for (size_t begin = 0, end = 0; begin < model.coefficient.size(); begin = end) {
    end = begin + 1;
    if (model.columns.empty() || !model.columns[begin].is_category()) {
      add_number(model, begin);
      continue;
    }
    while (end < model.columns.size() &&
           model.columns[end].feature == model.columns[begin].feature) {
      ++end;
    }
    add_categories(model, begin, end);
  }
}

void LinearTerms::add_number(const LinearModel& model, size_t column) {
  features_.push_back({.mean = model.mean[column],
                       .scale = model.scale[column],
                       .coefficient = model.coefficient[column],
                       .by_category = {},
                       .spread = std::abs(model.coefficient[column])});
}

/// The columns [begin, end) of one feature: a row of category k has 1 in column k and 0 in all
/// others, each less its mean.
void LinearTerms::add_categories(const LinearModel& model, size_t begin, size_t end) {
  double elsewhere = 0;
  for (size_t column = begin; column < end; ++column) {
    elsewhere -= model.coefficient[column] * model.mean[column] / model.scale[column];
  }
  Feature feature;
  feature.is_category = true;
  double squares = 0;
  for (size_t column = begin; column < end; ++column) {
    const auto category = static_cast<size_t>(model.columns[column].category);
    feature.by_category.resize(std::max(feature.by_category.size(), category + 1), 0.0);
    double& adds = feature.by_category[category];
    adds = elsewhere + model.coefficient[column] / model.scale[column];
    squares += model.mean[column] * adds * adds;  // The mean contribution is 0.
  }
  feature.spread = std::sqrt(squares);
  features_.push_back(std::move(feature));
}

double LinearTerms::contribution(size_t feature, double value) const {
  if (!std::isfinite(value)) return 0;  // The mean stands in.
  const Feature& of = features_[feature];
  if (of.is_category) {
    if (!(value >= 0 && value < static_cast<double>(of.by_category.size()))) return 0;
    return of.by_category[static_cast<size_t>(value)];
  }
  const double standard = (value - of.mean) / of.scale;
  return of.coefficient * std::clamp(standard, -kLinearReach, kLinearReach);
}

}  // namespace millgate
