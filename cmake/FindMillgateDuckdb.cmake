# DuckDB through its C interface, unpacked by scripts/setup into .deps/duckdb.
# Target: DuckDB::duckdb.
set(_root "${MILLGATE_DEPS}/duckdb")
find_path(MillgateDuckdb_INCLUDE_DIR duckdb.h PATHS "${_root}/include" NO_DEFAULT_PATH)
find_library(MillgateDuckdb_LIBRARY duckdb PATHS "${_root}/lib" NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  MillgateDuckdb REQUIRED_VARS MillgateDuckdb_INCLUDE_DIR MillgateDuckdb_LIBRARY
  REASON_FAILURE_MESSAGE "run scripts/setup, which unpacks it into .deps/duckdb")

set(MillgateDuckdb_LIBRARIES "${MillgateDuckdb_LIBRARY}")
if(NOT TARGET DuckDB::duckdb)
  add_library(DuckDB::duckdb SHARED IMPORTED GLOBAL)
  set_target_properties(
    DuckDB::duckdb PROPERTIES IMPORTED_LOCATION "${MillgateDuckdb_LIBRARY}"
                              INTERFACE_INCLUDE_DIRECTORIES "${MillgateDuckdb_INCLUDE_DIR}")
endif()
