#include "model/artifact/onnx_model.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>

#include "ground/random.h"
#include "model/artifact/made_onnx.h"
#include "model/artifact/model_format.h"

namespace millgate {
namespace {

std::string error_of(const std::string& bytes) {
  const auto scorer = load_scorer("onnx", bytes);
  return scorer.ok() ? "" : scorer.error().what;
}

TEST(OnnxModel, ScoresAreThoseOfTheFormulaAndOfARowAlone) {
  const std::vector<float> weights{0.5F, -1.25F, 2.0F, 0.125F, -3.0F};
  const auto scorer = load_scorer("onnx", onnx_logistic(weights, 0.25F));
  ASSERT_TRUE(scorer.ok()) << scorer.error().what;
  ASSERT_EQ((*scorer)->feature_count(), 5U);
  EXPECT_EQ((*scorer)->describe(), "onnx, 5 features");
  Random random(1);
  std::vector<double> rows(100 * 5);
  for (double& value : rows) value = random.normal();
  std::vector<double> scores(100);
  (*scorer)->score(rows, scores);
  for (size_t row = 0; row < scores.size(); ++row) {
    double sum = 0.25;
    for (size_t j = 0; j < 5; ++j) sum += double{weights[j]} * rows[row * 5 + j];
    ASSERT_NEAR(scores[row], 1 / (1 + std::exp(-sum)), 1e-6);
    double alone = 0;
    (*scorer)->score(std::span(rows).subspan(row * 5, 5), {&alone, 1});
    ASSERT_EQ(std::memcmp(&alone, &scores[row], sizeof(alone)), 0);
  }
}

TEST(OnnxModel, TakesOneInputAFeatureAndTellsTheirNames) {
  const std::string bytes = onnx_model(
      {.nodes = {onnx_node("Cast", {"count"}, "whole"), onnx_node("Add", {"size", "whole"}, "sum")},
       .inputs = {onnx_port("size", kOnnxDouble, {-1, 1}),
                  onnx_port("count", kOnnxDouble, {-1, 1})},
       .outputs = {onnx_port("sum", kOnnxDouble, {-1, 1})}});
  // Cast lacks its attribute: the runtime says so.
  EXPECT_NE(error_of(bytes).find("ONNX Runtime cannot load the model"), std::string::npos);
  const std::string good = onnx_model({.nodes = {onnx_node("Add", {"size", "count"}, "sum")},
                                       .inputs = {onnx_port("size", kOnnxDouble, {-1, 1}),
                                                  onnx_port("count", kOnnxDouble, {-1, 1})},
                                       .outputs = {onnx_port("sum", kOnnxDouble, {-1, 1})}});
  const auto scorer = load_scorer("onnx", good);
  ASSERT_TRUE(scorer.ok()) << scorer.error().what;
  const std::vector<double> rows{1.5, 2, 1e300, -1};
  std::vector<double> scores(2);
  (*scorer)->score(rows, scores);
  EXPECT_EQ(scores, (std::vector<double>{3.5, 1e300 - 1}));
  EXPECT_EQ(*told_feature_names("onnx", good), (std::vector<std::string>{"size", "count"}));
}

TEST(OnnxModel, SeveralColumnsAreProbabilitiesOfClasses) {
  const std::string bytes = onnx_model({.nodes = {onnx_node("Identity", {"x"}, "y")},
                                        .inputs = {onnx_port("x", kOnnxDouble, {-1, 3})},
                                        .outputs = {onnx_port("y", kOnnxDouble, {-1, 3})}});
  const auto scorer = load_scorer("onnx", bytes);
  ASSERT_TRUE(scorer.ok()) << scorer.error().what;
  EXPECT_EQ((*scorer)->output_count(), 3U);
  const std::vector<double> rows{0.5, 0.25, 0.25, 0, 1, 0};
  std::vector<double> scores(6);
  (*scorer)->score(rows, scores);
  EXPECT_EQ(scores, rows);
}

TEST(OnnxModel, MissingIsNanOrMinusOneOfWholeNumbers) {
  const std::string whole = onnx_model({.nodes = {onnx_node("Mul", {"a", "a"}, "square")},
                                        .inputs = {onnx_port("a", kOnnxInt64, {-1, 1})},
                                        .outputs = {onnx_port("square", kOnnxInt64, {-1, 1})}});
  EXPECT_NE(error_of(whole).find("none of its outputs"), std::string::npos);
  const auto scorer = load_scorer("onnx", onnx_logistic({1}, 0));
  std::vector<double> scores(1);
  (*scorer)->score(std::vector<double>{NAN}, scores);
  EXPECT_TRUE(std::isnan(scores[0]));
}

TEST(OnnxModel, WhatDoesNotFitIsNamed) {
  const auto identity = [](const Message& input, const Message& output) {
    return onnx_model(
        {.nodes = {onnx_node("Identity", {"x"}, "y")}, .inputs = {input}, .outputs = {output}});
  };
  EXPECT_NE(
      error_of(identity(onnx_port("x", kOnnxText, {-1, 2}), onnx_port("y", kOnnxText, {-1, 2})))
          .find("input `x` is not a tensor of numbers"),
      std::string::npos);
  EXPECT_NE(
      error_of(identity(onnx_port("x", kOnnxFloat, {-1, -1}), onnx_port("y", kOnnxFloat, {-1, -1})))
          .find("how many features"),
      std::string::npos);
  EXPECT_NE(error_of(identity(onnx_port("x", kOnnxFloat, {-1, 1001}),
                              onnx_port("y", kOnnxFloat, {-1, 1001})))
                .find("has 1001 numbers for a row"),
            std::string::npos);
  EXPECT_NE(
      error_of(identity(onnx_port("x", kOnnxFloat, {4, 2}), onnx_port("y", kOnnxFloat, {4, 2})))
          .find("does not take rows one by one"),
      std::string::npos);
  const std::string unknown = onnx_model({.nodes = {onnx_node("NoSuchOperator", {"x"}, "y")},
                                          .inputs = {onnx_port("x", kOnnxFloat, {-1, 1})},
                                          .outputs = {onnx_port("y", kOnnxFloat, {-1, 1})}});
  EXPECT_NE(error_of(unknown).find("NoSuchOperator"), std::string::npos) << error_of(unknown);
  Message elsewhere = onnx_floats("w", {1, 1}, {1});
  elsewhere.message(13, Message().text(1, "location").text(2, "/etc/passwd")).number(14, 1);
  EXPECT_NE(error_of(onnx_model({.nodes = {onnx_node("MatMul", {"x", "w"}, "y")},
                                 .weights = {elsewhere},
                                 .inputs = {onnx_port("x", kOnnxFloat, {-1, 1})},
                                 .outputs = {onnx_port("y", kOnnxFloat, {-1, 1})}}))
                .find("other files"),
            std::string::npos);
}

TEST(OnnxModel, CorruptBytesGiveAnErrorOrAModel) {
  const std::string whole = onnx_logistic({1, 2, 3}, 0);
  for (size_t size = 0; size < whole.size(); size += 3) (void)load_onnx(whole.substr(0, size));
  EXPECT_FALSE(load_onnx(whole.substr(0, whole.size() / 2)).ok());
  EXPECT_FALSE(load_onnx("").ok());
  Random random(2);
  const std::vector<double> rows{0, 1, 2};
  for (int round = 0; round < 300; ++round) {
    std::string bytes = whole;
    bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    const auto scorer = load_onnx(bytes);
    double score = 0;
    if (scorer.ok() && (*scorer)->feature_count() == 3) (*scorer)->score(rows, {&score, 1});
  }
}

TEST(OnnxModel, ThreadsMayShareAModel) {
  const auto scorer = load_scorer("onnx", onnx_logistic({1, -1}, 0));
  const std::vector<double> rows{0.5, 0.25, 1, 2, -1, 4};
  std::vector<double> expected(3);
  (*scorer)->score(rows, expected);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      std::vector<double> scores(3);
      for (int round = 0; round < 200; ++round) {
        (*scorer)->score(rows, scores);
        if (scores != expected) ++wrong;
      }
    });
  }
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace millgate
