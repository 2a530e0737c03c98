#include "app/effect_text.h"

#include <algorithm>
#include <iostream>
#include <vector>

#include "app/talk.h"
#include "app/text_table.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

constexpr size_t kCurveParts = 10;
constexpr size_t kInteractionRows = 50;
constexpr size_t kInteractionFeatures = 6;

EffectQuestion question_of(const EffectRows& rows) {
  return {.predict = told_by(rows.model),
          .rows = rows.features,
          .width = rows.model.features().features().size()};
}

Result<size_t> find_feature(const Model& model, const std::string& name) {
  std::vector<std::string> names;
  for (const Feature& feature : model.features().features()) names.push_back(feature.name);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    return invalid_input("the model has no feature `" + name + "`", name_hint(name, names));
  }
  const auto at = static_cast<size_t>(found - names.begin());
  if (model.features().features()[at].is_category) {
    return invalid_input(
        "`" + name + "` is a category: its values have no order to draw a curve in",
        "`--where` and a `group by` over `--out` compare its values");
  }
  return at;
}

struct Pair {
  size_t first, second;
  double strength;
};

}  // namespace

PredictRows told_by(const Model& model) {
  return [&model](std::span<const double> rows, std::span<double> out) {
    model.scorer().score(rows, out);
    if (!model.calibration()) return;
    for (double& value : out) value = calibrated(*model.calibration(), value);
  };
}

Result<int> show_curve(const Session& session, const EffectRows& rows, const std::string& feature) {
  MILLGATE_ASSIGN(const size_t at, find_feature(rows.model, feature));
  if (rows.hides_values) {
    return invalid_input("`" + feature +
                             "` is made from a column that the policy for personal data "
                             "hides",
                         "a curve over its values would show them");
  }
  const EffectQuestion question = question_of(rows);
  const std::vector<double> grid = quantile_grid(question, at, kCurveParts);
  if (grid.size() < 2) {
    return invalid_input(
        "`" + feature + "` has " + (grid.empty() ? "no value" : "one value") + " in these rows",
        "take more rows with `--sample` or `--where`");
  }
  const std::vector<double> partial = partial_dependence(question, at, grid);
  const std::vector<double> local = accumulated_local_effects(question, at, grid);
  if (session.json) {
    print_json({{"model", rows.model.id().hex()},
                {"feature", feature},
                {"row_count", question.row_count()},
                {"value", grid},
                {"partial_dependence", partial},
                {"accumulated_local_effect", local}});
    return kDone;
  }
  std::cout << grouped(static_cast<int64_t>(question.row_count()))
            << " rows; the mean prediction if all had the value, and what the value adds to rows "
               "that lie near it\n\n";
  TextTable table({feature, "partial dependence", "local effect"});
  for (size_t i = 0; i < grid.size(); ++i) {
    table.add({rounded(grid[i], 6), rounded(partial[i]), with_sign(local[i], 3)});
  }
  table.print(std::cout);
  return kDone;
}

Result<int> show_interactions(const Session& session, const EffectRows& rows,
                              const std::vector<size_t>& order) {
  EffectQuestion question = question_of(rows);
  // Evenly spaced: the sample was drawn in the order of the rows.
  std::vector<double> few;
  const size_t count = std::min(question.row_count(), kInteractionRows);
  for (size_t i = 0; i < count; ++i) {
    const size_t row = i * question.row_count() / count;
    const auto of_row = rows.features.subspan(row * question.width, question.width);
    few.insert(few.end(), of_row.begin(), of_row.end());
  }
  question.rows = few;
  std::vector<Pair> pairs;
  const size_t features = std::min(order.size(), kInteractionFeatures);
  for (size_t i = 0; i < features; ++i) {
    for (size_t j = i + 1; j < features; ++j) {
      pairs.push_back({order[i], order[j], interaction_strength(question, order[i], order[j])});
    }
  }
  std::erase_if(pairs, [](const Pair& pair) { return !(pair.strength >= 0); });  // NaN: no effect.
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.strength > b.strength; });
  const auto name = [&](size_t i) { return rows.model.features().features()[i].name; };
  if (session.json) {
    Json list = Json::array();
    for (const Pair& pair : pairs) {
      list.push_back({{"features", {name(pair.first), name(pair.second)}}, {"h", pair.strength}});
    }
    print_json({{"model", rows.model.id().hex()}, {"row_count", count}, {"interactions", list}});
    return kDone;
  }
  if (pairs.empty()) {
    std::cout << "no two features move the predictions of these rows\n";
    return kDone;
  }
  std::cout << grouped(static_cast<int64_t>(count)) << " rows, the " << features
            << " features that move predictions most; H is 0 for a plain sum of both, 1 where "
               "neither does anything alone\n\n";
  TextTable table({"feature", "and", "H"});
  for (const Pair& pair : pairs) {
    table.add({name(pair.first), name(pair.second), rounded(pair.strength, 3)});
  }
  table.print(std::cout);
  return kDone;
}

}  // namespace millgate
