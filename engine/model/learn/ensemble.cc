#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ground/id.h"
#include "model/artifact/combination.h"
#include "model/artifact/model_format.h"
#include "model/learn/learner.h"

namespace millgate {

namespace {

std::vector<double> said_of(const Scorer& scorer, const Examples& examples) {
  std::vector<double> said(examples.rows() * scorer.output_count());
  scorer.score(examples.features, said);
  return said;
}

/// Fits the members in their order. What they were fitted with becomes `parameters`.
Result<std::vector<Fitted>> fit_members(const LearnerInput& input,
                                        std::map<std::string, std::string>& parameters) {
  const std::vector<EnsembleMember>& members = input.settings->ensemble.members;
  const auto count = static_cast<double>(members.size());
  std::vector<Fitted> fitted;
  fitted.reserve(members.size());
  for (const EnsembleMember& member : members) {
    LearnerInput own = input;
    own.settings = &member.settings;
    if (input.progress) {
      own.progress = [&](double share) {
        input.progress((static_cast<double>(fitted.size()) + share) / count);
      };
    }
    auto one = fit_learner(own);
    if (!one)
      return std::move(one).error().inside("member `" + member.name + "` cannot be trained");
    parameters[member.name + ".learner"] = member.settings.learner;
    for (const auto& [name, value] : one->parameters) parameters[member.name + "." + name] = value;
    fitted.push_back(*std::move(one));
  }
  return fitted;
}

/// What is written down of each member.
std::vector<FittedMember> told_members(const LearnerInput& input, const std::vector<Fitted>& fitted,
                                       const std::vector<double>& weights, bool is_stack) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<FittedMember> told;
  told.reserve(fitted.size());
  for (size_t m = 0; m < fitted.size(); ++m) {
    const EnsembleMember& member = input.settings->ensemble.members[m];
    told.push_back(
        {.name = member.name,
         .learner = member.settings.learner,
         .format = fitted[m].format,
         .hash = hash_of(fitted[m].text).hex(),
         .weight = is_stack ? std::optional<double>() : weights[m] / total,
         .valid_loss = mean_loss(input.kind, input.valid->labels,
                                 said_of(*fitted[m].scorer, *input.valid), input.valid->query),
         .scorer = fitted[m].scorer});
  }
  return told;
}

std::vector<double> stated_weights(const EnsembleSettings& ensemble) {
  std::vector<double> weights;
  weights.reserve(ensemble.members.size());
  for (const EnsembleMember& member : ensemble.members) weights.push_back(member.weight);
  return weights;
}

/// How often each member is taken; of equal losses the first member, and the smaller mean.
std::vector<double> greedy_weights(const LearnerInput& input, const std::vector<Fitted>& fitted) {
  constexpr size_t kTakenMax = 50;
  const Examples& valid = *input.valid;
  std::vector<std::vector<double>> said;
  said.reserve(fitted.size());
  for (const Fitted& one : fitted) said.push_back(said_of(*one.scorer, valid));
  std::vector<double> sum(said.front().size(), 0.0), mean(sum.size());
  std::vector<double> taken(fitted.size(), 0.0), best = taken;
  double best_loss = std::numeric_limits<double>::infinity();
  for (size_t count = 1; count <= kTakenMax; ++count) {
    size_t next = 0;
    double next_loss = std::numeric_limits<double>::infinity();
    for (size_t m = 0; m < said.size(); ++m) {
      for (size_t i = 0; i < sum.size(); ++i) {
        mean[i] = (sum[i] + said[m][i]) / static_cast<double>(count);
      }
      const double loss = mean_loss(input.kind, valid.labels, mean, valid.query);
      if (!(loss < next_loss)) continue;
      next = m;
      next_loss = loss;
    }
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += said[next][i];
    ++taken[next];
    if (!(next_loss < best_loss)) continue;
    best = taken;
    best_loss = next_loss;
  }
  return best;
}

/// The rows of `folds` as a linear model reads them.
Examples stack_examples(const StackPlaces& places, const FoldPredictions& folds,
                        const Examples& labelled) {
  Examples examples;
  examples.features.resize(folds.rows.size() * places.outputs * places.members);
  for (size_t m = 0; m < places.members; ++m) places.put(m, folds.members[m], examples.features);
  examples.labels.reserve(folds.rows.size());
  for (const size_t row : folds.rows) {
    examples.labels.push_back(labelled.labels[row]);
    if (!labelled.query.empty()) examples.query.push_back(labelled.query[row]);
  }
  return examples;
}

/// What the members say of the valid rows.
FoldPredictions said_of_valid(const LearnerInput& input, const std::vector<Fitted>& fitted) {
  FoldPredictions said;
  said.rows.resize(input.valid->rows());
  std::iota(said.rows.begin(), said.rows.end(), size_t{0});
  for (const Fitted& one : fitted) said.members.push_back(said_of(*one.scorer, *input.valid));
  return said;
}

/// The text of the linear model that weighs the members.
Result<std::string> fit_stack(const LearnerInput& input, const std::vector<Fitted>& fitted) {
  const StackPlaces places{.members = fitted.size(),
                           .outputs = fitted.front().scorer->output_count(),
                           .is_of_probabilities = has_classes(input.kind)};
  const FoldPredictions on_valid = said_of_valid(input, fitted);
  const Examples valid = stack_examples(places, on_valid, *input.valid);
  Examples folds;
  if (input.predict_folds) {
    MILLGATE_ASSIGN(const FoldPredictions told, input.predict_folds());
    folds = stack_examples(places, told, *input.train);
  }
  LearnerInput own = input;
  own.train = input.predict_folds ? &folds : &valid;
  own.valid = &valid;
  own.feature_names.assign(places.members * places.outputs, "");
  own.is_category.assign(own.feature_names.size(), false);
  auto stack = fit_linear(own);
  if (!stack) return std::move(stack).error().inside("the members cannot be stacked");
  return std::move(stack->text);
}

/// Rankings have scores of no common scale: one member would speak for all.
Status check_scale(const LearnerInput& input) {
  if (input.kind != TaskKind::ranking || input.settings->ensemble.combine == "stack") return {};
  return invalid_input(
      "the scores of members that rank have no common scale, so their mean means "
      "nothing",
      "write combine = \"stack\" in [train]");
}

}  // namespace

Result<Fitted> fit_ensemble(const LearnerInput& input) {
  MILLGATE_TRY(check_scale(input));
  const EnsembleSettings& ensemble = input.settings->ensemble;
  Fitted made;
  MILLGATE_ASSIGN(std::vector<Fitted> fitted, fit_members(input, made.parameters));
  Combination combination{
      .members = {}, .is_of_probabilities = has_classes(input.kind), .stack = {}};
  std::vector<double> weights = stated_weights(ensemble);
  if (ensemble.combine == "greedy") weights = greedy_weights(input, fitted);
  if (ensemble.combine == "stack") {
    MILLGATE_ASSIGN(combination.stack, fit_stack(input, fitted));
    made.parameters.insert(input.settings->parameters.begin(), input.settings->parameters.end());
  }
  made.members = told_members(input, fitted, weights, !combination.stack.empty());
  for (size_t m = 0; m < fitted.size(); ++m) {
    if (weights[m] == 0) continue;
    combination.members.push_back({.name = ensemble.members[m].name,
                                   .format = fitted[m].format,
                                   .weight = weights[m],
                                   .text = std::move(fitted[m].text)});
  }
  made.format = "ensemble";
  made.text = save_combination(combination);
  MILLGATE_ASSIGN(made.scorer, load_scorer(made.format, made.text));
  made.parameters["combine"] = ensemble.combine;
  made.best_round = static_cast<int>(combination.members.size());
  made.valid_loss = {mean_loss(input.kind, input.valid->labels, said_of(*made.scorer, *input.valid),
                               input.valid->query)};
  return made;
}

}  // namespace millgate
