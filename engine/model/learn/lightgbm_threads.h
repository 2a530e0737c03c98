/// For tests: how many threads LightGBM may train with. Include in .cc files only.
#pragma once

#include <LightGBM/c_api.h>
#include <gtest/gtest.h>

#include "ground/shared_library.h"

namespace millgate {

/// -1 for as many as OpenMP wants. Of the whole process; fails the test when it cannot be set.
inline void set_lightgbm_threads(int threads) {
  const auto library = SharedLibrary::open("LightGBM", "lib_lightgbm.so");
  ASSERT_TRUE(library.ok()) << library.error().what;
  decltype(&::LGBM_SetMaxThreads) set = nullptr;
  ASSERT_TRUE(library->find("LGBM_SetMaxThreads", set).ok());
  ASSERT_EQ(set(threads), 0);
}

}  // namespace millgate
