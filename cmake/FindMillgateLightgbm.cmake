# LightGBM through its C interface, unpacked by scripts/setup into .deps/lightgbm.
# Targets: LightGBM::headers, since the program loads the library when it is needed, and
# LightGBM::lightgbm for tests and benchmarks that compare with it.
set(_root "${MILLGATE_DEPS}/lightgbm")
find_path(MillgateLightgbm_INCLUDE_DIR LightGBM/c_api.h PATHS "${_root}/include" NO_DEFAULT_PATH)
find_library(MillgateLightgbm_LIBRARY _lightgbm PATHS "${_root}/lib" NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  MillgateLightgbm REQUIRED_VARS MillgateLightgbm_INCLUDE_DIR MillgateLightgbm_LIBRARY
  REASON_FAILURE_MESSAGE "run scripts/setup, which unpacks it into .deps/lightgbm")

set(MillgateLightgbm_LIBRARIES "${MillgateLightgbm_LIBRARY}")
if(NOT TARGET LightGBM::lightgbm)
  add_library(LightGBM::lightgbm SHARED IMPORTED GLOBAL)
  set_target_properties(
    LightGBM::lightgbm PROPERTIES IMPORTED_LOCATION "${MillgateLightgbm_LIBRARY}"
                                  INTERFACE_INCLUDE_DIRECTORIES "${MillgateLightgbm_INCLUDE_DIR}")
  add_library(LightGBM::headers INTERFACE IMPORTED GLOBAL)
  target_include_directories(LightGBM::headers INTERFACE "${MillgateLightgbm_INCLUDE_DIR}")
endif()
