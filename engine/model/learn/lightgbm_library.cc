#include "model/learn/lightgbm_library.h"

#include <cassert>
#include <cstdlib>

#include "ground/shared_library.h"

namespace millgate {

namespace {

LightgbmFunctions functions;

// OpenMP reads it once, when it is loaded. Set before main, while no other thread can be reading
// the environment.
[[maybe_unused]] const int kPassive = setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);

Status find_all() {
  MILLGATE_ASSIGN(const SharedLibrary library, SharedLibrary::open("LightGBM", "lib_lightgbm.so"));
#define MILLGATE_LIGHTGBM_FIND(name) MILLGATE_TRY(library.find("LGBM_" #name, functions.name));
  MILLGATE_LIGHTGBM_FUNCTIONS(MILLGATE_LIGHTGBM_FIND)
#undef MILLGATE_LIGHTGBM_FIND
  return {};
}

}  // namespace

Status load_lightgbm() {
  static const Status loaded = find_all();
  return loaded;
}

const LightgbmFunctions& lightgbm() {
  assert(functions.BoosterFree != nullptr);
  return functions;
}

}  // namespace millgate
