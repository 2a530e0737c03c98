#include "model/artifact/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "ground/file_store.h"
#include "ground/json.h"
#include "ground/random.h"
#include "model/artifact/explainer.h"
#include "model/artifact/lightgbm_twin.h"
#include "model/artifact/made_onnx.h"
#include "model/artifact/manifest.h"

namespace millgate {
namespace {

/// Carriers, distances and minutes, some of them null.
Block make_block(size_t rows, uint64_t seed, const std::vector<Field>& fields) {
  Random random(seed);
  const std::vector<std::string> carriers = {"AA", "B6", "DL", "UA", "EV"};
  Block block;
  block.rows = rows;
  for (const Field& field : fields) {
    Vector& column = block.columns.emplace_back();
    column.reset(field.type, rows);
    for (size_t row = 0; row < rows; ++row) {
      if (random.below(10) == 0) continue;
      column.valid[row] = 1;
      if (field.type == ValueType::text) column.texts[row] = carriers[random.below(5)];
      if (field.type == ValueType::number) column.numbers[row] = 100 + 50 * random.normal();
      if (field.type == ValueType::integer) {
        column.integers[row] = static_cast<int64_t>(random.below(1440));
      }
    }
  }
  return block;
}

/// Row `row` of `block`.
Block row_of(const Block& block, size_t row) {
  Block one;
  one.rows = 1;
  for (const Vector& column : block.columns) {
    Vector& to = one.columns.emplace_back();
    to.reset(column.type, 1);
    to.valid[0] = column.valid[row];
    if (!column.texts.empty()) to.texts[0] = column.texts[row];
    if (!column.numbers.empty()) to.numbers[0] = column.numbers[row];
    if (!column.integers.empty()) to.integers[0] = column.integers[row];
  }
  return one;
}

FeatureProgram make_program() {
  auto program = FeatureProgram::compile(
      {{"carrier", "category(carrier)"}, {"far", "distance * 2"}, {"hour", "minute / 60"}},
      {{"carrier", ValueType::text},
       {"distance", ValueType::number},
       {"minute", ValueType::integer}});
  EXPECT_TRUE(program.ok()) << program.error().what;
  const Status fitted = program->fit(make_block(500, 1, program->inputs()));
  EXPECT_TRUE(fitted.ok());
  return std::move(program).value();
}

Manifest make_manifest() {
  Manifest manifest;
  manifest.project = "flights";
  manifest.description = "Late?";
  manifest.task_kind = "binary";
  manifest.task_table = "flights";
  manifest.label = "arr_delay > 15";
  manifest.label_known = "time_hour + interval '1 day'";
  manifest.key = {"time_hour", "flight"};
  manifest.row_time = "time_hour";
  manifest.threshold = 0.4;
  manifest.learner = "gbdt";
  manifest.data_commit = hash_of("commit").hex();
  manifest.training_set = hash_of("set").hex();
  manifest.git_commit = "0123456789abcdef0123456789abcdef01234567";
  manifest.configuration_hash = hash_of("toml").hex();
  manifest.dependencies = {{"lightgbm", "4.7.0"}, {"arrow", "26.0.0"}};
  manifest.train_row_count = 500;
  manifest.train_from = Time{1357034400000000};
  manifest.train_to = Time{1364799600123456};
  return manifest;
}

/// A trained model in a store in memory.
class ModelTest : public testing::Test {
 protected:
  ModelTest() : program_(make_program()), training_(make_block(500, 1, program_.inputs())) {
    Matrix matrix{3, std::vector<double>(1500)};
    EvaluationScratch scratch;
    EXPECT_TRUE(program_.evaluate(training_, matrix.values, scratch).ok());
    std::vector<float> labels;
    for (size_t row = 0; row < 500; ++row) {
      const double far = matrix.values[row * 3 + 1];
      labels.push_back(std::isnan(far) || far + 10.0 * (row % 7) > 220 ? 1.F : 0.F);
    }
    const LightgbmTwin twin(matrix, labels,
                            "objective=binary categorical_feature=0 min_data_in_leaf=5", 20);
    expected_ = twin.predict(matrix);
    parts_.manifest = make_manifest();
    parts_.features = &program_;
    parts_.model_format = "lightgbm";
    parts_.model_text = twin.text();
    for (const Feature& feature : program_.features()) {
      parts_.feature_profiles.push_back(
          profile_numbers(feature.name, std::vector<double>{1, 2, NAN}));
    }
    for (const Field& field : program_.inputs()) {
      parts_.input_profiles.push_back(
          profile_texts(field.name, std::vector<std::string>{"x", "y"}, {}));
    }
    parts_.prediction_profile = profile_numbers("prediction", expected_);
  }

  FeatureProgram program_;
  Block training_;
  std::vector<double> expected_;
  Model::Parts parts_;
  std::shared_ptr<FileStore> files_ = make_memory_file_store();
  ObjectStore objects_{files_};
};

TEST_F(ModelTest, ComesBackAsItWasSaved) {
  const auto id = Model::save(objects_, parts_);
  ASSERT_TRUE(id.ok()) << id.error().what;
  const auto model = Model::load(objects_, *id);
  ASSERT_TRUE(model.ok()) << model.error().what;
  EXPECT_EQ((*model)->id(), *id);
  EXPECT_EQ(to_json((*model)->manifest()), to_json(parts_.manifest));
  EXPECT_EQ((*model)->manifest().train_to, parts_.manifest.train_to);
  EXPECT_EQ((*model)->manifest().dependencies, parts_.manifest.dependencies);
  EXPECT_EQ((*model)->features().save(), program_.save());
  ASSERT_EQ((*model)->feature_profiles().size(), 3U);
  EXPECT_EQ(to_json((*model)->feature_profiles()[2]), to_json(parts_.feature_profiles[2]));
  EXPECT_EQ((*model)->input_profiles().size(), parts_.input_profiles.size());
  ASSERT_TRUE((*model)->prediction_profile().has_value());
  EXPECT_EQ((*model)->scorer().describe().substr(0, 6), "gbdt, ");

  uint64_t bytes = 0;
  const auto names = files_->list("");
  ASSERT_TRUE(names.ok());
  for (const std::string& name : *names) bytes += *files_->size_bytes(name);
  EXPECT_EQ((*model)->size_bytes(), static_cast<int64_t>(bytes));
}

TEST_F(ModelTest, AnOnnxModelIsExplainedAndNamesARowThatItHasNoNumberFor) {
  parts_.model_format = "onnx";
  parts_.model_text = onnx_logistic({0.5F, 0.01F, -1.0F}, 0.25F);
  for (Profile& profile : parts_.feature_profiles) {
    profile = profile_numbers(profile.name, std::vector<double>{0, 1, 2, 3});
  }
  const auto id = Model::save(objects_, parts_);
  ASSERT_TRUE(id.ok()) << id.error().what;
  const auto model = Model::load(objects_, *id);
  ASSERT_TRUE(model.ok()) << model.error().what;
  Model::Scratch scratch;
  std::vector<Prediction> predictions;
  const Status predicted = (*model)->predict(training_, predictions, scratch);
  ASSERT_FALSE(predicted.ok()) << "some of the rows miss something";
  EXPECT_NE(predicted.error().what.find("has no number for row"), std::string::npos);
  EXPECT_NE(predicted.error().what.find("is missing"), std::string::npos);

  const auto explainer = load_explainer(objects_, *id);
  ASSERT_TRUE(explainer.ok()) << explainer.error().what;
  const std::vector<double> row{1, 2, 3};
  std::vector<double> contributions(3);
  (*explainer)->explain(row, contributions);
  double score = 0;
  (*model)->scorer().score(row, {&score, 1});
  const double sum =
      (*explainer)->base_value() + contributions[0] + contributions[1] + contributions[2];
  EXPECT_NEAR(sum, score, 1e-9);
  EXPECT_LT(contributions[2], 0);
}

TEST_F(ModelTest, SamePartsSameId) {
  ObjectStore other(make_memory_file_store());
  EXPECT_EQ(*Model::save(objects_, parts_), *Model::save(other, parts_));
  const Id before = *Model::save(objects_, parts_);
  parts_.manifest.threshold = 0.41;
  EXPECT_NE(*Model::save(objects_, parts_), before);
}

TEST_F(ModelTest, PredictsAsLightgbmAloneAndInABatch) {
  const auto model = Model::load(objects_, *Model::save(objects_, parts_));
  ASSERT_TRUE(model.ok());
  Model::Scratch scratch;
  std::vector<Prediction> batch;
  ASSERT_TRUE((*model)->predict(training_, batch, scratch).ok());
  ASSERT_EQ(batch.size(), 500U);
  bool yes = false;
  bool no = false;
  for (size_t row = 0; row < batch.size(); ++row) {
    EXPECT_NEAR(batch[row].value, expected_[row], 1e-12);
    EXPECT_EQ(batch[row].decision, batch[row].value >= 0.4);
    (batch[row].decision ? yes : no) = true;
    std::vector<Prediction> alone;
    ASSERT_TRUE((*model)->predict(row_of(training_, row), alone, scratch).ok());
    ASSERT_EQ(alone.size(), 1U);
    EXPECT_EQ(std::memcmp(&alone[0].value, &batch[row].value, sizeof(double)), 0) << row;
  }
  EXPECT_TRUE(yes && no);
  Block none = make_block(0, 1, program_.inputs());
  ASSERT_TRUE((*model)->predict(none, batch, scratch).ok());
  EXPECT_TRUE(batch.empty());
}

TEST_F(ModelTest, NullsAndUnknownCategoriesAreScored) {
  const auto model = Model::load(objects_, *Model::save(objects_, parts_));
  ASSERT_TRUE(model.ok());
  Block block = row_of(training_, 0);
  for (size_t i = 0; i < block.columns.size(); ++i) {
    Vector& column = block.columns[i];
    column.reset(column.type, 1);
    if (column.type == ValueType::text) {
      column.valid[0] = 1;
      column.texts[0] = "never seen";
    }
  }
  Model::Scratch scratch;
  std::vector<Prediction> out;
  EvaluationNotes notes;
  ASSERT_TRUE((*model)->predict(block, out, scratch, &notes).ok());
  EXPECT_TRUE(std::isfinite(out[0].value));
  ASSERT_EQ(notes.unknown_category.size(), 3U);
  EXPECT_EQ(notes.unknown_category[0], 1);
}

TEST_F(ModelTest, RegressionDecidesNothing) {
  parts_.manifest.task_kind = "regression";
  parts_.model_format = "linear";
  parts_.model_text = save_linear(
      {.mean = {0, 0, 0}, .scale = {1, 1, 1}, .coefficient = {0, 1, 0}, .logistic = false});
  const auto model = Model::load(objects_, *Model::save(objects_, parts_));
  ASSERT_TRUE(model.ok()) << model.error().what;
  Model::Scratch scratch;
  std::vector<Prediction> out;
  ASSERT_TRUE((*model)->predict(training_, out, scratch).ok());
  for (const Prediction& prediction : out) EXPECT_FALSE(prediction.decision);
}

TEST_F(ModelTest, CalibratesDecidesAndSurroundsAloneAndInABatch) {
  const auto plain = Model::load(objects_, *Model::save(objects_, parts_));
  Calibration calibration{.method = CalibrationMethod::platt, .row_count = 50};
  calibration.slope = 0.5;
  calibration.offset = -0.25;
  parts_.calibration = calibration;
  parts_.uncertainty = Uncertainty{.method = UncertaintyMethod::lac_by_class,
                                   .coverage = 0.8,
                                   .row_count = 50,
                                   .miss_true = 0.7,
                                   .miss_false = 0.2};
  const auto model = Model::load(objects_, *Model::save(objects_, parts_));
  ASSERT_TRUE(plain.ok());
  ASSERT_TRUE(model.ok()) << model.error().what;
  EXPECT_EQ((*model)->calibration(), parts_.calibration);
  EXPECT_EQ((*model)->uncertainty(), parts_.uncertainty);
  Model::Scratch scratch;
  std::vector<Prediction> scores, told;
  ASSERT_TRUE((*plain)->predict(training_, scores, scratch).ok());
  ASSERT_TRUE((*model)->predict(training_, told, scratch).ok());
  int sets[2][2] = {};
  for (size_t row = 0; row < told.size(); ++row) {
    const double p = scores[row].value;
    // The formula on the page of the format.
    const double expected = 1 / (1 + std::exp(-(0.5 * std::log(p / (1 - p)) - 0.25)));
    EXPECT_NEAR(told[row].value, expected, 1e-13);
    EXPECT_EQ(told[row].decision, told[row].value >= 0.4);
    EXPECT_EQ(told[row].may_be_true, 1 - p <= 0.7);
    EXPECT_EQ(told[row].may_be_false, p <= 0.2);
    ++sets[told[row].may_be_true ? 1 : 0][told[row].may_be_false ? 1 : 0];
    std::vector<Prediction> alone;
    ASSERT_TRUE((*model)->predict(row_of(training_, row), alone, scratch).ok());
    EXPECT_EQ(std::memcmp(&alone[0].value, &told[row].value, sizeof(double)), 0) << row;
    EXPECT_EQ(alone[0], told[row]);
  }
  EXPECT_GT(sets[1][0], 0);
  EXPECT_GT(sets[0][1], 0);
}

TEST_F(ModelTest, IntervalsLieAroundTheValue) {
  parts_.manifest.task_kind = "regression";
  parts_.uncertainty = Uncertainty{.coverage = 0.8, .row_count = 50, .margin = 2.5};
  const auto model = Model::load(objects_, *Model::save(objects_, parts_));
  ASSERT_TRUE(model.ok()) << model.error().what;
  Model::Scratch scratch;
  std::vector<Prediction> out;
  ASSERT_TRUE((*model)->predict(training_, out, scratch).ok());
  for (const Prediction& one : out) {
    EXPECT_EQ(one.lower, one.value - 2.5);
    EXPECT_EQ(one.upper, one.value + 2.5);
  }
}

TEST_F(ModelTest, OnlyWhatAnOlderReaderWouldPassOverIsOfTheNewVersion) {
  const auto version_of = [&] {
    return (*parse_json(*objects_.get(*Model::save(objects_, parts_)), "test"))["version"];
  };
  EXPECT_EQ(version_of(), 1);
  parts_.calibration = Calibration{
      .method = CalibrationMethod::isotonic, .row_count = 2, .from = {0.1, 0.9}, .to = {0, 1}};
  EXPECT_EQ(version_of(), 2);
}

TEST_F(ModelTest, RefusesCalibrationAndUncertaintyThatCannotBe) {
  const auto said = [&](const Model::Parts& parts) {
    const auto result = Model::save(objects_, parts);
    return result.ok() ? std::string() : result.error().what;
  };
  Model::Parts parts = parts_;
  parts.uncertainty = Uncertainty{.row_count = 5};
  EXPECT_EQ(said(parts), "model: uncertainty by `absolute` does not fit the task");
  parts.uncertainty =
      Uncertainty{.method = UncertaintyMethod::lac, .row_count = 5, .miss_true = NAN};
  EXPECT_NE(said(parts).find("limit"), std::string::npos);
  parts = parts_;
  parts.calibration = Calibration{.row_count = 5, .slope = -1};
  EXPECT_NE(said(parts).find("slope"), std::string::npos);
  parts.calibration = Calibration{
      .method = CalibrationMethod::isotonic, .row_count = 5, .from = {0.1, 0.1}, .to = {0, 1}};
  EXPECT_EQ(said(parts), "model: calibration: its point 1 is out of order");
  parts.manifest.task_kind = "regression";
  EXPECT_EQ(said(parts), "model: a calibration of values, which are no probabilities");

  parts = parts_;
  parts.calibration = Calibration{.row_count = 5};
  Json json = *parse_json(*objects_.get(*Model::save(objects_, parts)), "test");
  json["calibration"]["slope"] = 0;
  const auto model = Model::load(objects_, *objects_.put(dump_json(json)));
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().code, ErrorCode::damaged);
}

TEST_F(ModelTest, RefusesPartsThatDoNotFit) {
  const auto said = [&](const Model::Parts& parts) {
    const auto result = Model::save(objects_, parts);
    return result.ok() ? std::string() : result.error().what;
  };
  Model::Parts parts = parts_;
  parts.model_format = "pickle";
  EXPECT_EQ(said(parts), "model: format `pickle` is not known");
  parts = parts_;
  parts.model_format = "linear";
  parts.model_text = save_linear({.mean = {0}, .scale = {1}, .coefficient = {1}});
  EXPECT_EQ(said(parts), "model: the scorer reads 1 features, the program makes 3");
  parts = parts_;
  parts.feature_profiles.pop_back();
  EXPECT_EQ(said(parts), "model: 2 feature profiles for 3 features");
  parts = parts_;
  parts.manifest.threshold = NAN;
  EXPECT_EQ(said(parts), "model: the threshold is not a finite number");
  parts = parts_;
  parts.manifest.task_kind = "guessing";
  EXPECT_NE(said(parts).find("`guessing`"), std::string::npos);
}

TEST_F(ModelTest, NamesTheDamagedPart) {
  const auto id = Model::save(objects_, parts_);
  ASSERT_TRUE(id.ok());
  const auto missing = Model::load(objects_, hash_of("nothing"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);

  const auto stored = read_manifest(*objects_.get(*id));
  ASSERT_TRUE(stored.ok());
  const struct {
    Id part;
    const char* name;
  } cases[] = {{stored->features, "feature program"},
               {stored->model, "scorer"},
               {stored->profiles, "training profile"}};
  for (const auto& [part, name] : cases) {
    const std::string file = ObjectStore::name_of(part);
    const std::string bytes = *files_->read(file);
    for (const bool gone : {true, false}) {
      if (gone) {
        ASSERT_TRUE(files_->remove(file).ok());
      } else {
        ASSERT_TRUE(files_->write(file, bytes.substr(0, bytes.size() / 2)).ok());
      }
      const auto model = Model::load(objects_, *id);
      ASSERT_FALSE(model.ok()) << name;
      EXPECT_EQ(model.error().code, ErrorCode::damaged);
      EXPECT_EQ(model.error().what, "model " + id->brief() + ": its " + name + " cannot be read");
      EXPECT_FALSE(model.error().because.empty());
    }
    ASSERT_TRUE(files_->write(file, bytes).ok());
  }
  EXPECT_TRUE(Model::load(objects_, *id).ok());
}

TEST_F(ModelTest, RefusesAManifestOfAnotherKind) {
  const auto code = [&](const std::string& bytes) {
    const auto model = Model::load(objects_, *objects_.put(bytes));
    return model.ok() ? std::string("ok") : std::string(to_string(model.error().code));
  };
  EXPECT_EQ(code("{}"), "damaged");
  EXPECT_EQ(code("tree\n"), "damaged");
  EXPECT_EQ(code(R"({"format":"something","version":1})"), "damaged");
  Json json = *parse_json(*objects_.get(*Model::save(objects_, parts_)), "test");
  json["version"] = 3;
  EXPECT_EQ(code(dump_json(json)), "invalid_input");
  json["version"] = 1;
  EXPECT_EQ(code(dump_json(json)), "ok");
  json["features"] = "12ab";
  EXPECT_EQ(code(dump_json(json)), "damaged");
}

}  // namespace
}  // namespace millgate
