#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

#include "model/learn/learner.h"
#include "model/learn/lightgbm_library.h"

namespace millgate {

namespace {

// LightGBM's handles are void pointers; each of these frees its own kind.
struct FreeDataset {
  void operator()(void* handle) const { lightgbm().DatasetFree(handle); }
};
struct FreeBooster {
  void operator()(void* handle) const { lightgbm().BoosterFree(handle); }
};
using Dataset = std::unique_ptr<void, FreeDataset>;
using Booster = std::unique_ptr<void, FreeBooster>;

Error lightgbm_error(const std::string& action) {
  return invalid_input("LightGBM cannot " + action + ": " + lightgbm().GetLastError(),
                       "look at [train.parameters]");
}

#define MILLGATE_LIGHTGBM(call, action)             \
  do {                                              \
    if ((call) != 0) return lightgbm_error(action); \
  } while (false)

/// "0,1,...,30": the gain of a label is the label, as in what is measured.
std::string linear_gains() {
  std::string gains = "0";
  for (int label = 1; label <= 30; ++label) gains += "," + std::to_string(label);
  return gains;
}

/// The rows with those of a query beside each other, as LightGBM wants them; in `sorted` where they
/// do not stand so already.
const Examples* by_query(const Examples& examples, Examples& sorted) {
  if (std::is_sorted(examples.query.begin(), examples.query.end())) return &examples;
  std::vector<size_t> order(examples.rows());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return examples.query[a] < examples.query[b]; });
  const size_t width = examples.features.size() / std::max<size_t>(examples.rows(), 1);
  sorted.features.reserve(examples.features.size());
  sorted.labels.reserve(order.size());
  sorted.query.reserve(order.size());
  for (const size_t row : order) {
    const auto begin = examples.features.begin() + static_cast<std::ptrdiff_t>(row * width);
    sorted.features.insert(sorted.features.end(), begin,
                           begin + static_cast<std::ptrdiff_t>(width));
    sorted.labels.push_back(examples.labels[row]);
    sorted.query.push_back(examples.query[row]);
  }
  return &sorted;
}

/// How many rows each query has, in their order.
std::vector<int32_t> query_sizes(const std::vector<uint32_t>& query) {
  std::vector<int32_t> sizes;
  for (size_t i = 0; i < query.size(); ++i) {
    if (i == 0 || query[i] != query[i - 1]) sizes.push_back(0);
    ++sizes.back();
  }
  return sizes;
}

/// What Millgate decides itself. Deterministic and row-wise: the same trees on any number of
/// threads.
std::map<std::string, std::string> all_parameters(const LearnerInput& input) {
  std::map<std::string, std::string> all = input.settings->parameters;
  all["objective"] = input.kind == TaskKind::ranking ? "lambdarank" : to_text(input.kind);
  if (!input.objective.empty()) all["objective"] = input.objective;
  if (input.kind == TaskKind::ranking) all.emplace("label_gain", linear_gains());
  if (input.kind == TaskKind::multiclass) all["num_class"] = std::to_string(input.classes.size());
  all["metric"] = "none";  // The loss on valid rows is summed by us.
  all["seed"] = std::to_string(input.settings->seed & 0x7fffffff);
  all["deterministic"] = "true";
  all["force_row_wise"] = "true";
  all["verbosity"] = "-1";
  std::string categories;
  for (size_t i = 0; i < input.is_category.size(); ++i) {
    if (input.is_category[i]) categories += (categories.empty() ? "" : ",") + std::to_string(i);
  }
  if (!categories.empty()) all["categorical_feature"] = categories;
  return all;
}

std::string joined_parameters(const std::map<std::string, std::string>& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters) {
    text += (text.empty() ? "" : " ") + name + "=" + value;
  }
  return text;
}

/// LightGBM refuses blanks and JSON's special letters in names of features.
std::vector<std::string> plain_names(const std::vector<std::string>& names) {
  std::vector<std::string> plain;
  std::set<std::string> taken;
  for (size_t i = 0; i < names.size(); ++i) {
    std::string name = names[i];
    for (char& letter : name) {
      const bool good = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                        (letter >= '0' && letter <= '9') || letter == '_' || letter == '.';
      if (!good) letter = '_';
    }
    if (!taken.insert(name).second) {
      name += "_" + std::to_string(i);
      taken.insert(name);
    }
    plain.push_back(std::move(name));
  }
  return plain;
}

Result<Dataset> make_dataset(const Examples& examples, const LearnerInput& input,
                             const std::string& parameters, const Dataset* reference) {
  constexpr size_t kRowsMax = std::numeric_limits<int32_t>::max();
  if (examples.rows() > kRowsMax) {
    return invalid_input("LightGBM takes at most 2,147,483,647 rows, given were " +
                         std::to_string(examples.rows()));
  }
  const auto rows = static_cast<int32_t>(examples.rows());
  DatasetHandle handle = nullptr;
  MILLGATE_LIGHTGBM(
      lightgbm().DatasetCreateFromMat(examples.features.data(), C_API_DTYPE_FLOAT64, rows,
                                      static_cast<int32_t>(input.feature_names.size()),
                                      /*is_row_major=*/1, parameters.c_str(),
                                      reference == nullptr ? nullptr : reference->get(), &handle),
      "read the features");
  Dataset dataset(handle);
  const std::vector<float> labels(examples.labels.begin(), examples.labels.end());
  MILLGATE_LIGHTGBM(
      lightgbm().DatasetSetField(dataset.get(), "label", labels.data(), rows, C_API_DTYPE_FLOAT32),
      "read the labels");
  if (input.kind == TaskKind::ranking) {
    const std::vector<int32_t> sizes = query_sizes(examples.query);
    MILLGATE_LIGHTGBM(
        lightgbm().DatasetSetField(dataset.get(), "group", sizes.data(),
                                   static_cast<int32_t>(sizes.size()), C_API_DTYPE_INT32),
        "read the groups");
  }
  if (reference == nullptr) {
    const std::vector<std::string> names = plain_names(input.feature_names);
    std::vector<const char*> pointers;
    pointers.reserve(names.size());
    for (const std::string& name : names) pointers.push_back(name.c_str());
    MILLGATE_LIGHTGBM(lightgbm().DatasetSetFeatureNames(dataset.get(), pointers.data(),
                                                        static_cast<int>(pointers.size())),
                      "name the features");
  }
  return dataset;
}

/// Adds trees until the loss on the valid rows is no longer better.
struct Rounds {
  int best = 0;
  std::vector<double> valid_loss;
  bool is_stopped = false;
};

/// LightGBM gives the numbers of a class after those of another; we want those of a row together.
void put_rows_together(const std::vector<double>& by_class, size_t rows,
                       std::vector<double>& by_row) {
  const size_t classes = by_class.size() / std::max<size_t>(rows, 1);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t k = 0; k < classes; ++k) by_row[i * classes + k] = by_class[k * rows + i];
  }
}

Result<Rounds> boost(const Booster& booster, const LearnerInput& input) {
  Rounds rounds;
  const size_t rows = input.valid->rows();
  std::vector<double> told(rows * std::max<size_t>(input.classes.size(), 1));
  std::vector<double> predictions(told.size());
  double best_loss = std::numeric_limits<double>::infinity();
  for (int round = 1; round <= input.settings->rounds_max; ++round) {
    int no_split = 0;
    MILLGATE_LIGHTGBM(lightgbm().BoosterUpdateOneIter(booster.get(), &no_split), "add a tree");
    if (no_split != 0) break;
    int64_t count = 0;
    MILLGATE_LIGHTGBM(lightgbm().BoosterGetPredict(booster.get(), 1, &count, told.data()),
                      "predict the validation rows");
    put_rows_together(told, rows, predictions);
    const double loss = mean_loss(input.kind, input.valid->labels, predictions, input.valid->query);
    rounds.valid_loss.push_back(loss);
    if (loss < best_loss) {
      best_loss = loss;
      rounds.best = round;
    }
    if (input.goes_on && !input.goes_on(round, best_loss)) {
      rounds.is_stopped = true;
      break;
    }
    if (round - rounds.best >= input.settings->early_stopping_rounds) break;
    if (input.progress) {
      input.progress(static_cast<double>(round) / input.settings->rounds_max);
    }
  }
  return rounds;
}

Result<std::string> model_text(const Booster& booster, int rounds) {
  int64_t length = 0;
  const auto save = [&](std::string& text) {
    return lightgbm().BoosterSaveModelToString(
        booster.get(), 0, rounds, C_API_FEATURE_IMPORTANCE_GAIN, static_cast<int64_t>(text.size()),
        &length, text.data());
  };
  std::string text(1 << 20, '\0');
  MILLGATE_LIGHTGBM(save(text), "write the model");
  if (length > static_cast<int64_t>(text.size())) {
    text.resize(static_cast<size_t>(length));
    MILLGATE_LIGHTGBM(save(text), "write the model");
  }
  text.resize(static_cast<size_t>(std::max<int64_t>(length - 1, 0)));  // Without the final zero.
  // No result depends on the number of threads: equal models have equal texts.
  constexpr std::string_view kThreads = "[num_threads: ";
  if (const size_t at = text.find(kThreads); at != std::string::npos) {
    const size_t begin = at + kThreads.size();
    text.replace(begin, text.find(']', begin) - begin, "0");
  }
  return text;
}

}  // namespace

Result<Fitted> fit_boosted_trees(const LearnerInput& given) {
  LearnerInput input = given;
  Examples sorted_train, sorted_valid;
  if (input.kind == TaskKind::ranking) {
    input.train = by_query(*given.train, sorted_train);
    input.valid = by_query(*given.valid, sorted_valid);
  }
  MILLGATE_TRY(load_lightgbm());
  lightgbm().RegisterLogCallback([](const char*) {});  // The engine does not print.
  Fitted fitted;
  fitted.parameters = all_parameters(input);
  std::string parameters = joined_parameters(fitted.parameters);
  if (input.threads > 0) parameters += " num_threads=" + std::to_string(input.threads);
  MILLGATE_ASSIGN(const Dataset train, make_dataset(*input.train, input, parameters, nullptr));
  MILLGATE_ASSIGN(const Dataset valid, make_dataset(*input.valid, input, parameters, &train));
  BoosterHandle handle = nullptr;
  MILLGATE_LIGHTGBM(lightgbm().BoosterCreate(train.get(), parameters.c_str(), &handle), "start");
  const Booster booster(handle);
  MILLGATE_LIGHTGBM(lightgbm().BoosterAddValidData(booster.get(), valid.get()),
                    "take the validation rows");
  MILLGATE_ASSIGN(Rounds rounds, boost(booster, input));
  fitted.best_round = rounds.best;
  fitted.is_stopped = rounds.is_stopped;
  if (rounds.is_stopped) {
    fitted.valid_loss = std::move(rounds.valid_loss);
    return fitted;
  }
  if (rounds.best == 0) {
    return invalid_input(
        "no feature splits the " + std::to_string(input.train->rows()) +
            " training rows: the model would be a constant",
        "check the features, or lower `min_data_in_leaf` (20 by default) in [train.parameters]");
  }
  fitted.valid_loss = std::move(rounds.valid_loss);
  fitted.format = "lightgbm";
  MILLGATE_ASSIGN(fitted.text, model_text(booster, fitted.best_round));
  MILLGATE_ASSIGN(fitted.scorer, load_lightgbm_text(fitted.text));
  return fitted;
}

#undef MILLGATE_LIGHTGBM

}  // namespace millgate
