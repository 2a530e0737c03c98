# hiredis, the C client of Redis, unpacked by scripts/setup into .deps/hiredis as source: Debian's is
# too old for TLS. Target: Hiredis::hiredis, headers as <hiredis.h>.
enable_language(C)
set(_root "${MILLGATE_DEPS}/hiredis")
find_path(MillgateHiredis_INCLUDE_DIR hiredis.h PATHS "${_root}" NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  MillgateHiredis REQUIRED_VARS MillgateHiredis_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "run scripts/setup, which unpacks it into .deps/hiredis")

if(NOT TARGET Hiredis::hiredis)
  set(_sources alloc.c async.c hiredis.c net.c read.c sds.c ssl.c)
  list(TRANSFORM _sources PREPEND "${MillgateHiredis_INCLUDE_DIR}/")
  add_library(millgate_hiredis STATIC ${_sources})
  target_include_directories(millgate_hiredis SYSTEM PUBLIC "${MillgateHiredis_INCLUDE_DIR}")
  # None of the options of our own code.
  set_target_properties(millgate_hiredis PROPERTIES COMPILE_OPTIONS -w)
  target_link_libraries(millgate_hiredis PUBLIC OpenSSL::SSL)
  add_library(Hiredis::hiredis ALIAS millgate_hiredis)
endif()
