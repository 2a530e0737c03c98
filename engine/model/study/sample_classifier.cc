#include "model/study/sample_classifier.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "data/check/predictors.h"
#include "ground/json.h"
#include "ground/random.h"
#include "model/measure/roc_area.h"
#include "model/study/feature_columns.h"
#include "model/study/permutation.h"

namespace millgate {

namespace {

constexpr int64_t kTextsMax = 1000;
constexpr double kNormalQuantile = 1.959963984540054;

/// One fold: its rows, and the model that has not seen them. No model where the other folds give
/// no column that splits them: it then tells nothing.
struct Fold {
  std::vector<size_t> rows;
  Examples examples;
  std::shared_ptr<const Scorer> scorer;

  [[nodiscard]] std::vector<double> scores(const Examples& of) const {
    std::vector<double> scores(of.rows(), 0.5);
    if (scorer) scorer->score(of.features, scores);
    return scores;
  }
};

TrainSettings settings_for(size_t rows, uint64_t seed) {
  TrainSettings settings;
  settings.seed = seed;
  settings.rounds_max = 200;
  settings.early_stopping_rounds = 20;
  const size_t leaf = std::clamp<size_t>(rows / 50, 5, 20);
  settings.parameters = {
      {"learning_rate", "0.1"}, {"num_leaves", "15"}, {"min_data_in_leaf", std::to_string(leaf)}};
  return settings;
}

Fold fit_fold(const SampleRows& samples, const std::vector<int>& fold_of, int fold,
              const SampleClassifierOptions& options) {
  Fold made;
  std::vector<size_t> train_rows;
  std::vector<size_t> valid_rows;
  for (size_t row = 0; row < fold_of.size(); ++row) {
    (fold_of[row] == fold                         ? made.rows
     : fold_of[row] == (fold + 1) % options.folds ? valid_rows
                                                  : train_rows)
        .push_back(row);
  }
  made.examples = rows_of(samples.rows, samples.columns.size(), made.rows);
  const Examples train = rows_of(samples.rows, samples.columns.size(), train_rows);
  const Examples valid = rows_of(samples.rows, samples.columns.size(), valid_rows);
  const TrainSettings settings = settings_for(train.rows(), options.seed);
  LearnerInput input{.kind = TaskKind::binary,
                     .feature_names = {},
                     .is_category = samples.is_category,
                     .train = &train,
                     .valid = &valid,
                     .settings = &settings,
                     .progress = {}};
  // LightGBM refuses some characters in names, and nobody reads these.
  for (size_t i = 0; i < samples.columns.size(); ++i) {
    input.feature_names.push_back("c" + std::to_string(i));
  }
  if (auto fitted = fit_boosted_trees(input); fitted.ok()) made.scorer = fitted->scorer;
  return made;
}

/// Folds of equal shares of both samples. Rows that are alike in every column go to one fold, since
/// a model that has learned a row of one sample would take its twin in the other for the wrong one,
/// and two versions of a table share most of their rows. Where many are alike, as with few
/// different values, each tells little of one other, and they are dealt out.
std::vector<int> deal_twins(const SampleRows& samples, const SampleClassifierOptions& options) {
  constexpr size_t kTwinsMax = 4;
  const size_t width = samples.columns.size();
  const size_t count = samples.rows.rows();
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  const auto cell = [&](size_t row, size_t column) {
    const double value = samples.rows.features[row * width + column];
    return std::isnan(value) ? std::numeric_limits<double>::lowest() : value;
  };
  const auto compare = [&](size_t a, size_t b) {
    for (size_t column = 0; column < width; ++column) {
      if (cell(a, column) != cell(b, column)) return cell(a, column) < cell(b, column) ? -1 : 1;
    }
    return 0;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return compare(a, b) < 0; });
  // Groups by how many rows of each sample they have, so that each kind is dealt out evenly.
  std::map<std::pair<size_t, size_t>, std::vector<std::vector<size_t>>> kinds;
  for (size_t begin = 0; begin < count;) {
    size_t end = begin + 1;
    while (end < count && compare(order[begin], order[end]) == 0) ++end;
    const bool is_many = end - begin > kTwinsMax;
    const size_t step = is_many ? 1 : end - begin;
    for (size_t at = begin; at < end; at += step) {
      std::vector<size_t> group(order.begin() + static_cast<ptrdiff_t>(at),
                                order.begin() + static_cast<ptrdiff_t>(at + step));
      size_t current = 0;
      for (const size_t row : group) current += samples.rows.labels[row] > 0.5 ? 1 : 0;
      kinds[{group.size() - current, current}].push_back(std::move(group));
    }
    begin = end;
  }
  std::vector<int> fold_of(count);
  int next = 0;
  uint64_t number = 0;
  for (auto& [kind, groups] : kinds) {
    shuffle(groups, Random::stream(options.seed, "twins", number++));
    for (const std::vector<size_t>& group : groups) {
      for (const size_t row : group) fold_of[row] = next % options.folds;
      ++next;
    }
  }
  return fold_of;
}

Result<std::vector<Fold>> fit_folds(const SampleRows& samples,
                                    const SampleClassifierOptions& options) {
  const auto current =
      static_cast<int64_t>(std::count(samples.rows.labels.begin(), samples.rows.labels.end(), 1.0));
  const int64_t least = std::min(current, static_cast<int64_t>(samples.rows.rows()) - current);
  if (least < kSampleRowsMin) {
    return invalid_input("one of the samples has " + std::to_string(least) +
                             " rows; to learn what tells them apart takes " +
                             std::to_string(kSampleRowsMin),
                         "ask for more rows, or compare column by column");
  }
  const std::vector<int> fold_of = deal_twins(samples, options);
  std::vector<Fold> folds;
  for (int fold = 0; fold < options.folds; ++fold) {
    if (options.progress) options.progress("classifier", static_cast<double>(fold) / options.folds);
    folds.push_back(fit_fold(samples, fold_of, fold, options));
  }
  return folds;
}

AreaTest test_of(const Fold& fold, const std::vector<double>& scores) {
  std::vector<double> sides[2];
  for (size_t i = 0; i < scores.size(); ++i) {
    sides[fold.examples.labels[i] > 0.5 ? 1 : 0].push_back(scores[i]);
  }
  return area_test(sides[0], sides[1]);
}

/// Scores of different models cannot be compared, their ranks in a fold can: the share of the
/// fold's own scores that lie below, ties half.
std::vector<double> ranks_among(std::vector<double> own, const std::vector<double>& scores) {
  std::sort(own.begin(), own.end());
  std::vector<double> ranks;
  for (const double score : scores) {
    const auto [low, high] = std::equal_range(own.begin(), own.end(), score);
    ranks.push_back(static_cast<double>((low - own.begin()) + (high - own.begin())) / 2 /
                    static_cast<double>(own.size()));
  }
  return ranks;
}

void append(std::vector<double>& to, const std::vector<double>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

Status rank_columns(const SampleRows& samples, const std::vector<Fold>& folds,
                    const SampleClassifierOptions& options, SampleClassifier& found) {
  std::vector<double> labels;
  std::vector<double> base;
  for (const Fold& fold : folds) {
    append(labels, fold.examples.labels);
    const std::vector<double> scores = fold.scores(fold.examples);
    append(base, ranks_among(scores, scores));
  }
  MILLGATE_ASSIGN(const PairedMetric metric,
                  PairedMetric::make({.label = labels, .prediction = base},
                                     {.metric = "auc", .resamples = 100, .seed = options.seed}));
  for (size_t column = 0; column < samples.columns.size(); ++column) {
    std::vector<std::vector<double>> permuted(static_cast<size_t>(options.repeats));
    for (const Fold& fold : folds) {
      const std::vector<double> own = fold.scores(fold.examples);
      if (!fold.scorer) {
        for (auto& all : permuted) append(all, ranks_among(own, own));
        continue;
      }
      const size_t one[] = {column};
      const auto scores =
          permuted_predictions(*fold.scorer, fold.examples, one, options.repeats, options.seed);
      for (size_t r = 0; r < scores.size(); ++r) append(permuted[r], ranks_among(own, scores[r]));
    }
    found.columns.push_back({.name = samples.columns[column], .loss = metric.loss(permuted)});
  }
  std::stable_sort(
      found.columns.begin(), found.columns.end(),
      [](const TellingColumn& a, const TellingColumn& b) { return a.loss.value > b.loss.value; });
  return {};
}

/// Columns that both sides can be told apart by, and why others cannot.
Result<Predictors> common_predictors(Database& database, const AskedRows& reference,
                                     const AskedRows& current,
                                     const SampleClassifierOptions& options) {
  const PredictorChoice choice{.label = "1", .columns = options.columns, .texts_max = kTextsMax};
  MILLGATE_ASSIGN(const Predictors ours, choose_predictors(database, reference, choice));
  MILLGATE_ASSIGN(const Predictors theirs, choose_predictors(database, current, choice));
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  Predictors common;
  common.unused = ours.unused;
  for (const std::string& name : ours.columns) {
    const bool is_number = has(ours.numbers, name);
    if (!has(is_number ? theirs.numbers : theirs.categories, name)) {
      common.unused.emplace_back(name, "not in both samples as the same kind");
      continue;
    }
    common.columns.push_back(name);
    (is_number ? common.numbers : common.categories).push_back(name);
  }
  if (!common.columns.empty()) return common;
  return invalid_input("no column of `" + reference.text + "` and `" + current.text +
                           "` could tell their rows apart",
                       "name columns of numbers or categories that both have");
}

/// Appends the rows of one side; categories keep their texts until all are known.
void append_side(const PredictorRows& side, double label, SampleRows& samples,
                 std::vector<std::map<std::string, double>>& codes) {
  for (size_t row = 0; row < side.labels.size(); ++row) {
    for (const auto& column : side.numbers) samples.rows.features.push_back(column[row]);
    for (size_t i = 0; i < side.categories.size(); ++i) {
      const auto next = static_cast<double>(codes[i].size());
      samples.rows.features.push_back(
          codes[i].emplace(side.categories[i][row], next).first->second);
    }
    samples.rows.labels.push_back(label);
  }
}

}  // namespace

Result<SampleClassifier> classify_samples(const SampleRows& samples,
                                          const SampleClassifierOptions& options) {
  MILLGATE_ASSIGN(const std::vector<Fold> folds, fit_folds(samples, options));
  SampleClassifier found;
  found.current_rows =
      static_cast<int64_t>(std::count(samples.rows.labels.begin(), samples.rows.labels.end(), 1.0));
  found.reference_rows = static_cast<int64_t>(samples.rows.rows()) - found.current_rows;
  const double weight = 1.0 / static_cast<double>(folds.size());
  double variance = 0;
  double null_variance = 0;
  found.auc = 0;
  for (const Fold& fold : folds) {
    const AreaTest test = test_of(fold, fold.scores(fold.examples));
    found.auc += weight * test.auc;
    variance += weight * weight * test.variance;
    null_variance += weight * weight * test.null_variance;
  }
  // Where no two rows are mistaken the variance is none; three in the smaller sample might be.
  const double none_seen =
      3.0 / static_cast<double>(std::min(found.reference_rows, found.current_rows));
  const double half = variance > 0    ? kNormalQuantile * std::sqrt(variance)
                      : found.auc < 1 ? 0
                                      : none_seen;
  found.lower = std::clamp(found.auc - half, 0.0, 1.0);
  found.upper = std::clamp(found.auc + half, 0.0, 1.0);
  if (null_variance > 0) found.p_value = upper_tail((found.auc - 0.5) / std::sqrt(null_variance));
  MILLGATE_TRY(rank_columns(samples, folds, options, found));
  return found;
}

Result<std::vector<double>> sample_scores(const SampleRows& samples,
                                          const SampleClassifierOptions& options) {
  MILLGATE_ASSIGN(const std::vector<Fold> folds, fit_folds(samples, options));
  const double current =
      std::accumulate(samples.rows.labels.begin(), samples.rows.labels.end(), 0.0);
  const double ratio = (static_cast<double>(samples.rows.rows()) - current) / current;
  std::vector<double> all(samples.rows.rows());
  for (const Fold& fold : folds) {
    // Without a model a row is as probable in both.
    const std::vector<double> scores = fold.scores(fold.examples);
    for (size_t i = 0; i < scores.size(); ++i) {
      const double odds = scores[i] / (1 - scores[i]) * (fold.scorer ? ratio : 1);
      all[fold.rows[i]] = odds / (1 + odds);
    }
  }
  return all;
}

Result<SampleClassifier> tell_samples_apart(Database& database, const AskedRows& reference,
                                            const AskedRows& current,
                                            const SampleClassifierOptions& options) {
  MILLGATE_ASSIGN(const Predictors predictors,
                  common_predictors(database, reference, current, options));
  SampleRows samples;
  samples.columns = predictors.numbers;
  samples.columns.insert(samples.columns.end(), predictors.categories.begin(),
                         predictors.categories.end());
  for (const std::string& name : samples.columns) {
    samples.is_category.push_back(std::find(predictors.categories.begin(),
                                            predictors.categories.end(),
                                            name) != predictors.categories.end());
  }
  std::vector<std::map<std::string, double>> codes(predictors.categories.size());
  const std::pair<const AskedRows*, double> sides[] = {{&reference, 0}, {&current, 1}};
  for (const auto& [rows, label] : sides) {
    if (rows->row_count == 0) return invalid_input("`" + rows->text + "` has no rows");
    MILLGATE_ASSIGN(const PredictorRows read, read_predictor_rows(database, *rows,
                                                                  {.label = "1",
                                                                   .predictors = predictors,
                                                                   .by = {},
                                                                   .shown = {},
                                                                   .rows_max = options.rows_max}));
    append_side(read, label, samples, codes);
  }
  MILLGATE_ASSIGN(SampleClassifier found, classify_samples(samples, options));
  found.unused = predictors.unused;
  return found;
}

Json to_json(const SampleClassifier& classifier) {
  Json columns = Json::array();
  for (const TellingColumn& one : classifier.columns) {
    columns.push_back({{"column", one.name},
                       {"auc_loss", one.loss.value},
                       {"lower", one.loss.lower ? Json(*one.loss.lower) : Json()},
                       {"upper", one.loss.upper ? Json(*one.loss.upper) : Json()}});
  }
  Json unused = Json::array();
  for (const auto& [name, why] : classifier.unused) {
    unused.push_back({{"column", name}, {"why", why}});
  }
  return {{"auc", classifier.auc},
          {"lower", classifier.lower},
          {"upper", classifier.upper},
          {"effect", classifier.effect()},
          {"p_value", classifier.p_value},
          {"reference_rows", classifier.reference_rows},
          {"current_rows", classifier.current_rows},
          {"columns", std::move(columns)},
          {"unused", std::move(unused)}};
}

}  // namespace millgate
