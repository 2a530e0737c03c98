/// LightGBM itself, for tests: trains models and predicts beside our own evaluator.
/// Include in .cc files only.
#pragma once

#include <LightGBM/c_api.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace millgate {

/// Row-major numbers.
struct Matrix {
  int32_t columns = 0;
  std::vector<double> values;

  [[nodiscard]] int32_t rows() const {
    return static_cast<int32_t>(values.size()) / (columns > 0 ? columns : 1);
  }
};

/// One model of LightGBM.
class LightgbmTwin {
 public:
  LightgbmTwin(const Matrix& data, const std::vector<float>& labels, std::string parameters,
               int rounds) {
    parameters += " deterministic=true force_row_wise=true num_threads=1 seed=1 verbosity=-1";
    const char* text = parameters.c_str();
    check(LGBM_DatasetCreateFromMat(data.values.data(), C_API_DTYPE_FLOAT64, data.rows(),
                                    data.columns, 1, text, nullptr, &dataset_));
    check(LGBM_DatasetSetField(dataset_, "label", labels.data(), static_cast<int>(labels.size()),
                               C_API_DTYPE_FLOAT32));
    check(LGBM_BoosterCreate(dataset_, text, &booster_));
    for (int round = 0, finished = 0; round < rounds && finished == 0; ++round) {
      check(LGBM_BoosterUpdateOneIter(booster_, &finished));
    }
  }
  LightgbmTwin(const LightgbmTwin&) = delete;
  LightgbmTwin& operator=(const LightgbmTwin&) = delete;
  ~LightgbmTwin() {
    LGBM_BoosterFree(booster_);
    LGBM_DatasetFree(dataset_);
  }

  [[nodiscard]] std::string text() const {
    int64_t size = 0;
    check(LGBM_BoosterSaveModelToString(booster_, 0, -1, C_API_FEATURE_IMPORTANCE_GAIN, 0, &size,
                                        nullptr));
    std::string text(static_cast<size_t>(size), '\0');
    check(LGBM_BoosterSaveModelToString(booster_, 0, -1, C_API_FEATURE_IMPORTANCE_GAIN, size, &size,
                                        text.data()));
    text.pop_back();  // the terminating zero
    return text;
  }

  /// One number a row, or one a class, row-major.
  [[nodiscard]] std::vector<double> predict(const Matrix& data) const {
    int classes = 0;
    check(LGBM_BoosterGetNumClasses(booster_, &classes));
    std::vector<double> out(static_cast<size_t>(data.rows()) * static_cast<size_t>(classes));
    int64_t size = 0;
    check(LGBM_BoosterPredictForMat(booster_, data.values.data(), C_API_DTYPE_FLOAT64, data.rows(),
                                    data.columns, 1, C_API_PREDICT_NORMAL, 0, -1, "num_threads=1",
                                    &size, out.data()));
    EXPECT_EQ(static_cast<size_t>(size), out.size());
    return out;
  }

  /// One number a feature and the base value, for each row.
  [[nodiscard]] std::vector<double> contributions(const Matrix& data) const {
    std::vector<double> out(static_cast<size_t>(data.rows()) *
                            (static_cast<size_t>(data.columns) + 1));
    int64_t size = 0;
    check(LGBM_BoosterPredictForMat(booster_, data.values.data(), C_API_DTYPE_FLOAT64, data.rows(),
                                    data.columns, 1, C_API_PREDICT_CONTRIB, 0, -1, "num_threads=1",
                                    &size, out.data()));
    EXPECT_EQ(static_cast<size_t>(size), out.size());
    return out;
  }

  [[nodiscard]] std::vector<double> gain(int features) const {
    std::vector<double> out(static_cast<size_t>(features));
    check(LGBM_BoosterFeatureImportance(booster_, -1, C_API_FEATURE_IMPORTANCE_GAIN, out.data()));
    return out;
  }

 private:
  static void check(int code) { ASSERT_EQ(code, 0) << LGBM_GetLastError(); }

  DatasetHandle dataset_ = nullptr;
  BoosterHandle booster_ = nullptr;
};

}  // namespace millgate
