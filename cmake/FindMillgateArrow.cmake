# Apache Arrow C++ and Parquet, unpacked by scripts/setup into .deps/arrow.
# Targets: Arrow::arrow, Arrow::compute, Arrow::acero, Arrow::dataset, Arrow::parquet.
# libarrow_s3 is a module that Arrow loads by itself; MillgateArrow_LIBRARIES names it too.
set(_root "${MILLGATE_DEPS}/arrow")
find_path(MillgateArrow_INCLUDE_DIR arrow/api.h PATHS "${_root}/include" NO_DEFAULT_PATH)
set(MillgateArrow_LIBRARIES "")
set(_wanted MillgateArrow_INCLUDE_DIR)
foreach(_name arrow arrow_compute arrow_acero arrow_dataset parquet arrow_s3)
  find_library(MillgateArrow_${_name} ${_name} PATHS "${_root}/lib" NO_DEFAULT_PATH)
  list(APPEND MillgateArrow_LIBRARIES "${_root}/lib/lib${_name}.so.2600")
  list(APPEND _wanted MillgateArrow_${_name})
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  MillgateArrow REQUIRED_VARS ${_wanted}
  REASON_FAILURE_MESSAGE "run scripts/setup, which unpacks it into .deps/arrow")

function(_millgate_arrow_target name library)
  if(NOT TARGET Arrow::${name})
    add_library(Arrow::${name} SHARED IMPORTED GLOBAL)
    set_target_properties(
      Arrow::${name} PROPERTIES IMPORTED_LOCATION "${MillgateArrow_${library}}"
                                INTERFACE_INCLUDE_DIRECTORIES "${MillgateArrow_INCLUDE_DIR}"
                                INTERFACE_LINK_LIBRARIES "${ARGN}")
  endif()
endfunction()
_millgate_arrow_target(arrow arrow)
_millgate_arrow_target(compute arrow_compute Arrow::arrow)
_millgate_arrow_target(acero arrow_acero Arrow::compute)
_millgate_arrow_target(parquet parquet Arrow::arrow)
_millgate_arrow_target(dataset arrow_dataset Arrow::acero Arrow::parquet)
