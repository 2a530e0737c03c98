#include "system/pipeline/expectation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ground/file_store.h"
#include "model/artifact/model.h"

namespace millgate {
namespace {

/// What an expectation says, read as the project file is.
Result<ModelExpectation> read_text(const std::string& text) {
  auto root = parse_settings("[[expectation]]\nname = \"it\"\n" + text, "millgate.toml");
  if (!root.ok()) return root.error();
  auto sections = root->sections("expectation");
  if (!sections.ok()) return sections.error();
  return read_expectation(sections->front());
}

/// p = 1 / (1 + exp(-(size - 2 * rare))), where rare is 1 for plan 'b'; classes of the same
/// numbers.
std::shared_ptr<const Model> model_of(const std::string& kind) {
  auto objects = ObjectStore(make_memory_file_store());
  auto program = FeatureProgram::compile(
      {{"size", "size"}, {"rare", "case when plan = 'b' then 1 else 0 end"}},
      {{"size", ValueType::number}, {"plan", ValueType::text}});
  EXPECT_TRUE(program.ok());
  LinearModel linear{.mean = {0, 0}, .scale = {1, 1}, .coefficient = {1, -2}, .intercept = 0};
  linear.logistic = kind != "regression";
  Model::Parts parts;
  parts.manifest.task_kind = kind;
  parts.features = &*program;
  parts.model_format = "linear";
  parts.model_text = save_linear(linear);
  if (kind == "multiclass") {
    parts.manifest.classes = {"x", "y", "z"};
    std::vector<LinearModel> models(3, linear);
    models[1].coefficient = {-1, 0};
    models[2].intercept = -20;
    parts.model_text = save_linear_classes(models);
  }
  const auto id = Model::save(objects, parts);
  EXPECT_TRUE(id.ok()) << id.error().what;
  return *Model::load(objects, *id);
}

/// Sizes -2, -1, 0, 1, 2; plans a, b, a, b, a.
Block five_rows() {
  Block rows;
  rows.rows = 5;
  rows.columns.resize(2);
  rows.columns[0].reset(ValueType::text, 5);
  rows.columns[1].reset(ValueType::number, 5);
  for (size_t i = 0; i < 5; ++i) {
    rows.columns[0].valid[i] = rows.columns[1].valid[i] = 1;
    rows.columns[0].texts[i] = i % 2 == 0 ? "a" : "b";
    rows.columns[1].numbers[i] = static_cast<double>(i) - 2;
  }
  return rows;
}

ExpectationOutcome outcome_of(const std::string& text, const std::string& kind = "binary") {
  const auto expectation = read_text(text);
  EXPECT_TRUE(expectation.ok()) << expectation.error().what;
  const auto outcome =
      try_expectation(*expectation, *model_of(kind), five_rows(), {"size", "plan", "colour"});
  EXPECT_TRUE(outcome.ok()) << outcome.error().what;
  return *outcome;
}

double sigmoid_of(double score) { return 1 / (1 + std::exp(-score)); }

TEST(ModelExpectations, DirectionsHoldOrNameTheWorstRows) {
  EXPECT_TRUE(outcome_of("change = \"size = size + 1\"\nexpect = \"rises\"\n").passed);
  EXPECT_TRUE(outcome_of("change = \"size = size + 1\"\nexpect = \"not_lower\"\n").passed);
  EXPECT_TRUE(outcome_of("change = \"size = size\"\nexpect = \"same\"\n").passed);
  EXPECT_FALSE(outcome_of("change = \"size = size\"\nexpect = \"rises\"\n").passed);
  const ExpectationOutcome broken =
      outcome_of("change = \"plan = 'b'\"\nexpect = \"not_lower\"\nwhere = \"size <> 0\"\n");
  EXPECT_FALSE(broken.passed);
  EXPECT_EQ(broken.row_count, 4);
  EXPECT_EQ(broken.broken_count, 2);  // Those of plan a.
  ASSERT_EQ(broken.counter_examples.size(), 2U);
  const CounterExample& worst = broken.counter_examples.front();
  EXPECT_EQ(worst.row, "plan = 'a', size = 2");
  EXPECT_DOUBLE_EQ(worst.prediction, sigmoid_of(2));
  EXPECT_DOUBLE_EQ(worst.changed.value(), sigmoid_of(0));
}

TEST(ModelExpectations, ToleranceAndShareLetSomethingPass) {
  const std::string change = "change = \"plan = 'b'\"\nexpect = \"same\"\n";
  const double most = sigmoid_of(2) - sigmoid_of(0);
  EXPECT_TRUE(outcome_of(change + "tolerance = " + std::to_string(most + 1e-5) + "\n").passed);
  EXPECT_FALSE(outcome_of(change + "tolerance = " + std::to_string(most - 1e-5) + "\n").passed);
  EXPECT_TRUE(outcome_of(change + "at_least = 0.4\n").passed);
  EXPECT_FALSE(outcome_of(change + "at_least = 0.41\n").passed);
}

TEST(ModelExpectations, RowsAreChosenByWhere) {
  const ExpectationOutcome some = outcome_of("where = \"plan = 'b'\"\nprediction_at_most = 0.3\n");
  EXPECT_EQ(some.row_count, 2);
  EXPECT_TRUE(some.passed);
  const ExpectationOutcome none = outcome_of("where = \"size > 9\"\nprediction_at_most = 0.3\n");
  EXPECT_FALSE(none.passed) << "nothing was tried";
  EXPECT_EQ(none.note, "no row meets `where`");
}

TEST(ModelExpectations, OneRowMayBeGiven) {
  EXPECT_TRUE(
      outcome_of("given = { size = 3, plan = \"a\" }\nprediction_at_least = 0.95\n").passed);
  const ExpectationOutcome broken =
      outcome_of("given = { size = 3, plan = \"b\" }\nprediction_at_least = 0.95\n");
  EXPECT_FALSE(broken.passed);
  EXPECT_DOUBLE_EQ(broken.counter_examples.front().prediction, sigmoid_of(1));
}

TEST(ModelExpectations, OfClassesTheDecidedOneOrTheOneThatIsMeant) {
  EXPECT_TRUE(
      outcome_of("change = \"size = size * 2\"\nwhere = \"plan = 'a'\"\n", "multiclass").passed);
  const ExpectationOutcome turned =
      outcome_of("change = \"size = 0 - size\"\nwhere = \"size > 1\"\n", "multiclass");
  EXPECT_FALSE(turned.passed);
  EXPECT_EQ(turned.counter_examples.front().decided, "x");
  EXPECT_EQ(turned.counter_examples.front().then_decided, "y");
  EXPECT_TRUE(
      outcome_of("change = \"size = size + 1\"\nexpect = \"falls\"\nclass = \"y\"\n", "multiclass")
          .passed);
}

TEST(ModelExpectations, WhatTheModelDoesNotReadChangesNothing) {
  const ExpectationOutcome same = outcome_of("change = \"colour = 'red'\"\n");
  EXPECT_TRUE(same.passed);
  EXPECT_EQ(same.note, "the model does not read `colour`");
  EXPECT_FALSE(outcome_of("change = \"colour = 'red'\"\nexpect = \"rises\"\n").passed);
}

TEST(ModelExpectations, MistakesAreToldWhere) {
  for (const auto& [text, what] : std::vector<std::pair<std::string, std::string>>{
           {"", "expects nothing"},
           {"change = \"size = 1\"\nprediction_at_least = 0.5\n", "expects two things"},
           {"change = \"size\"\n", "changes no column"},
           {"change = \"size = 1\"\nexpect = \"rise\"\n", "rise"},
           {"expect = \"rises\"\nprediction_at_least = 0.5\n", "goes with `change`"},
           {"prediction_at_least = 0.6\nprediction_at_most = 0.5\n", "no prediction can be"},
           {"prediction_at_least = 0.6\nat_least = 0\n", "between 0 and 1"},
           {"prediction_at_least = 0.6\nwhere = \"size > 0\"\ngiven = { size = 1 }\n", "one row"},
           {"change = \"size = 1\"\ntolerance = -1\n", "below 0"}}) {
    const auto expectation = read_text(text);
    ASSERT_FALSE(expectation.ok()) << text;
    EXPECT_NE(expectation.error().what.find(what), std::string::npos) << expectation.error().what;
    EXPECT_FALSE(expectation.error().where.empty()) << text;
  }
  for (const auto& [text, what] : std::vector<std::pair<std::string, std::string>>{
           {"change = \"sise = 1\"\n", "no column `sise`"},
           {"change = \"size = 'a'\"\n", "type"},
           {"where = \"size\"\nprediction_at_least = 0.5\n", "neither true nor false"},
           {"where = \"colour = 'red'\"\nprediction_at_least = 0.5\n", "colour"},
           {"class = \"x\"\nprediction_at_least = 0.5\n", "no class `x`"},
           {"given = { sise = 1 }\nprediction_at_least = 0.5\n", "sise"}}) {
    const auto expectation = read_text(text);
    ASSERT_TRUE(expectation.ok()) << expectation.error().what;
    const auto outcome =
        try_expectation(*expectation, *model_of("binary"), five_rows(), {"size", "plan", "colour"});
    ASSERT_FALSE(outcome.ok()) << text;
    EXPECT_NE(outcome.error().what.find(what), std::string::npos) << outcome.error().what;
    EXPECT_FALSE(outcome.error().where.empty()) << text;
  }
}

}  // namespace
}  // namespace millgate
