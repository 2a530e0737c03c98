/// Rows as boosted trees see them, and groups of rows that lie apart there: where the rows of a
/// backdoor would lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "model/measure/trigger_screen.h"
#include "model/poison/suspect_rows.h"

namespace millgate {

struct LeafSpaceOptions {
  int64_t rows_max = 20'000;     ///< Of a class, from which components are made; of more, a sample.
  size_t components = 10;        ///< That are looked at.
  double share_max = 0.1;        ///< Of all rows: a larger group is no attack but the data.
  int64_t rows_min = 20;         ///< A smaller group is not judged.
  double label_share_min = 0.9;  ///< Of the group's rows with the label.
  uint64_t seed = 1;
};

/// How a group was found.
enum class LeafMethod {
  spectral,    ///< Along one principal component (spectral signatures; Tran, Li and Madry 2018).
  clustering,  ///< By 2-means over all of them (activation clustering; Chen and others 2018).
};
[[nodiscard]] std::string_view to_string(LeafMethod method);

/// Rows of any label that lie together, apart from most of a class.
struct LeafGroup {
  size_t label = 0;  ///< The class.
  LeafMethod method = LeafMethod::spectral;
  size_t component = 0;  ///< Of the spectral method, from 0.
  RowSet rows;
};

/// One class in the space of the leaves of a model of "this class or another".
struct LeafClass {
  std::vector<double> scores;  ///< Of every row: squared projection on the first component.
  std::vector<LeafGroup> groups;
};

/// Trains boosted trees on all rows for class `label` and takes the components of the leaves that
/// the rows of the class fall into. Each component is cut where its values fall best into two
/// parts, and 2-means divides the rows over all components; a smaller part with at least
/// `label_share_min` of its rows, whatever their label, in the class is a group. The published
/// methods stop at the rows of the class and must be told how many to remove; that rows of other
/// classes do not lie there is what tells a backdoor from a corner of the data.
/// Nothing where the trees do not split the rows. Deterministic.
[[nodiscard]] Result<LeafClass> leaf_class(const SuspectRows& rows, size_t label,
                                           const LeafSpaceOptions& options);

}  // namespace millgate
