#include "app/counterfactual_text.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "app/effect_text.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "model/artifact/counterfactual.h"

namespace millgate {

namespace {

constexpr size_t kQuantileStep = 5;  ///< Values at every fifth percentile of the training rows.

/// Values that training rows had.
std::vector<double> candidates_of(const Feature& feature, const Profile& profile) {
  std::vector<double> values;
  if (feature.is_category) {
    for (size_t code = 0; code < feature.categories.size(); ++code) {
      if (profile.counts.contains(feature.categories[code])) {
        values.push_back(static_cast<double>(code));
      }
    }
    return values;
  }
  for (size_t i = 0; i < profile.quantiles.size(); i += kQuantileStep) {
    const double value = profile.quantiles[i];
    if (values.empty() || value > values.back()) values.push_back(value);
  }
  return values;
}

/// Between the tenth and the ninetieth percentile of the training rows.
double scale_of(const Feature& feature, const Profile& profile) {
  constexpr size_t kLow = 10;
  constexpr size_t kHigh = 90;
  if (feature.is_category || profile.quantiles.size() <= kHigh) return 0;
  return profile.quantiles[kHigh] - profile.quantiles[kLow];
}

Status check_kept(const ChangeWish& wish) {
  std::vector<std::string> names;
  for (const Feature& feature : wish.model.features().features()) names.push_back(feature.name);
  for (const std::string& name : wish.keep) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return invalid_input("the model has no feature `" + name + "` to keep", name_hint(name, names));
  }
  return {};
}

/// What counts as another answer, in words and as a condition.
struct Goal {
  std::string words;
  std::function<bool(double)> is_reached;
};

Result<Goal> goal_of(const ChangeWish& wish) {
  const bool is_binary = wish.model.manifest().task_kind == "binary";
  if (!wish.until && !is_binary) {
    return invalid_input("the model gives values, and there is no other answer to reach",
                         "say a value with `--until`, for example `--until 10`");
  }
  const double goal = wish.until.value_or(wish.model.manifest().threshold);
  const bool upwards = wish.prediction < goal;
  // Deciding "no" needs less than the threshold, not as much.
  const bool strict = !wish.until && !upwards;
  Goal made;
  made.words = wish.until ? (upwards ? "at least " : "at most ") + rounded(goal)
                          : std::string("the decision ") + (upwards ? "yes" : "no");
  made.is_reached = [goal, upwards, strict](double told) {
    if (upwards) return told >= goal;
    return strict ? told < goal : told <= goal;
  };
  return made;
}

CounterfactualQuestion question_of(const ChangeWish& wish, const Goal& goal) {
  const auto& features = wish.model.features().features();
  CounterfactualQuestion question;
  question.predict = told_by(wish.model);
  question.row = wish.features;
  question.is_reached = goal.is_reached;
  for (size_t i = 0; i < features.size(); ++i) {
    const Profile& profile = wish.model.feature_profiles()[i];
    const bool stays =
        std::find(wish.keep.begin(), wish.keep.end(), features[i].name) != wish.keep.end();
    question.candidates.push_back(stays ? std::vector<double>{}
                                        : candidates_of(features[i], profile));
    question.scale.push_back(scale_of(features[i], profile));
  }
  return question;
}

std::string change_text(const ChangeWish& wish, const Counterfactual& one) {
  std::string text;
  for (const FeatureChange& change : one.changes) {
    const Feature& feature = wish.model.features().features()[change.feature];
    text += (text.empty() ? "" : " and ") + feature.name + ": " +
            wish.value_text(feature, wish.features[change.feature]) + " -> " +
            wish.value_text(feature, change.value);
  }
  return text;
}

Json change_json(const ChangeWish& wish, const Counterfactual& one) {
  Json changes = Json::array();
  for (const FeatureChange& change : one.changes) {
    const Feature& feature = wish.model.features().features()[change.feature];
    changes.push_back({{"feature", feature.name},
                       {"from", wish.value_text(feature, wish.features[change.feature])},
                       {"to", wish.value_text(feature, change.value)}});
  }
  return {{"changes", changes}, {"prediction", one.prediction}, {"distance", one.distance}};
}

}  // namespace

Result<int> show_changes(const Session& session, const ChangeWish& wish, size_t top) {
  MILLGATE_TRY(check_kept(wish));
  if (wish.model.feature_profiles().empty()) {
    return invalid_input(
        "the model has no training profile, so it is not known which values its "
        "features may have");
  }
  MILLGATE_ASSIGN(const Goal goal, goal_of(wish));
  const auto found = find_counterfactuals(question_of(wish, goal));
  if (session.json) {
    Json list = Json::array();
    for (const Counterfactual& one : found) list.push_back(change_json(wish, one));
    print_json({{"model", wish.model.id().hex()},
                {"prediction", wish.prediction},
                {"wanted", goal.words},
                {"counterfactuals", list}});
    return kDone;
  }
  std::cout << "the prediction is " << rounded(wish.prediction) << "; for " << goal.words;
  if (found.empty()) {
    std::cout << " no change of one or two features to values of the training rows is enough\n";
    return kDone;
  }
  std::cout << " it would be enough if only this were otherwise:\n\n";
  TextTable table({"change", "prediction", "distance"});
  for (size_t i = 0; i < std::min(top, found.size()); ++i) {
    table.add(
        {change_text(wish, found[i]), rounded(found[i].prediction), rounded(found[i].distance, 3)});
  }
  table.print(std::cout);
  if (top < found.size()) {
    std::cout << found.size() - top << " more; `--top " << found.size() << "` shows all\n";
  }
  return kDone;
}

}  // namespace millgate
