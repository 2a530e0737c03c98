#include "model/learn/train_settings.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

#include "ground/nearest_name.h"
#include "ground/scalar_text.h"
#include "ground/shortest_text.h"
#include "model/measure/metric.h"
#include "model/measure/resampled_metric.h"

namespace millgate {

namespace {

constexpr size_t kMembersMax = 64;

// Only what shapes the model. What Millgate decides by itself (threads, seeds, objective,
// determinism) and what its evaluator cannot score (linear trees, random forests) is not here.
constexpr auto kParameters = std::to_array<LearnerParameter>({
    {"learning_rate", "gbdt", "Share of each tree's correction that is applied; default 0.1."},
    {"num_leaves", "gbdt", "Leaves of a tree at most; default 31."},
    {"max_depth", "gbdt", "Depth of a tree at most; default -1, no limit."},
    {"min_data_in_leaf", "gbdt", "Rows in a leaf at least; default 20."},
    {"min_sum_hessian_in_leaf", "gbdt", "Summed curvature in a leaf at least; default 0.001."},
    {"bagging_fraction", "gbdt", "Share of rows drawn for a tree; needs bagging_freq."},
    {"bagging_freq", "gbdt", "Draw rows anew every so many trees; default 0, never."},
    {"pos_bagging_fraction", "gbdt", "Share of the positive rows drawn for a tree."},
    {"neg_bagging_fraction", "gbdt", "Share of the negative rows drawn for a tree."},
    {"feature_fraction", "gbdt", "Share of features drawn for a tree; default 1."},
    {"feature_fraction_bynode", "gbdt", "Share of features drawn for a split; default 1."},
    {"lambda_l1", "gbdt", "Penalty on the sum of leaf values; default 0."},
    {"lambda_l2", "gbdt", "Penalty on the sum of squared leaf values; default 0."},
    {"min_gain_to_split", "gbdt", "Gain of a split at least; default 0."},
    {"max_delta_step", "gbdt", "Limit of a leaf's value; default 0, none."},
    {"max_bin", "gbdt", "Bins of a feature at most; default 255."},
    {"min_data_in_bin", "gbdt", "Rows in a bin at least; default 3."},
    {"max_cat_threshold", "gbdt", "Categories on one side of a split at most; default 32."},
    {"max_cat_to_onehot", "gbdt", "Up to so many categories, split one from the rest; default 4."},
    {"min_data_per_group", "gbdt", "Rows of a category at least to count; default 100."},
    {"cat_l2", "gbdt", "lambda_l2 of splits by category; default 10."},
    {"cat_smooth", "gbdt", "Damps rare categories; default 10."},
    {"path_smooth", "gbdt", "Pulls leaves with few rows to their parent; default 0."},
    {"extra_trees", "gbdt", "Random thresholds for splits; default false."},
    {"scale_pos_weight", "gbdt", "Weight of positive rows; spoils calibration; default 1."},
    {"is_unbalance", "gbdt", "Weighs classes alike; spoils calibration; default false."},
    {"data_sample_strategy", "gbdt", "bagging or goss; default bagging."},
    {"top_rate", "gbdt", "goss: share of rows with large gradients kept; default 0.2."},
    {"other_rate", "gbdt", "goss: share of the other rows drawn; default 0.1."},
    {"monotone_constraints", "gbdt", "One of 1, 0, -1 a feature, with commas."},
    {"monotone_constraints_method", "gbdt", "basic, intermediate or advanced; default basic."},
    {"keep_trees", "gbdt", "Of what was learned, keep the first so many trees (rounds)."},
    {"keep_leaves", "gbdt", "Prune each tree to so many leaves: those that differ least join."},
    {"keep_bits", "gbdt", "Round thresholds and leaves to so many significant bits."},
    {"student_leaves", "gbdt", "Learn trees of so many leaves from what the first say instead."},
    {"l1", "linear", "Penalty on the absolute coefficients, sets some to 0; default 0."},
    {"l2", "linear", "Penalty on half the squared coefficients; default 1."},
});

/// Any scalar as LightGBM writes it.
Result<std::string> parameter_text(Section& section, const std::string& key, bool is_for_line) {
  auto text = scalar_text(section, key);
  // They become one line of LightGBM's.
  if (is_for_line && text.ok() &&
      (text->empty() || text->find_first_of(" \t\r\n=") != std::string::npos)) {
    return section.error_at(key, "parameter `" + key + "` has a blank or `=` in its value");
  }
  return text;
}

std::vector<std::string> names_for(std::string_view learner) {
  if (learner == "ensemble") learner = "linear";  // What stacks the members.
  std::vector<std::string> names;
  for (const LearnerParameter& one : kParameters) {
    if (one.learner == learner) names.emplace_back(one.name);
  }
  return names;
}

Status read_parameters(Section section, TrainSettings& settings) {
  const bool takes_any = settings.learner == "command";
  const std::vector<std::string> names = names_for(settings.learner);
  for (const std::string& key : section.keys()) {
    if (!takes_any && std::find(names.begin(), names.end(), key) == names.end()) {
      return section.error_at(
          key, "unknown parameter `" + key + "` of learner `" + settings.learner + "`",
          names.empty() ? "this learner takes no parameters" : name_hint(key, names));
    }
    MILLGATE_ASSIGN(settings.parameters[key], parameter_text(section, key, !takes_any));
  }
  return section.finish();
}

Status read_split(Section& section, TrainSettings& settings) {
  MILLGATE_ASSIGN(settings.split_by, section.one_of("by", "time", {"time", "random"}));
  MILLGATE_ASSIGN(const auto valid, section.duration_micros("valid"));
  MILLGATE_ASSIGN(const auto test, section.duration_micros("test"));
  MILLGATE_ASSIGN(const auto share, section.number("share"));
  for (const auto& [key, length] : {std::pair{"valid", valid}, std::pair{"test", test}}) {
    if (length && *length <= 0) {
      return section.error_at(key, std::string("the window `") + key + "` has no length",
                              "write a duration such as \"15d\"");
    }
    if (length && settings.split_by == "random") {
      return section.error_at(key, std::string("`") + key + "` belongs to a split by time",
                              "a random split takes `share`, for example 0.2");
    }
    if (length && share) {
      return section.error_at("share", "`share` and lengths exclude each other",
                              "remove `share`, or `valid` and `test`");
    }
  }
  if (valid.has_value() != test.has_value()) {
    return section.error_at(
        valid ? "valid" : "test",
        std::string("the split has no window `") + (valid ? "test" : "valid") + "`",
        "give both, for example { valid = \"15d\", test = \"15d\" }");
  }
  if (share && (*share <= 0 || *share >= 0.5)) {
    return section.error_at("share", "`share` must lie between 0 and 0.5",
                            "it is taken twice, for valid and for test; the rest trains");
  }
  settings.valid_micros = valid.value_or(0);
  settings.test_micros = test.value_or(0);
  settings.share = share.value_or(settings.share);
  MILLGATE_ASSIGN(const auto calibrate, section.number("calibrate_share"));
  if (calibrate && !(*calibrate > 0 && *calibrate < 1)) {
    return section.error_at("calibrate_share", "`calibrate_share` must lie between 0 and 1",
                            "it is the share of the validation rows, the newest, that learns "
                            "`calibrate` and `uncertainty`; 0.5 without it");
  }
  settings.calibrate_share = calibrate.value_or(settings.calibrate_share);
  return section.finish();
}

Result<int64_t> whole_between(Section& section, const std::string& key, int64_t fallback,
                              int64_t low, int64_t high) {
  MILLGATE_ASSIGN(const auto value, section.integer(key));
  if (!value) return fallback;
  if (*value < low || *value > high) {
    return section.error_at(key, "`" + key + "` must lie between " + std::to_string(low) + " and " +
                                     std::to_string(high));
  }
  return *value;
}

SearchParameter searched(std::string name, double low, double high, bool is_log,
                         SearchKind kind = SearchKind::number) {
  return {.name = std::move(name),
          .kind = kind,
          .is_log = is_log,
          .low = low,
          .high = high,
          .choices = {},
          .when = {}};
}

/// What one searches when nobody says what, without what is set by hand.
SearchSpace usual_space(const TrainSettings& settings) {
  SearchSpace all;
  if (settings.learner == "linear") {
    all.parameters = {searched("l1", 1e-4, 100, true), searched("l2", 1e-4, 1000, true)};
  } else if (settings.learner == "gbdt") {
    all.parameters = {searched("learning_rate", 0.01, 0.3, true),
                      searched("num_leaves", 4, 256, true, SearchKind::integer),
                      searched("min_data_in_leaf", 5, 200, true, SearchKind::integer),
                      searched("feature_fraction", 0.4, 1, false),
                      searched("lambda_l1", 1e-8, 10, true),
                      searched("lambda_l2", 1e-8, 10, true)};
  }
  SearchSpace space;
  for (SearchParameter& one : all.parameters) {
    if (!settings.parameters.contains(one.name)) space.parameters.push_back(std::move(one));
  }
  return space;
}

Status read_search(Section section, const TrainSettings& settings, TuneSettings& tune) {
  if (section.empty()) {
    tune.space = usual_space(settings);
    return {};
  }
  for (const std::string& key : section.keys()) {
    if (!settings.parameters.contains(key)) continue;
    return section.error_at(key, "`" + key + "` is searched, and has a value in [train.parameters]",
                            "remove one of the two");
  }
  const std::vector<std::string> known =
      settings.learner == "command" ? section.keys() : names_for(settings.learner);
  MILLGATE_ASSIGN(tune.space, read_search_space(std::move(section), known));
  return {};
}

Status read_metrics(Section& section, TuneSettings& tune) {
  constexpr std::string_view kSize = "model_size_bytes";
  std::vector<std::string> names;
  std::vector<std::string> of_rankings;
  for (const Metric& metric : all_metrics()) {
    const bool fits = can_be_resampled(metric.name) && !metric.is_best_at_zero;
    if (!fits && metric.name != kSize) continue;
    (metric.is_of_ranking ? of_rankings : names).emplace_back(metric.name);
  }
  const auto is_one_of = [](const std::vector<std::string>& all, const std::string& name) {
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  MILLGATE_ASSIGN(tune.metrics, section.texts("metric"));
  for (const std::string& name : tune.metrics) {
    if (!is_one_of(names, name) && !is_one_of(of_rankings, name)) {
      return section.error_at("metric", "`" + name + "` cannot be searched by",
                              name_hint(name, names) + "; rankings by `ndcg`, `map`, `mrr`");
    }
    if (std::count(tune.metrics.begin(), tune.metrics.end(), name) > 1) {
      return section.error_at("metric", "`" + name + "` is there twice");
    }
  }
  if (!tune.metrics.empty() && tune.metrics.front() == kSize) {
    return section.error_at("metric", "the first metric decides, and the smallest model is none",
                            "name a metric of quality before `model_size_bytes`");
  }
  return {};
}

Status read_tune(Section& train, TrainSettings& settings) {
  MILLGATE_ASSIGN(Section search, train.section("search"));
  if (settings.learner == "ensemble" && train.has("tune")) {
    return train.error_at("tune", "an ensemble is not searched as a whole",
                          "search its members one by one, and write what was found into "
                          "[[train.member]]");
  }
  if (!train.has("tune")) {
    if (search.empty()) return {};
    return train.error_at("search", "[train.search] says what to search, and nothing asks for it",
                          "add `tune = { trials = 40 }` to [train]");
  }
  TuneSettings tune;
  MILLGATE_ASSIGN(Section section, train.section("tune"));
  MILLGATE_ASSIGN(const int64_t trials, whole_between(section, "trials", 40, 1, 100'000));
  MILLGATE_ASSIGN(const auto budget, section.duration_micros("budget"));
  MILLGATE_ASSIGN(const int64_t folds, whole_between(section, "folds", 1, 1, 20));
  MILLGATE_ASSIGN(const std::string sampler, section.one_of("sampler", "tpe", {"tpe", "random"}));
  MILLGATE_ASSIGN(tune.prune, section.boolean_or("prune", true));
  MILLGATE_ASSIGN(const int64_t side_by_side, whole_between(section, "side_by_side", 2, 1, 64));
  MILLGATE_ASSIGN(const int64_t warm_start, whole_between(section, "warm_start", 0, 0, 100));
  MILLGATE_TRY(read_metrics(section, tune));
  tune.trials = static_cast<int>(trials);
  tune.budget_micros = budget.value_or(0);
  tune.folds = static_cast<int>(folds);
  tune.sampler = sampler == "tpe" ? Sampler::tpe : Sampler::random;
  tune.side_by_side = static_cast<int>(side_by_side);
  tune.warm_start = static_cast<int>(warm_start);
  MILLGATE_TRY(section.finish());
  MILLGATE_TRY(read_search(std::move(search), settings, tune));
  if (tune.space.empty()) {
    return train.error_at("tune", "learner `" + settings.learner + "` has nothing left to search",
                          "remove `tune`, or values from [train.parameters]");
  }
  tune.section = std::move(section);
  settings.tune = std::move(tune);
  return {};
}

Status read_calibration(Section& train, TrainSettings& settings) {
  MILLGATE_ASSIGN(const std::string method,
                  train.one_of("calibrate", "none", {"none", "isotonic", "platt", "temperature"}));
  if (method != "none") {
    MILLGATE_ASSIGN(settings.calibrate, calibration_method_from(method));
  }
  if (!train.has("uncertainty")) return {};
  MILLGATE_ASSIGN(Section section, train.section("uncertainty"));
  UncertaintySettings uncertainty;
  MILLGATE_ASSIGN(const auto coverage, section.number("coverage"));
  uncertainty.coverage = coverage.value_or(0.9);
  if (!(uncertainty.coverage > 0 && uncertainty.coverage < 1)) {
    return section.error_at("coverage", "`coverage` must lie between 0 and 1",
                            "0.9 promises to hold the truth for nine rows of ten");
  }
  if (section.has("method")) {
    MILLGATE_ASSIGN(const std::string name,
                    section.one_of("method", "absolute", {"absolute", "lac", "lac_by_class"}));
    MILLGATE_ASSIGN(uncertainty.method, uncertainty_method_from(name));
  }
  MILLGATE_TRY(section.finish());
  uncertainty.section = std::move(section);
  settings.uncertainty = std::move(uncertainty);
  return {};
}

/// What [train] and a [[train.member]] both say; `settings` has what counts where they do not.
Status read_learner(Section& section, const std::vector<std::string>& learners,
                    TrainSettings& settings) {
  MILLGATE_ASSIGN(settings.learner, section.one_of("learner", settings.learner, learners));
  MILLGATE_ASSIGN(settings.command, read_command_settings(section, settings.learner == "command"));
  // LightGBM's seeds are of 31 bits.
  MILLGATE_ASSIGN(
      const int64_t seed,
      whole_between(section, "seed", std::bit_cast<int64_t>(settings.seed), 0, 2'147'483'647));
  settings.seed = static_cast<uint64_t>(seed);
  MILLGATE_ASSIGN(const int64_t rounds,
                  whole_between(section, "rounds_max", settings.rounds_max, 1, 100'000));
  settings.rounds_max = static_cast<int>(rounds);
  MILLGATE_ASSIGN(
      const int64_t patience,
      whole_between(section, "early_stopping_rounds", settings.early_stopping_rounds, 1, 100'000));
  settings.early_stopping_rounds = static_cast<int>(patience);
  MILLGATE_ASSIGN(Section parameters, section.section("parameters"));
  return read_parameters(std::move(parameters), settings);
}

Result<EnsembleMember> read_member(Section section, const TrainSettings& train) {
  EnsembleMember member;
  member.settings = train;
  member.settings.learner = "gbdt";
  member.settings.parameters.clear();
  member.settings.ensemble = {};
  MILLGATE_TRY(read_learner(section, {"gbdt", "linear", "constant", "command"}, member.settings));
  MILLGATE_ASSIGN(member.name, section.text_or("name", member.settings.learner));
  const auto is_of_name = [](char one) {
    return std::isalnum(static_cast<unsigned char>(one)) || one == '_';
  };
  if (member.name.empty() || !std::all_of(member.name.begin(), member.name.end(), is_of_name)) {
    return section.error_at("name", "`" + member.name + "` is no name of a member",
                            "letters, digits and `_`");
  }
  MILLGATE_ASSIGN(const auto weight, section.number("weight"));
  if (weight && train.ensemble.combine != "average") {
    return section.error_at("weight", "`weight` belongs to combine = \"average\"",
                            "`" + train.ensemble.combine + "` finds the weights by itself");
  }
  member.weight = weight.value_or(1);
  if (!(member.weight > 0 && member.weight <= 1e6)) {
    return section.error_at("weight", "`weight` must lie between 0 and 1000000");
  }
  MILLGATE_TRY(section.finish());
  return member;
}

Status read_ensemble(Section& train, TrainSettings& settings) {
  MILLGATE_ASSIGN(std::vector<Section> sections, train.sections("member"));
  if (settings.learner != "ensemble") {
    for (const char* key : {"member", "combine", "folds"}) {
      if (!train.has(key)) continue;
      return train.error_at(key, std::string("`") + key + "` belongs to the learner `ensemble`",
                            "set `learner = \"ensemble\"`, or remove it");
    }
    return {};
  }
  EnsembleSettings& ensemble = settings.ensemble;
  MILLGATE_ASSIGN(ensemble.combine,
                  train.one_of("combine", ensemble.combine, {"average", "stack", "greedy"}));
  const bool is_stack = ensemble.combine == "stack";
  if (train.has("folds") && !is_stack) {
    return train.error_at("folds", "`folds` belongs to combine = \"stack\"", "remove it");
  }
  if (!settings.parameters.empty() && !is_stack) {
    return train.error_at("parameters", "`" + ensemble.combine + "` takes no parameters",
                          "those of members stand in their [[train.member]]");
  }
  MILLGATE_ASSIGN(const int64_t folds, whole_between(train, "folds", ensemble.folds, 3, 20));
  ensemble.folds = static_cast<int>(folds);
  if (sections.size() < 2 || sections.size() > kMembersMax) {
    return train.error_at("member",
                          "an ensemble has 2 to " + std::to_string(kMembersMax) + " members, not " +
                              std::to_string(sections.size()),
                          "write a [[train.member]] for each");
  }
  const TrainSettings shared = settings;
  ensemble.members.reserve(sections.size());
  for (const Section& section : sections) {
    MILLGATE_ASSIGN(EnsembleMember member, read_member(section, shared));
    const auto same = [&](const auto& is_same) {
      return std::any_of(ensemble.members.begin(), ensemble.members.end(), is_same);
    };
    if (same([&](const EnsembleMember& other) { return other.name == member.name; })) {
      return section.error_at("name", "two members are called `" + member.name + "`",
                              "give each a `name` of its own");
    }
    if (member.settings.learner == "command" &&
        same([](const EnsembleMember& other) { return other.settings.learner == "command"; })) {
      return section.error_at("learner", "two members are programs",
                              "one can be; several models of programs can vote inside one of them");
    }
    ensemble.members.push_back(std::move(member));
  }
  return {};
}

}  // namespace

std::span<const LearnerParameter> learner_parameters() { return kParameters; }

bool runs_program(const TrainSettings& settings) {
  const auto& members = settings.ensemble.members;
  return settings.learner == "command" ||
         std::any_of(members.begin(), members.end(),
                     [](const EnsembleMember& member) { return runs_program(member.settings); });
}

Result<TrainSettings> read_train_settings(Section section) {
  TrainSettings settings;
  MILLGATE_ASSIGN(Section split, section.section("split"));
  MILLGATE_TRY(read_split(split, settings));
  MILLGATE_TRY(
      read_learner(section, {"gbdt", "linear", "constant", "command", "ensemble"}, settings));
  MILLGATE_TRY(read_ensemble(section, settings));
  MILLGATE_TRY(read_tune(section, settings));
  MILLGATE_TRY(read_calibration(section, settings));
  MILLGATE_TRY(section.finish());
  if (split.has("calibrate_share") && !settings.needs_calibration_rows()) {
    return split.error_at("calibrate_share",
                          "nothing is learned from the rows of `calibrate_share`",
                          "set `calibrate` or `uncertainty` in [train], or remove it");
  }
  return settings;
}

}  // namespace millgate
