#include "model/artifact/quantised_onnx.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ground/random.h"
#include "model/artifact/made_onnx.h"
#include "model/artifact/onnx_model.h"

namespace millgate {
namespace {

constexpr int64_t kWide = 24, kHidden = 16;

std::vector<float> some_weights(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& one : values) one = static_cast<float>(random.normal());
  return values;
}

/// relu(x * w1) * w2 by two matrix products, the second one transposed in a Gemm where asked.
std::string two_layers(const std::vector<float>& first, const std::vector<float>& second) {
  return onnx_model(
      {.nodes = {onnx_node("MatMul", {"x", "w1"}, "a"), onnx_node("Relu", {"a"}, "h"),
                 onnx_node("MatMul", {"h", "w2"}, "s"), onnx_node("Sigmoid", {"s"}, "probability")},
       .weights = {onnx_floats("w1", {kWide, kHidden}, first),
                   onnx_floats("w2", {kHidden, 1}, second)},
       .inputs = {onnx_port("x", kOnnxFloat, {-1, kWide})},
       .outputs = {onnx_port("probability", kOnnxFloat, {-1, 1})}});
}

/// What the weights become, written as the formula has them: column by column.
std::vector<float> by_formula(const std::vector<float>& weights, size_t rows, size_t columns) {
  std::vector<float> result(weights.size());
  for (size_t column = 0; column < columns; ++column) {
    float largest = 0;
    for (size_t row = 0; row < rows; ++row) {
      largest = std::fmax(largest, std::fabs(weights[row * columns + column]));
    }
    const float scale = largest > 0 ? largest / 127 : 1;
    for (size_t row = 0; row < rows; ++row) {
      result[row * columns + column] = std::rint(weights[row * columns + column] / scale) * scale;
    }
  }
  return result;
}

std::vector<double> scores(const std::string& model, const std::vector<double>& rows) {
  const auto scorer = load_onnx(model);
  EXPECT_TRUE(scorer.ok()) << (scorer.ok() ? "" : scorer.error().what);
  std::vector<double> out(rows.size() / kWide);
  if (scorer.ok()) (*scorer)->score(rows, out);
  return out;
}

TEST(QuantisedOnnx, PredictsWithTheWeightsOfTheFormula) {
  const auto first = some_weights(kWide * kHidden, 1);
  const auto second = some_weights(kHidden, 2);
  const std::string whole = two_layers(first, second);
  const auto small = quantise_onnx(whole);
  ASSERT_TRUE(small.ok()) << small.error().what;
  // The second layer is one column of 16 numbers, for which scales and names do not pay.
  EXPECT_EQ(small->weight_count, 1);
  EXPECT_LT(small->bytes.size(), whole.size() - 900);
  const std::string reference = two_layers(by_formula(first, kWide, kHidden), second);
  Random random(3);
  std::vector<double> rows(kWide * 50);
  for (double& one : rows) one = random.normal();
  const auto got = scores(small->bytes, rows);
  const auto expected = scores(reference, rows);
  const auto before = scores(whole, rows);
  bool is_changed = false;
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], 1e-6);
    is_changed |= std::fabs(got[i] - before[i]) > 1e-6;
    EXPECT_NEAR(got[i], before[i], 0.1);
  }
  EXPECT_TRUE(is_changed);
  EXPECT_EQ(quantise_onnx(whole)->bytes, small->bytes);
}

TEST(QuantisedOnnx, LeavesWhatIsNoNumberOrGivenFromOutside) {
  auto weights = some_weights(kWide * kHidden, 1);
  weights[7] = NAN;
  const auto nan = quantise_onnx(two_layers(weights, some_weights(kHidden, 2)));
  ASSERT_FALSE(nan.ok());
  EXPECT_EQ(nan.error().code, ErrorCode::invalid_input);
  weights[7] = 0;
  const auto given = onnx_model({.nodes = {onnx_node("MatMul", {"x", "w1"}, "probability")},
                                 .weights = {onnx_floats("w1", {kWide, kHidden}, weights)},
                                 .inputs = {onnx_port("x", kOnnxFloat, {-1, kWide}),
                                            onnx_port("w1", kOnnxFloat, {kWide, kHidden})},
                                 .outputs = {onnx_port("probability", kOnnxFloat, {-1, kHidden})}});
  EXPECT_FALSE(quantise_onnx(given).ok());
}

TEST(QuantisedOnnx, TakesAChannelOfZeros) {
  auto weights = some_weights(kWide * kHidden, 1);
  for (size_t row = 0; row < kWide; ++row) weights[row * kHidden + 3] = 0;
  const auto second = some_weights(kHidden, 2);
  const auto small = quantise_onnx(two_layers(weights, second));
  ASSERT_TRUE(small.ok());
  std::vector<double> rows(kWide * 2, 0.5);
  EXPECT_NEAR(scores(small->bytes, rows)[0],
              scores(two_layers(by_formula(weights, kWide, kHidden), second), rows)[0], 1e-6);
}

TEST(QuantisedOnnx, SaysWhyTreesStayAsTheyAre) {
  const auto trees =
      quantise_onnx(onnx_model({.nodes = {onnx_node("TreeEnsembleRegressor", {"x"}, "value")},
                                .inputs = {onnx_port("x", kOnnxFloat, {-1, 2})},
                                .outputs = {onnx_port("value", kOnnxFloat, {-1, 1})}}));
  ASSERT_FALSE(trees.ok());
  EXPECT_NE(trees.error().what.find("trees"), std::string::npos);
}

TEST(QuantisedOnnx, AnyBytesAreAnAnswerOrAnError) {
  const std::string whole = two_layers(some_weights(kWide * kHidden, 1), some_weights(kHidden, 2));
  for (size_t length = 0; length < whole.size(); length += 7) {
    (void)quantise_onnx(std::string_view(whole).substr(0, length));
  }
  Random random(5);
  for (int i = 0; i < 3000; ++i) {
    std::string broken = whole;
    for (int flips = 0; flips < 4; ++flips) {
      // The numbers of the weights are most of the file; its other parts come first and last.
      const size_t at = random.below(2) == 0 ? random.below(200) : random.below(broken.size());
      broken[at] = static_cast<char>(random.below(256));
    }
    const auto answer = quantise_onnx(broken);
    EXPECT_TRUE(answer.ok() || !answer.error().what.empty());
  }
}

}  // namespace
}  // namespace millgate
