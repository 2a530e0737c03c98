/// XGBoost itself, for tests: trains models and predicts beside our own evaluator. The library is
/// that of the Python environment of the tests. Include in .cc files only.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ground/shared_library.h"
#include "ground/source_folder.h"
#include "model/artifact/lightgbm_twin.h"

namespace millgate {

/// The part of XGBoost's C interface that the twin calls; no package of it carries the header.
struct XgboostFunctions {
  const char* (*XGBGetLastError)() = nullptr;
  int (*XGDMatrixCreateFromMat)(const float*, uint64_t, uint64_t, float, void**) = nullptr;
  int (*XGDMatrixSetFloatInfo)(void*, const char*, const float*, uint64_t) = nullptr;
  int (*XGDMatrixSetStrFeatureInfo)(void*, const char*, const char**, uint64_t) = nullptr;
  int (*XGDMatrixFree)(void*) = nullptr;
  int (*XGBoosterCreate)(void* const*, uint64_t, void**) = nullptr;
  int (*XGBoosterSetParam)(void*, const char*, const char*) = nullptr;
  int (*XGBoosterUpdateOneIter)(void*, int, void*) = nullptr;
  int (*XGBoosterSetAttr)(void*, const char*, const char*) = nullptr;
  int (*XGBoosterSaveModelToBuffer)(void*, const char*, uint64_t*, const char**) = nullptr;
  int (*XGBoosterPredict)(void*, void*, int, unsigned, int, uint64_t*, const float**) = nullptr;
  int (*XGBoosterFree)(void*) = nullptr;

  static const XgboostFunctions& all() {
    static const XgboostFunctions functions = load();
    return functions;
  }

 private:
  static XgboostFunctions load() {
    const auto library = SharedLibrary::open_in(
        {std::string(kSourceFolder) + "/.deps/venv/lib/python3.11/site-packages/xgboost/lib"},
        "XGBoost", "libxgboost.so");
    XgboostFunctions f;
    EXPECT_TRUE(library.ok()) << library.error().what;
    if (!library.ok()) return f;
#define MILLGATE_XGBOOST_FIND(name) EXPECT_TRUE(library->find(#name, f.name).ok())
    MILLGATE_XGBOOST_FIND(XGBGetLastError);
    MILLGATE_XGBOOST_FIND(XGDMatrixCreateFromMat);
    MILLGATE_XGBOOST_FIND(XGDMatrixSetFloatInfo);
    MILLGATE_XGBOOST_FIND(XGDMatrixSetStrFeatureInfo);
    MILLGATE_XGBOOST_FIND(XGDMatrixFree);
    MILLGATE_XGBOOST_FIND(XGBoosterCreate);
    MILLGATE_XGBOOST_FIND(XGBoosterSetParam);
    MILLGATE_XGBOOST_FIND(XGBoosterUpdateOneIter);
    MILLGATE_XGBOOST_FIND(XGBoosterSetAttr);
    MILLGATE_XGBOOST_FIND(XGBoosterSaveModelToBuffer);
    MILLGATE_XGBOOST_FIND(XGBoosterPredict);
    MILLGATE_XGBOOST_FIND(XGBoosterFree);
#undef MILLGATE_XGBOOST_FIND
    return f;
  }
};

using XgboostParameters = std::map<std::string, std::string>;

/// One model of XGBoost.
class XgboostTwin {
 public:
  /// `categories`: columns whose numbers are codes.
  XgboostTwin(const Matrix& data, const std::vector<float>& labels,
              const XgboostParameters& parameters, int rounds, std::vector<int> categories = {})
      : categories_(std::move(categories)) {
    void* const train = matrix_of(data);
    check(f_.XGDMatrixSetFloatInfo(train, "label", labels.data(), labels.size()));
    check(f_.XGBoosterCreate(&train, 1, &booster_));
    set("nthread", "1");
    set("seed", "1");
    for (const auto& [name, value] : parameters) set(name.c_str(), value);
    for (int round = 0; round < rounds; ++round) {
      check(f_.XGBoosterUpdateOneIter(booster_, round, train));
    }
    f_.XGDMatrixFree(train);
  }
  XgboostTwin(const XgboostTwin&) = delete;
  XgboostTwin& operator=(const XgboostTwin&) = delete;
  ~XgboostTwin() { f_.XGBoosterFree(booster_); }

  /// `format`: "json" or "ubj".
  [[nodiscard]] std::string save(const std::string& format) const {
    uint64_t size = 0;
    const char* bytes = nullptr;
    const std::string how = R"({"format":")" + format + "\"}";
    check(f_.XGBoosterSaveModelToBuffer(booster_, how.c_str(), &size, &bytes));
    return {bytes, size};
  }

  void set_attribute(const char* name, const char* value) {
    check(f_.XGBoosterSetAttr(booster_, name, value));
  }

  /// By the first `rounds` rounds; 0: all.
  [[nodiscard]] std::vector<float> predict(const Matrix& data, unsigned rounds = 0) const {
    return ask(data, 0, rounds);
  }
  /// One number a feature and the base value, for each row.
  [[nodiscard]] std::vector<float> contributions(const Matrix& data) const {
    return ask(data, 4, 0);
  }

 private:
  void check(int code) const { ASSERT_EQ(code, 0) << f_.XGBGetLastError(); }
  void set(const char* name, const std::string& value) {
    check(f_.XGBoosterSetParam(booster_, name, value.c_str()));
  }

  [[nodiscard]] void* matrix_of(const Matrix& data) const {
    const std::vector<float> values(data.values.begin(), data.values.end());
    void* matrix = nullptr;
    check(f_.XGDMatrixCreateFromMat(values.data(), static_cast<uint64_t>(data.rows()),
                                    static_cast<uint64_t>(data.columns), NAN, &matrix));
    std::vector<const char*> types(static_cast<size_t>(data.columns), "q");
    for (const int column : categories_) types[static_cast<size_t>(column)] = "c";
    check(f_.XGDMatrixSetStrFeatureInfo(matrix, "feature_type", types.data(), types.size()));
    return matrix;
  }

  [[nodiscard]] std::vector<float> ask(const Matrix& data, int options, unsigned rounds) const {
    void* const matrix = matrix_of(data);
    uint64_t size = 0;
    const float* values = nullptr;
    check(f_.XGBoosterPredict(booster_, matrix, options, rounds, 0, &size, &values));
    std::vector<float> out(values, values + size);
    f_.XGDMatrixFree(matrix);
    return out;
  }

  const XgboostFunctions& f_ = XgboostFunctions::all();
  std::vector<int> categories_;
  void* booster_ = nullptr;
};

}  // namespace millgate
