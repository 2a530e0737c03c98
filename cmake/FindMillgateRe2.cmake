# RE2, from Debian, as an archive whose symbols stay inside: Arrow's compute library brings another
# version of it and exports its symbols, and a destructor of one on an object of the other would
# corrupt memory. Target: re2::re2.
find_path(MillgateRe2_INCLUDE_DIR re2/re2.h)
find_library(MillgateRe2_LIBRARY libre2.a)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(MillgateRe2 REQUIRED_VARS MillgateRe2_INCLUDE_DIR
                                                            MillgateRe2_LIBRARY)

if(NOT TARGET re2::re2)
  add_library(re2::re2 STATIC IMPORTED GLOBAL)
  set_target_properties(re2::re2 PROPERTIES IMPORTED_LOCATION "${MillgateRe2_LIBRARY}"
                                            INTERFACE_INCLUDE_DIRECTORIES
                                            "${MillgateRe2_INCLUDE_DIR}"
                                            INTERFACE_LINK_OPTIONS
                                            "LINKER:--exclude-libs,libre2.a")
endif()
