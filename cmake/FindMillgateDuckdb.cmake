# DuckDB through its C interface, unpacked by scripts/setup into .deps/duckdb.
# Target: DuckDB::headers; the library itself is loaded when it is needed.
set(_root "${MILLGATE_DEPS}/duckdb")
find_path(MillgateDuckdb_INCLUDE_DIR duckdb.h PATHS "${_root}/include" NO_DEFAULT_PATH)
find_library(MillgateDuckdb_LIBRARY duckdb PATHS "${_root}/lib" NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  MillgateDuckdb REQUIRED_VARS MillgateDuckdb_INCLUDE_DIR MillgateDuckdb_LIBRARY
  REASON_FAILURE_MESSAGE "run scripts/setup, which unpacks it into .deps/duckdb")

set(MillgateDuckdb_LIBRARIES "${MillgateDuckdb_LIBRARY}")
# The version of duckdb.h, which says it nowhere.
file(STRINGS "${PROJECT_SOURCE_DIR}/scripts/pins" _pin REGEX "^sdist +duckdb==")
string(REGEX MATCH "duckdb==([0-9.]+)" _pin "${_pin}")
if(NOT TARGET DuckDB::headers)
  add_library(DuckDB::headers INTERFACE IMPORTED GLOBAL)
  target_include_directories(DuckDB::headers INTERFACE "${MillgateDuckdb_INCLUDE_DIR}")
  target_compile_definitions(DuckDB::headers
                             INTERFACE MILLGATE_DUCKDB_VERSION="${CMAKE_MATCH_1}")
endif()
