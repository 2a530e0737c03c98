/// Scorers as C99. Inside the room: used by c_model.cc.
#pragma once

#include <string>
#include <string_view>

#include "data/feature/c_source.h"
#include "model/artifact/ensemble.h"
#include "model/artifact/tree_ensemble.h"

namespace millgate {

/// `static double score_features(const double *features)`, without heap and with a constant stack;
/// the same as Scorer::score bit by bit where the C library's exponential is. Tables are added to
/// `tables`, which stand before it.
///
/// Trees are steps of three small numbers: which cell to look at, its largest rank that goes left,
/// and how far on the next step is; a leaf is a step to itself. A feature is compared with the
/// thresholds of the model once a row, which gives its rank.
[[nodiscard]] std::string write_c_trees(const Trees& trees, CTables& tables);
[[nodiscard]] std::string write_c_linear(const LinearModel& model, CTables& tables);

}  // namespace millgate
