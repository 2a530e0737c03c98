/// The influence of rows on a model as a way to value them.
#pragma once

#include <memory>

#include "data/check/data_value.h"
#include "model/study/row_influence.h"

namespace millgate {

enum class InfluenceModel { linear, trees };

/// What a valuation tells beside the values: means over the classes of the questions "this class or
/// another", one for two classes.
struct InfluenceNotes {
  double log_loss = 0;
  double retrained_error = 0;  ///< Largest of the classes.
  int checked = 0;             ///< Sum.
};

/// Values rows by linear_influence or tree_influence (small trees: 60 rounds of 15 leaves), for
/// more than two classes summed over "this class or another". Fills `notes` when it has run.
/// Its errors: as these; a class that training or test rows lack is passed over.
[[nodiscard]] RowValuer influence_valuer(InfluenceModel model, uint64_t seed,
                                         const std::shared_ptr<InfluenceNotes>& notes);

}  // namespace millgate
