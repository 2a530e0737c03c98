#include "model/learn/specification.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include "data/feature/join.h"
#include "data/feature/vector.h"
#include "ground/file_store.h"
#include "ground/random.h"
#include "model/artifact/model.h"
#include "model/learn/attempt.h"
#include "model/learn/row_values.h"
#include "model/measure/rounded_text.h"

namespace millgate {

namespace {

constexpr size_t kFewRows = 10;
/// Of the constant's loss, what a model that learned a few rows by heart may have left.
constexpr double kLearnedShare = 0.5;
/// Less than that of the constant's loss is no learning.
constexpr double kFallsBy = 1e-3;
constexpr double kSameAfterReorder = 1e-6;

/// Everything that the checks share.
struct Bench {
  const TrainRequest& request;
  TrainingRows rows;
  Split split;
  Attempt made;
  std::vector<double> predictions;  ///< Of the test rows, by the learner's own result.
};

/// Of the best constant: the mean of the labels, or the shares of the classes.
double constant_loss(const Task& task, const Examples& examples) {
  const std::vector<double>& labels = examples.labels;
  const auto rows = static_cast<double>(labels.size());
  if (task.kind != TaskKind::multiclass) {
    const double mean = std::accumulate(labels.begin(), labels.end(), 0.0) / rows;
    return mean_loss(task.kind, labels, std::vector<double>(labels.size(), mean), examples.query);
  }
  std::vector<double> shares(task.classes.size(), 0);
  for (const double label : labels) shares[static_cast<size_t>(label)] += 1 / rows;
  std::vector<double> predictions;
  for (size_t i = 0; i < labels.size(); ++i) {
    predictions.insert(predictions.end(), shares.begin(), shares.end());
  }
  return mean_loss(task.kind, labels, predictions);
}

SpecificationCheck passed_if(bool passed, std::string what) {
  return {
      .name = {},
      .outcome = passed ? SpecificationCheck::Outcome::passed : SpecificationCheck::Outcome::failed,
      .what = std::move(what)};
}

SpecificationCheck skipped(std::string why) {
  return {.name = {}, .outcome = SpecificationCheck::Outcome::skipped, .what = std::move(why)};
}

SpecificationCheck failed(const Error& error) { return passed_if(false, error.what); }

Result<TrainResult> train_in_memory(const TrainRequest& request, ObjectStore& objects) {
  TrainRequest quiet = request;
  quiet.compare_random_split = false;
  quiet.progress = {};
  return train_model(objects, quiet);
}

SpecificationCheck check_twice(const Bench& bench) {
  ObjectStore first(make_memory_file_store()), second(make_memory_file_store());
  const auto one = train_in_memory(bench.request, first);
  const auto other = train_in_memory(bench.request, second);
  if (!one.ok() || !other.ok()) return failed(one.ok() ? other.error() : one.error());
  return passed_if(one->model == other->model,
                   "models " + one->model.brief() + " and " + other->model.brief());
}

SpecificationCheck check_saved(const Bench& bench) {
  ObjectStore objects(make_memory_file_store());
  TrainRequest plain = bench.request;
  plain.settings.calibrate = std::nullopt;
  plain.settings.uncertainty = std::nullopt;
  const auto result = train_in_memory(plain, objects);
  if (!result.ok()) return failed(result.error());
  const auto model = Model::load(objects, result->model);
  if (!model.ok()) return failed(model.error());
  const auto inputs = block_from(*bench.request.joined, (*model)->features().inputs());
  if (!inputs.ok()) return failed(inputs.error());
  // Without a calibration the validation rows are others, and so may be the best round.
  const auto made = attempt(plain, bench.rows, result->split, {});
  if (!made.ok()) return failed(made.error());
  const std::vector<double> expected = predictions_of(made->fitted, made->test);
  Model::Scratch scratch;
  std::vector<Prediction> predictions;
  const Status status =
      (*model)->predict(select_rows(*inputs, result->split.test), predictions, scratch);
  if (!status.ok()) return failed(status.error());
  size_t different = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::bit_cast<uint64_t>(scratch.values[i]) != std::bit_cast<uint64_t>(expected[i])) {
      ++different;
    }
  }
  return passed_if(different == 0, std::to_string(different) + " of " +
                                       std::to_string(expected.size()) +
                                       " predictions differ in any bit");
}

/// Names a parameter that lets the learner draw by chance, by a row's or a column's place.
std::string chance_in(const TrainSettings& settings) {
  if (settings.learner == "command") return "command";
  for (const char* name : {"bagging_fraction", "feature_fraction", "feature_fraction_bynode",
                           "extra_trees", "data_sample_strategy", "subsample"}) {
    if (settings.parameters.contains(name)) return name;
  }
  for (const EnsembleMember& member : settings.ensemble.members) {
    if (std::string chance = chance_in(member.settings); !chance.empty()) return chance;
  }
  return {};
}

SpecificationCheck check_order(const Bench& bench) {
  if (const std::string chance = chance_in(bench.request.settings); !chance.empty()) {
    return skipped("`" + chance + "` draws by chance, by where a row stands");
  }
  const bool is_lambdamart =
      bench.request.task.kind == TaskKind::ranking && bench.request.settings.learner == "gbdt";
  if (is_lambdamart) {
    return skipped("before the first tree all scores are equal, and rows rank as they stand");
  }
  Split shuffled = bench.split;
  Random random(bench.request.settings.seed);
  for (size_t i = shuffled.train.size(); i > 1; --i) {
    std::swap(shuffled.train[i - 1], shuffled.train[random.below(i)]);
  }
  const auto made = attempt(bench.request, bench.rows, shuffled, {});
  if (!made.ok()) return failed(made.error());
  const std::vector<double> predictions = predictions_of(made->fitted, made->test);
  double most = 0;
  for (size_t i = 0; i < predictions.size(); ++i) {
    most = std::max(most, std::abs(predictions[i] - bench.predictions[i]));
  }
  return passed_if(most <= kSameAfterReorder,
                   "predictions change by " + rounded_text(most) + " at most");
}

/// What the learner makes of `examples` when they are also what chooses.
Result<Fitted> fit_on(const Bench& bench, const TrainSettings& settings, const Examples& examples) {
  LearnerInput input = learner_input(bench.request.task, bench.made, settings);
  input.train = &examples;
  input.valid = &examples;
  return fit_learner(input);
}

SpecificationCheck check_loss(const Bench& bench) {
  if (bench.request.settings.learner == "constant") return skipped("a constant learns nothing");
  const auto fitted = fit_on(bench, bench.request.settings, bench.made.train);
  if (!fitted.ok()) return failed(fitted.error());
  const Task& task = bench.request.task;
  const double constant = constant_loss(task, bench.made.train);
  const double after = mean_loss(task.kind, bench.made.train.labels,
                                 predictions_of(*fitted, bench.made.train), bench.made.train.query);
  return passed_if(after < constant * (1 - kFallsBy),
                   "from " + rounded_text(constant) + " of the constant to " + rounded_text(after) +
                       " on the rows learned from");
}

/// The rows in the order in which some are taken: from the low and the high end of the labels in
/// turn, and inwards; of several classes one of each in turn.
std::vector<size_t> taken_order(const Bench& bench) {
  const std::vector<double>& labels = bench.made.train.labels;
  std::vector<size_t> order(labels.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (bench.request.task.kind == TaskKind::multiclass) {
    std::vector<size_t> place(labels.size());
    std::vector<size_t> seen(bench.request.task.classes.size(), 0);
    for (size_t i = 0; i < labels.size(); ++i) place[i] = seen[static_cast<size_t>(labels[i])]++;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return place[a] < place[b]; });
    return order;
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return labels[a] < labels[b]; });
  std::vector<size_t> inwards;
  inwards.reserve(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    inwards.push_back(i % 2 == 0 ? order[i / 2] : order[order.size() - 1 - i / 2]);
  }
  return inwards;
}

/// At least one of each class.
size_t few_count(const Bench& bench) {
  return std::max(kFewRows, bench.request.task.classes.size());
}

/// Few of the training rows, as different in label as can be, with different features.
Examples few_rows(const Bench& bench) {
  const Examples& all = bench.made.train;
  const size_t width = all.features.size() / all.rows();
  const auto row_of = [&](size_t row) {
    return std::vector<double>(
        all.features.begin() + static_cast<std::ptrdiff_t>(row * width),
        all.features.begin() + static_cast<std::ptrdiff_t>((row + 1) * width));
  };
  const auto same = [](const std::vector<double>& a, const std::vector<double>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), [](double one, double other) {
      return std::bit_cast<uint64_t>(one) == std::bit_cast<uint64_t>(other);
    });
  };
  Examples few;
  std::vector<std::vector<double>> taken;
  for (const size_t at : taken_order(bench)) {
    if (taken.size() == few_count(bench)) break;
    std::vector<double> row = row_of(at);
    if (std::any_of(taken.begin(), taken.end(),
                    [&](const auto& other) { return same(row, other); })) {
      continue;
    }
    few.features.insert(few.features.end(), row.begin(), row.end());
    few.labels.push_back(all.labels[at]);
    taken.push_back(std::move(row));
  }
  return few;
}

/// As free as the learner can be.
TrainSettings unbound(TrainSettings settings, TaskKind kind) {
  if (settings.learner == "gbdt") {
    for (const auto& [name, value] : {std::pair{"min_data_in_leaf", "1"},
                                      {"min_sum_hessian_in_leaf", "0"},
                                      {"min_data_in_bin", "1"},
                                      {"min_data_per_group", "1"},
                                      {"cat_smooth", "0"},
                                      {"cat_l2", "0"},
                                      {"lambda_l1", "0"},
                                      {"lambda_l2", "0"},
                                      {"learning_rate", "0.3"}}) {
      settings.parameters[name] = value;
    }
    // Hessians of classes that are learned by heart vanish; LightGBM fails on leaves without any.
    if (kind == TaskKind::multiclass) settings.parameters["min_sum_hessian_in_leaf"] = "1e-9";
    settings.parameters.erase("bagging_fraction");
    settings.rounds_max = 100;
  } else {
    settings.parameters["l1"] = "0";
    settings.parameters["l2"] = "1e-6";
  }
  return settings;
}

SpecificationCheck check_few(const Bench& bench) {
  const std::string& learner = bench.request.settings.learner;
  if (learner != "gbdt" && learner != "linear") {
    return skipped("learner `" + learner + "` cannot be told to learn by heart");
  }
  if (bench.request.task.kind == TaskKind::ranking) {
    return skipped("ten rows of ten queries have no order");
  }
  const Examples few = few_rows(bench);
  if (few.rows() < few_count(bench)) {
    return passed_if(false,
                     "only " + std::to_string(few.rows()) + " training rows differ in any feature");
  }
  const TrainSettings settings = unbound(bench.request.settings, bench.request.task.kind);
  const auto fitted = fit_on(bench, settings, few);
  if (!fitted.ok()) return failed(fitted.error());
  const Task& task = bench.request.task;
  const double constant = constant_loss(task, few);
  const double after = mean_loss(task.kind, few.labels, predictions_of(*fitted, few));
  return passed_if(
      after <= kLearnedShare * constant,
      "loss from " + rounded_text(constant) + " of the constant to " + rounded_text(after));
}

/// Rows that a caller may send although no training row was like them.
Block odd_rows(const std::vector<Field>& inputs) {
  constexpr size_t kRows = 6;
  using Limits = std::numeric_limits<double>;
  const std::vector<double> numbers = {0,
                                       Limits::max(),
                                       Limits::lowest(),
                                       Limits::infinity(),
                                       -Limits::infinity(),
                                       Limits::denorm_min()};
  Block block;
  block.rows = kRows;
  for (const Field& field : inputs) {
    Vector& column = block.columns.emplace_back();
    column.reset(field.type, kRows);
    for (size_t row = 1; row < kRows; ++row) {  // The first row stays null.
      column.valid[row] = 1;
      if (!column.numbers.empty()) column.numbers[row] = numbers[row];
      if (!column.integers.empty()) {
        // Of times and durations too: years that people have dates for.
        const bool is_number = field.type == ValueType::integer;
        const int64_t far =
            is_number ? std::numeric_limits<int64_t>::max() / 2 : 4'000'000'000'000'000;
        column.integers[row] = row % 2 == 0 ? far : -far / 2;
        if (field.type == ValueType::boolean) column.integers[row] = row % 2 == 0 ? 1 : 0;
      }
      if (!column.lists.empty()) column.lists[row].values.assign(row, numbers[row]);
      if (!column.texts.empty()) column.texts[row] = std::string(row * 50, '\x7f') + "odd";
    }
  }
  return block;
}

SpecificationCheck check_inputs(const Bench& bench) {
  const std::vector<Field>& inputs = bench.made.program.inputs();
  const Block odd = odd_rows(inputs);
  std::vector<double> features(odd.rows * bench.made.program.features().size());
  EvaluationScratch scratch;
  if (const Status status = bench.made.program.evaluate(odd, features, scratch); !status.ok()) {
    return passed_if(false, "refused by the features: " + status.error().what);
  }
  const Examples examples{.features = std::move(features),
                          .labels = std::vector<double>(odd.rows, 0)};
  const std::vector<double> predictions = predictions_of(bench.made.fitted, examples);
  const auto broken = std::count_if(predictions.begin(), predictions.end(),
                                    [](double one) { return !std::isfinite(one); });
  return passed_if(broken == 0, std::to_string(broken) + " of " + std::to_string(odd.rows) +
                                    " odd rows get no finite prediction");
}

struct NamedCheck {
  const char* name;
  SpecificationCheck (*run)(const Bench& bench);
};

constexpr NamedCheck kChecks[] = {
    {"twice the same", check_twice}, {"saved and loaded", check_saved},
    {"order of rows", check_order},  {"loss falls", check_loss},
    {"learns ten rows", check_few},  {"input contract", check_inputs},
};

}  // namespace

Result<std::vector<SpecificationCheck>> check_specification(
    const TrainRequest& request, const std::function<void(double)>& progress) {
  MILLGATE_ASSIGN(TrainingRows rows, read_training_rows(*request.joined));
  MILLGATE_ASSIGN(Split split, split_rows(*request.joined, request.settings));
  MILLGATE_ASSIGN(Attempt made, attempt(request, rows, split, {}));
  std::vector<double> predictions = predictions_of(made.fitted, made.test);
  const Bench bench{.request = request,
                    .rows = std::move(rows),
                    .split = std::move(split),
                    .made = std::move(made),
                    .predictions = std::move(predictions)};
  std::vector<SpecificationCheck> checks;
  for (const NamedCheck& check : kChecks) {
    if (progress) {
      progress(static_cast<double>(checks.size()) / static_cast<double>(std::size(kChecks)));
    }
    SpecificationCheck one = check.run(bench);
    one.name = check.name;
    checks.push_back(std::move(one));
  }
  return checks;
}

}  // namespace millgate
