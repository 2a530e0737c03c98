/// The metrics of rows that are ranked within queries: search results, recommendations.
/// Inside the room: callers use quality.h, row_slice.h and the like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/measure/group_measures.h"

namespace millgate {

/// As measure_groups, for options with `ranking`. A query is judged in a group that holds all of
/// its rows; metrics are means over the judged queries, all of which count alike. Each resample
/// draws as many queries as there are in `rows`, with replacement, and never cuts one: rows of a
/// query are not independent.
///
/// Rows stand in descending order of prediction. `ndcg` has the label as gain and 1 / log2(1 +
/// rank) as discount (Jarvelin and Kekalainen 2002), and equal predictions share the discounts of
/// their ranks, as scikit-learn's `ndcg_score`. For the others a row is relevant from 1 on, and of
/// equal predictions the less relevant rows stand first: nobody gains by ties. A query without a
/// relevant row has 0 in all of them, as in trec_eval and scikit-learn: the values are those that
/// others report, and two models are never compared on other queries. `precision_k` divides by k,
/// also where a query has fewer rows; `map_k` and `recall_k` by all relevant rows of the query.
[[nodiscard]] GroupMeasures measure_ranking_groups(const Outcome& rows,
                                                   std::span<const std::vector<uint32_t>> groups,
                                                   const MeasureOptions& options);

/// Queries of which `group` holds all rows.
struct WholeQueries {
  int64_t count = 0;
  int64_t irrelevant_count = 0;  ///< Those without a relevant row.
};
[[nodiscard]] WholeQueries whole_queries(const Outcome& rows, const std::vector<uint32_t>& group);

/// Mean over the queries of the normalised discounted cumulative gain of all their rows, as above.
/// Nothing without rows.
[[nodiscard]] std::optional<double> ndcg(const Outcome& rows);

/// One value of a ranking's metric for each query.
[[nodiscard]] std::vector<double> query_values(const Outcome& rows, Measure measure);

}  // namespace millgate
