/// Rows of the online store asked for by entity over HTTP.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/online/online_reader.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// Values of features for some entities. All lists of columns are parallel.
struct FeatureAnswer {
  std::vector<OnlinePlan> plans;
  std::vector<Block> entities;  ///< One a plan.
  std::vector<Field> columns;   ///< "view.field", in the order in which they were asked for.
  std::vector<size_t> plan_of;  ///< Of each column.
  Block values;
  std::vector<OnlineRead> reads;  ///< Rows outermost, then plans.
};

/// Reads {"features": ["view.field", "view", ...], "entities": [{"column": value}, ...], "at":
/// time}. A view alone means all its fields; "at" may be left out: `now`. The version of a view is
/// the one that was materialised as of the latest time, or that whose digits follow an @:
/// "view@4a92c6.field". Errors: `not_found` for a view or field, with the nearest name;
/// `invalid_input` naming the entity and the column; those of the store.
[[nodiscard]] Result<FeatureAnswer> answer_features(const OnlineStore& store, std::string_view body,
                                                    Time now, size_t rows_max);

/// {"rows": [{"values": {"view.field": ...}, "views": {"view": {"state": ..., "happened": ...,
/// "known": ..., "as_of": ...}}}]}.
[[nodiscard]] std::string features_json(const FeatureAnswer& answer);

/// The body that asks for `features` of one entity whose values are texts, typed as `view` says.
[[nodiscard]] std::string features_question(
    const OnlineView& view, const std::vector<std::pair<std::string, std::string>>& entity,
    std::string_view at);

}  // namespace millgate
