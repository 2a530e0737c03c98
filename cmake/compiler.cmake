# How everything is compiled and linked.
option(MILLGATE_SANITIZE "Find errors at run time with AddressSanitizer and UBSan" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# -g1: functions and lines for backtraces, without what makes links slow. Assertions stay.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

add_compile_options(
  -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
  -Wduplicated-cond -Wlogical-op -Wformat=2 -Wimplicit-fallthrough -Wextra-semi -Wunused -Wundef)
# g++ 12 gives false alarms of these inside the standard library when it inlines.
add_compile_options(-Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds
                    -Wno-stringop-overflow -Wno-stringop-overread)

# Of what a *.cc file declares for itself, as if it were a header: files are compiled in units.
add_compile_options(-Wno-subobject-linkage)
# g++ collects garbage less often, a tenth of its time; a unit takes more memory than this anyway.
add_compile_options("SHELL:--param ggc-min-heapsize=1048576")

if(MILLGATE_SANITIZE)
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

find_program(MILLGATE_CCACHE ccache)
if(MILLGATE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${MILLGATE_CCACHE}")
endif()
find_program(MILLGATE_MOLD mold)
if(MILLGATE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Programs look for libraries in lib/ beside themselves: build/ can be moved or copied, and holds
# all that an installation needs. Arrow's own libraries find each other there by their $ORIGIN.
# By the older of two kinds of such a path, which holds for libraries of libraries too: a package may
# carry the system's, which know of no folder of ours.
add_link_options(LINKER:--disable-new-dtags)
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_INSTALL_RPATH "$ORIGIN/lib" "$ORIGIN/../lib")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
