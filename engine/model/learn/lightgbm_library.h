/// The functions of LightGBM's C interface, loaded when the first model is trained; predicting
/// needs none of them.
/// Include in .cc files only; nothing else in the program calls LightGBM.
#pragma once

#include <LightGBM/c_api.h>

#include "ground/error.h"

/// Each function that Millgate calls, without "LGBM_".
#define MILLGATE_LIGHTGBM_FUNCTIONS(F) \
  F(BoosterAddValidData)               \
  F(BoosterCreate)                     \
  F(BoosterFree)                       \
  F(BoosterGetPredict)                 \
  F(BoosterSaveModelToString)          \
  F(BoosterUpdateOneIter)              \
  F(DatasetCreateFromMat)              \
  F(DatasetFree)                       \
  F(DatasetSetFeatureNames)            \
  F(DatasetSetField)                   \
  F(GetLastError)                      \
  F(RegisterLogCallback)

namespace millgate {

/// Types as c_api.h declares them.
struct LightgbmFunctions {
#define MILLGATE_LIGHTGBM_MEMBER(name) decltype(&::LGBM_##name) name = nullptr;
  MILLGATE_LIGHTGBM_FUNCTIONS(MILLGATE_LIGHTGBM_MEMBER)
#undef MILLGATE_LIGHTGBM_MEMBER
};

/// Loads the library at the first call; later ones give the same answer. Thread-safe.
///
/// Threads of OpenMP, which it trains with, sleep while they wait for each other unless the
/// environment says otherwise (OMP_WAIT_POLICY): waiting in a loop they keep the cores from
/// whoever they wait for as soon as the machine has other work.
///
/// Errors: `outside` when it is missing or broken, or lacks a function.
[[nodiscard]] Status load_lightgbm();

/// After load_lightgbm() succeeded: `lightgbm().BoosterFree(...)` calls `LGBM_BoosterFree`.
/// Thread-safe.
[[nodiscard]] const LightgbmFunctions& lightgbm();

}  // namespace millgate
