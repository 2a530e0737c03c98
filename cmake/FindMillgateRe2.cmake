# RE2, from Debian, as an archive whose symbols stay inside: Arrow's compute library brings another
# version of it and exports its symbols, and a destructor of one on an object of the other would
# corrupt memory. Target: re2::re2.
find_path(MillgateRe2_INCLUDE_DIR re2/re2.h)
find_library(MillgateRe2_LIBRARY libre2.a)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(MillgateRe2 REQUIRED_VARS MillgateRe2_INCLUDE_DIR
                                                            MillgateRe2_LIBRARY)

# The whole archive, because what is left out of it the linker would take from Arrow's library.
if(NOT TARGET re2::re2)
  add_library(re2::re2 INTERFACE IMPORTED GLOBAL)
  target_include_directories(re2::re2 INTERFACE "${MillgateRe2_INCLUDE_DIR}")
  target_link_options(
    re2::re2 INTERFACE "LINKER:--exclude-libs,libre2.a"
    "LINKER:--whole-archive,${MillgateRe2_LIBRARY},--no-whole-archive")
endif()
