#include "model/learn/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ground/file_store.h"
#include "ground/test_folder.h"
#include "model/learn/lightgbm_threads.h"
#include "model/learn/made_rows.h"

namespace millgate {
namespace {

constexpr int64_t kHour = 3'600'000'000;

/// 4000 hourly rows of `made_examples` as a joined table. The share of positives rises with
/// time, so that a random split tells more than a split by time.
std::shared_ptr<arrow::Table> joined_rows() {
  const Examples examples = made_examples(0, 4000);
  std::vector<double> first, second, third, outcome;
  std::vector<std::string> group;
  std::vector<bool> has_second;
  std::vector<int64_t> times;
  for (size_t i = 0; i < examples.rows(); ++i) {
    first.push_back(examples.features[i * 4]);
    has_second.push_back(!std::isnan(examples.features[i * 4 + 1]));
    second.push_back(has_second.back() ? examples.features[i * 4 + 1] : 0);
    third.push_back(examples.features[i * 4 + 2]);
    group.push_back("g" + std::to_string(static_cast<int>(examples.features[i * 4 + 3])));
    outcome.push_back(examples.labels[i]);
    times.push_back(static_cast<int64_t>(i) * kHour);
  }
  return made_table({numbers_column("first", first), numbers_column("second", second, has_second),
                     numbers_column("third", third), texts_column("group", group),
                     numbers_column("outcome", outcome), numbers_column("label", outcome),
                     times_column("row_time", times), times_column("label_known", times)});
}

class Trainer : public testing::Test {
 protected:
  Trainer() : objects_(make_memory_file_store()) {
    request_.joined = joined_rows();
    request_.task.table = "rows";
    request_.task.label = "outcome > 0.5";
    request_.task.slices = {"group"};
    request_.features = {{"first", "first"},
                         {"second", "second"},
                         {"third", "third * 2"},
                         {"group", "category(\"group\")"}};
    request_.settings.valid_micros = 600 * kHour;
    request_.settings.test_micros = 600 * kHour;
    request_.settings.rounds_max = 100;
    request_.settings.parameters = {{"num_leaves", "7"}};
    request_.manifest.project = "made";
    request_.manifest.data_commit = std::string(64, 'a');
  }

  const Evidence* find(const TrainResult& result, const std::string& metric,
                       const std::string& slice = {}) {
    for (const Evidence& one : result.evidence) {
      if (one.metric == metric && one.slice == slice) return &one;
    }
    return nullptr;
  }

  ObjectStore objects_;
  TrainRequest request_;
};

TEST_F(Trainer, MeasuresTheStoredModelOnTheTestRows) {
  const auto result = train_model(objects_, request_);
  ASSERT_TRUE(result.ok()) << result.error().what;
  EXPECT_EQ(result->split.test.size(), 600U);
  const auto model = Model::load(objects_, result->model);
  ASSERT_TRUE(model.ok()) << model.error().what;
  // An independent path: the stored model over the table, AUC by counting pairs.
  const auto inputs = block_from(*request_.joined, (*model)->features().inputs());
  ASSERT_TRUE(inputs.ok()) << inputs.error().what;
  std::vector<Prediction> predictions;
  Model::Scratch scratch;
  ASSERT_TRUE((*model)->predict(*inputs, predictions, scratch).ok());
  const auto labels = made_examples(0, 4000).labels;
  double won = 0, pairs = 0, brier_sum = 0;
  for (const int64_t i : result->split.test) {
    const auto a = static_cast<size_t>(i);
    brier_sum += std::pow(predictions[a].value - labels[a], 2);
    EXPECT_EQ(predictions[a].decision, predictions[a].value >= result->threshold);
    if (labels[a] != 1) continue;
    for (const int64_t j : result->split.test) {
      const auto b = static_cast<size_t>(j);
      if (labels[b] != 0) continue;
      pairs += 1;
      won += predictions[a].value > predictions[b].value    ? 1.0
             : predictions[a].value == predictions[b].value ? 0.5
                                                            : 0.0;
    }
  }
  ASSERT_NE(find(*result, "auc"), nullptr);
  EXPECT_NEAR(find(*result, "auc")->value, won / pairs, 1e-12);
  EXPECT_EQ(find(*result, "auc")->row_count, 600);
  EXPECT_EQ(find(*result, "auc")->data, "test");
  EXPECT_EQ(find(*result, "auc")->inputs.front(), result->model.hex());
  EXPECT_TRUE(find(*result, "auc")->lower.has_value());
  EXPECT_NEAR(find(*result, "brier")->value, brier_sum / 600, 1e-12);
  EXPECT_NE(find(*result, "recall", "group=g1"), nullptr);
  EXPECT_NE(find(*result, "recall_gap", "by group"), nullptr);
  EXPECT_EQ(find(*result, "model_size_bytes")->value, (*model)->size_bytes());
  const Confusion& counts = result->confusion;
  EXPECT_EQ(
      counts.true_positive + counts.false_positive + counts.true_negative + counts.false_negative,
      600);
}

TEST_F(Trainer, TellsTheEnergyOfTheTrainingWhereTheMachineDoes) {
  const TestFolder folder;
  const std::string zone = folder.path("intel-rapl:0");
  const auto put = [&](const std::string& name, const std::string& text) {
    ASSERT_TRUE(write_file(zone + "/" + name, text).ok());
  };
  put("name", "package-0\n");
  put("max_energy_range_uj", "10000000\n");
  put("energy_uj", "9000000\n");
  request_.powercap = folder.path();
  // Four joules while features are computed, over the end of the counter, and more while the test
  // rows are measured, which is no training.
  request_.progress = [&](const std::string& stage, double) {
    if (stage == "features") put("energy_uj", "3000000\n");
    if (stage == "measure") put("energy_uj", "8000000\n");
  };
  const auto result = train_model(objects_, request_);
  ASSERT_TRUE(result.ok()) << result.error().what;
  ASSERT_NE(find(*result, "training_energy_joules"), nullptr);
  EXPECT_DOUBLE_EQ(find(*result, "training_energy_joules")->value, 4);
  request_.powercap = folder.path("nothing");
  EXPECT_EQ(find(*train_model(objects_, request_), "training_energy_joules"), nullptr);
}

TEST_F(Trainer, KeepsWhatTheModelMustKnowOfItself) {
  const auto result = train_model(objects_, request_);
  ASSERT_TRUE(result.ok()) << result.error().what;
  const auto model = Model::load(objects_, result->model);
  ASSERT_TRUE(model.ok()) << model.error().what;
  const Manifest& manifest = (*model)->manifest();
  EXPECT_EQ(manifest.project, "made");
  EXPECT_EQ(manifest.label, "outcome > 0.5");
  EXPECT_EQ(manifest.learner, "gbdt");
  EXPECT_EQ(manifest.train_row_count, static_cast<int64_t>(result->split.train.size()));
  EXPECT_EQ(manifest.train_from.micros, 0);
  EXPECT_EQ(manifest.train_to.micros, result->split.train.back() * kHour);
  EXPECT_EQ(manifest.dependencies.at("lightgbm"), "4.7.0");
  // Profiles are of the training rows only.
  ASSERT_EQ((*model)->feature_profiles().size(), 4U);
  const Profile& third = (*model)->feature_profiles()[2];
  EXPECT_EQ(third.name, "third");
  double sum = 0;
  for (const int64_t row : result->split.train) sum += 2 * made(row, 2) * 10;
  EXPECT_NEAR(third.mean, sum / static_cast<double>(result->split.train.size()), 1e-9);
  const Profile& group = (*model)->feature_profiles()[3];
  EXPECT_TRUE(group.is_category);
  EXPECT_EQ(group.counts.size(), 6U);
  EXPECT_TRUE(group.counts.contains("g0"));
  ASSERT_EQ((*model)->input_profiles().size(), 4U);
  ASSERT_TRUE((*model)->prediction_profile().has_value());
  EXPECT_EQ((*model)->prediction_profile()->row_count, 600);
}

TEST_F(Trainer, TheSameRequestGivesTheSameModelOnAnyNumberOfThreads) {
  std::vector<Id> models;
  for (const int threads : {1, 2, 2}) {
    set_lightgbm_threads(threads);
    const auto result = train_model(objects_, request_);
    ASSERT_TRUE(result.ok()) << result.error().what;
    models.push_back(result->model);
  }
  set_lightgbm_threads(-1);
  EXPECT_EQ(models[0], models[1]);
  EXPECT_EQ(models[1], models[2]);
  request_.settings.seed = 2;
  const auto other = train_model(objects_, request_);
  ASSERT_TRUE(other.ok());
  EXPECT_NE(other->model, models[0]);
}

TEST_F(Trainer, ChoosesTheThresholdThatEarnsMostOnTheValidationRows) {
  request_.utility = Utility{.true_positive = 100, .false_positive = -25};
  const auto result = train_model(objects_, request_);
  ASSERT_TRUE(result.ok()) << result.error().what;
  const auto model = Model::load(objects_, result->model);
  const auto inputs = block_from(*request_.joined, (*model)->features().inputs());
  std::vector<Prediction> predictions;
  Model::Scratch scratch;
  ASSERT_TRUE((*model)->predict(*inputs, predictions, scratch).ok());
  const auto labels = made_examples(0, 4000).labels;
  const auto earned = [&](double threshold) {
    double sum = 0;
    for (const int64_t row : result->split.valid) {
      const auto i = static_cast<size_t>(row);
      if (predictions[i].value >= threshold) sum += labels[i] == 1 ? 100 : -25;
    }
    return sum;
  };
  double best = earned(2.0);
  for (const int64_t row : result->split.valid) {
    best = std::max(best, earned(predictions[static_cast<size_t>(row)].value));
  }
  EXPECT_DOUBLE_EQ(earned(result->threshold), best);
  EXPECT_EQ((*model)->manifest().threshold, result->threshold);
  EXPECT_NE(find(*result, "utility"), nullptr);
}

TEST_F(Trainer, AFixedThresholdStays) {
  request_.utility = Utility{.true_positive = 100, .false_positive = -25};
  request_.threshold = 0.3;
  const auto result = train_model(objects_, request_);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->threshold, 0.3);
}

TEST_F(Trainer, ComparesWithARandomSplitOnlyWhenAsked) {
  EXPECT_FALSE(train_model(objects_, request_)->random_split_auc.has_value());
  request_.compare_random_split = true;
  const auto result = train_model(objects_, request_);
  ASSERT_TRUE(result.ok());
  ASSERT_TRUE(result->random_split_auc.has_value());
  EXPECT_GT(*result->random_split_auc, 0.6);
  EXPECT_LT(*result->random_split_auc, 0.95);
}

TEST_F(Trainer, RegressionIsMeasuredAsSuch) {
  request_.task.kind = TaskKind::regression;
  request_.settings.learner = "linear";
  request_.features.pop_back();
  const auto result = train_model(objects_, request_);
  ASSERT_TRUE(result.ok()) << result.error().what;
  EXPECT_NE(find(*result, "rmse"), nullptr);
  EXPECT_EQ(find(*result, "auc"), nullptr);
}

TEST_F(Trainer, CalibratesOnRowsThatTheModelWasNotTrainedOn) {
  request_.settings.calibrate = CalibrationMethod::platt;
  request_.settings.uncertainty = UncertaintySettings{};
  request_.settings.parameters["scale_pos_weight"] = "4";  // Spoils the probabilities.
  const auto result = train_model(objects_, request_);
  ASSERT_TRUE(result.ok()) << result.error().what;
  EXPECT_EQ(result->split.calibration.size(), 300U);
  ASSERT_TRUE(result->learned_calibration.has_value());
  EXPECT_EQ(result->learned_calibration->row_count, 300);
  EXPECT_LT(find(*result, "calibration_error")->value,
            result->before_calibration.at("calibration_error") / 2);
  EXPECT_LT(find(*result, "brier")->value, result->before_calibration.at("brier"));

  // An independent path: the stored model over the test rows of the table.
  const auto model = Model::load(objects_, result->model);
  ASSERT_TRUE(model.ok()) << model.error().what;
  EXPECT_EQ((*model)->calibration(), result->learned_calibration);
  const auto inputs = block_from(*request_.joined, (*model)->features().inputs());
  ASSERT_TRUE(inputs.ok());
  std::vector<Prediction> told;
  Model::Scratch scratch;
  ASSERT_TRUE((*model)->predict(*inputs, told, scratch).ok());
  const Examples examples = made_examples(0, 4000);
  double held = 0, brier = 0, answers = 0;
  for (const int64_t row : result->split.test) {
    const auto at = static_cast<size_t>(row);
    const double label = examples.labels[at];
    held += (label > 0.5 ? told[at].may_be_true : told[at].may_be_false) ? 1 : 0;
    answers += (told[at].may_be_true ? 1 : 0) + (told[at].may_be_false ? 1 : 0);
    brier += (told[at].value - label) * (told[at].value - label);
  }
  const auto count = static_cast<double>(result->split.test.size());
  EXPECT_DOUBLE_EQ(find(*result, "coverage")->value, held / count);
  EXPECT_DOUBLE_EQ(find(*result, "set_size")->value, answers / count);
  EXPECT_NEAR(find(*result, "brier")->value, brier / count, 1e-12);
  EXPECT_NEAR(held / count, 0.9, 0.06);
  EXPECT_NE(find(*result, "coverage", "group=g1"), nullptr);
}

TEST_F(Trainer, TheThresholdIsChosenByCalibratedProbabilities) {
  request_.utility = Utility{.true_positive = 1, .false_positive = -1};
  request_.settings.calibrate = CalibrationMethod::isotonic;
  request_.settings.parameters["scale_pos_weight"] = "4";
  const auto result = train_model(objects_, request_);
  ASSERT_TRUE(result.ok()) << result.error().what;
  const auto model = Model::load(objects_, result->model);
  ASSERT_TRUE(model.ok()) << model.error().what;
  const auto inputs = block_from(*request_.joined, (*model)->features().inputs());
  ASSERT_TRUE(inputs.ok());
  std::vector<Prediction> told;
  Model::Scratch scratch;
  ASSERT_TRUE((*model)->predict(*inputs, told, scratch).ok());
  // All rows of the validation window, whatever else they teach; every threshold by brute force.
  std::vector<int64_t> chosen = result->split.valid;
  chosen.insert(chosen.end(), result->split.calibration.begin(), result->split.calibration.end());
  const Examples examples = made_examples(0, 4000);
  const auto earned = [&](double threshold) {
    double sum = 0;
    for (const int64_t row : chosen) {
      if (told[static_cast<size_t>(row)].value < threshold) continue;
      sum += examples.labels[static_cast<size_t>(row)] > 0.5 ? 1 : -1;
    }
    return sum;
  };
  for (const int64_t row : chosen) {
    EXPECT_LE(earned(told[static_cast<size_t>(row)].value), earned(result->threshold));
  }
  EXPECT_LT(earned(0.3), earned(result->threshold));
}

TEST_F(Trainer, RegressionGetsIntervalsAndNoCalibration) {
  request_.task.kind = TaskKind::regression;
  request_.settings.learner = "linear";
  request_.features.pop_back();
  request_.settings.uncertainty = UncertaintySettings{};
  const auto result = train_model(objects_, request_);
  ASSERT_TRUE(result.ok()) << result.error().what;
  ASSERT_NE(find(*result, "coverage"), nullptr);
  EXPECT_NEAR(find(*result, "coverage")->value, 0.9, 0.06);
  EXPECT_NEAR(find(*result, "interval_width")->value, 2 * result->uncertainty->margin, 1e-9);
  request_.settings.calibrate = CalibrationMethod::platt;
  const auto refused = train_model(objects_, request_);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().what.find("`calibrate`"), std::string::npos);
}

void expect_refused(const Result<TrainResult>& result, const std::vector<std::string>& words) {
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::invalid_input);
  EXPECT_FALSE(result.error().hint.empty());
  for (const std::string& word : words) {
    EXPECT_NE(result.error().what.find(word), std::string::npos) << result.error().what;
  }
}

std::shared_ptr<arrow::Table> with_column(const arrow::Table& table, const MadeColumn& column) {
  const int index = table.schema()->GetFieldIndex(column.field->name());
  return table.SetColumn(index, column.field, std::make_shared<arrow::ChunkedArray>(column.values))
      .ValueOrDie();
}

TEST_F(Trainer, RefusesAConstantLabel) {
  const auto table =
      with_column(*request_.joined, numbers_column("label", std::vector<double>(4000, 0.0)));
  request_.joined = table;
  expect_refused(train_model(objects_, request_), {"constant", "training rows are 0", "outcome"});
}

TEST_F(Trainer, RefusesOneClassInTheTestRows) {
  std::vector<double> labels = made_examples(0, 4000).labels;
  std::fill(labels.begin() + 3000, labels.end(), 1.0);
  request_.joined = with_column(*request_.joined, numbers_column("label", labels));
  request_.settings.valid_micros = 1200 * kHour;
  expect_refused(train_model(objects_, request_), {"all 600 test rows are 1"});
}

TEST_F(Trainer, RefusesLabelsThatAreNeitherZeroNorOne) {
  std::vector<double> labels = made_examples(0, 4000).labels;
  labels[5] = 17;
  request_.joined = with_column(*request_.joined, numbers_column("label", labels));
  expect_refused(train_model(objects_, request_), {"0 or 1", "17"});
}

TEST_F(Trainer, RefusesAFeatureWithoutAnyValue) {
  request_.joined = with_column(
      *request_.joined,
      numbers_column("second", std::vector<double>(4000), std::vector<bool>(4000, false)));
  expect_refused(train_model(objects_, request_), {"`second`", "null in all 2800 training rows"});
}

TEST_F(Trainer, RefusesAFeatureThatReadsTheAnswer) {
  request_.features.push_back({"cheat", "outcome * 3"});
  expect_refused(train_model(objects_, request_), {"`cheat`", "`outcome`", "label"});
}

TEST_F(Trainer, TheColumnsAddedByTheJoinAreNoInputs) {
  request_.features.push_back({"cheat", "label"});
  EXPECT_FALSE(train_model(objects_, request_).ok());
}

TEST_F(Trainer, NamesAnUnknownSlice) {
  request_.task.slices = {"grup"};
  const auto result = train_model(objects_, request_);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().what.find("grup"), std::string::npos);
  EXPECT_NE(result.error().hint.find("group"), std::string::npos) << result.error().hint;
}

/// Three classes by the first two features, told with some noise.
class ClassTrainer : public Trainer {
 protected:
  ClassTrainer() {
    const Examples examples = made_examples(0, 4000);
    for (size_t i = 0; i < examples.rows(); ++i) {
      const double first =
          examples.features[i * 4] + 0.2 * (made(static_cast<int64_t>(i), 7) - 0.5);
      labels_.push_back(first < 0.3 ? 0 : first < 0.7 ? 1 : 2);
    }
    const auto column = numbers_column("label", labels_);
    const int at = request_.joined->schema()->GetFieldIndex("label");
    request_.joined = *request_.joined->SetColumn(
        at, column.field, std::make_shared<arrow::ChunkedArray>(column.values));
    request_.task.kind = TaskKind::multiclass;
    request_.task.label = "kind";
    request_.task.classes = {"low", "middle", "high"};
  }

  std::vector<double> labels_;
};

TEST_F(ClassTrainer, EveryLearnerTellsClassesApart) {
  for (const char* learner : {"gbdt", "linear", "constant"}) {
    SCOPED_TRACE(learner);
    request_.settings.learner = learner;
    request_.settings.parameters.clear();
    const auto result = train_model(objects_, request_);
    ASSERT_TRUE(result.ok()) << result.error().what;
    EXPECT_FALSE(Model::load_of_one_number(objects_, result->model).ok());
    const auto model = Model::load(objects_, result->model);
    ASSERT_TRUE(model.ok()) << model.error().what;
    EXPECT_EQ((*model)->manifest().classes, request_.task.classes);
    EXPECT_EQ((*model)->manifest().task_kind, "multiclass");
    const auto inputs = block_from(*request_.joined, (*model)->features().inputs());
    ASSERT_TRUE(inputs.ok());
    std::vector<Prediction> predictions;
    Model::Scratch scratch;
    ASSERT_TRUE((*model)->predict(*inputs, predictions, scratch).ok());
    double loss = 0, hits = 0;
    std::vector<int64_t> decided(3, 0);
    for (const int64_t i : result->split.test) {
      const auto row = static_cast<size_t>(i);
      const double* const all = &scratch.values[row * 3];
      EXPECT_NEAR(all[0] + all[1] + all[2], 1, 1e-12);
      EXPECT_EQ(all[predictions[row].class_number], predictions[row].value);
      EXPECT_GE(predictions[row].value, 1.0 / 3 - 1e-12);
      const auto label = static_cast<size_t>(labels_[row]);
      loss -= std::log(all[label]) / 600;
      hits += predictions[row].class_number == label ? 1 : 0;
      if (label == 2) ++decided[predictions[row].class_number];
    }
    EXPECT_NEAR(find(*result, "log_loss")->value, loss, 1e-12);
    EXPECT_NEAR(find(*result, "accuracy")->value, hits / 600, 1e-12);
    EXPECT_EQ(result->class_counts.at(2).decided, decided);
    EXPECT_NE(find(*result, "accuracy", "group=g1"), nullptr);
    ASSERT_TRUE((*model)->prediction_profile());
    EXPECT_TRUE((*model)->prediction_profile()->is_category);
    if (std::string(learner) == "constant") {
      EXPECT_NEAR(find(*result, "macro_auc")->value, 0.5, 1e-12);
      continue;
    }
    EXPECT_GT(hits / 600, std::string(learner) == "gbdt" ? 0.8 : 0.6);
    EXPECT_NE(find(*result, "recall", "class=high"), nullptr);
    // The loss that chose the rounds is that of the valid rows.
    ASSERT_FALSE(result->valid_loss.empty());
    const size_t best =
        std::string(learner) == "gbdt" ? static_cast<size_t>(result->best_round) : 1;
    double valid = 0;
    for (const int64_t i : result->split.valid) {
      const auto row = static_cast<size_t>(i);
      valid -= std::log(scratch.values[row * 3 + static_cast<size_t>(labels_[row])]) /
               static_cast<double>(result->split.valid.size());
    }
    EXPECT_NEAR(result->valid_loss.at(best - 1), valid, 1e-9);
  }
}

TEST_F(ClassTrainer, SameModelTwiceAndOnAnyNumberOfThreads) {
  const auto first = train_model(objects_, request_);
  request_.threads = 1;
  const auto second = train_model(objects_, request_);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->model, second->model);
}

TEST_F(ClassTrainer, WhatIsNotKnownOfClassesIsToldClearly) {
  request_.task.classes.emplace_back("never");
  auto result = train_model(objects_, request_);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().what, "the class `never` has no training row, nor any other");
  request_.task.classes.pop_back();
  request_.settings.calibrate = CalibrationMethod::platt;
  EXPECT_NE(train_model(objects_, request_).error().what.find("several classes"),
            std::string::npos);
  request_.settings.calibrate.reset();
  request_.features.push_back({"rate", "target_mean(\"group\")"});
  result = train_model(objects_, request_);
  ASSERT_FALSE(result.ok());
  ASSERT_FALSE(result.error().because.empty());
  EXPECT_NE(result.error().because.front().find("this task has classes"), std::string::npos);
}

}  // namespace
}  // namespace millgate
