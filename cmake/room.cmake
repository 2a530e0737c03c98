# millgate_room(NAME name DIR dir [DEPENDS room...] [LIBRARIES target...]
#               [PRIVATE_LIBRARIES target...] [TEST_LIBRARIES target...])
#
# Declares one room of the house: the static library millgate_<name> of every *.cc file in `dir`
# but *_test.cc, and the test program test_<name> of every *_test.cc file, several files compiled as
# one (scripts/units.py). DEPENDS names the rooms it may include, LIBRARIES what it uses from outside,
# PRIVATE_LIBRARIES what no header of it shows, TEST_LIBRARIES what only its tests do. A room that has
# no *.cc yet is skipped, and so are arrows to it, so that each room can be built from its first file.
set(MILLGATE_ROOMS "" CACHE INTERNAL "rooms that exist, in the order of their arrows")

find_program(MILLGATE_PYTHON python3 REQUIRED)
execute_process(COMMAND "${MILLGATE_PYTHON}" "${PROJECT_SOURCE_DIR}/scripts/units.py"
                        "${CMAKE_BINARY_DIR}" COMMAND_ERROR_IS_FATAL ANY)
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/source_folder.cc" CONTENT
"#include \"ground/source_folder.h\"
const char* const millgate::kSourceFolder = \"${PROJECT_SOURCE_DIR}\";
")

add_custom_target(unit_tests COMMENT "all test programs")

function(millgate_room)
  cmake_parse_arguments(ROOM "" "NAME;DIR" "DEPENDS;LIBRARIES;PRIVATE_LIBRARIES;TEST_LIBRARIES" ${ARGN})
  set(dir "${PROJECT_SOURCE_DIR}/${ROOM_DIR}")
  millgate_units(${ROOM_DIR} sources tests)
  if(NOT sources)
    message(STATUS "room ${ROOM_NAME}: no source file in ${ROOM_DIR} yet, skipped")
    return()
  endif()

  add_library(millgate_${ROOM_NAME} STATIC ${sources})
  target_include_directories(millgate_${ROOM_NAME} PUBLIC "${PROJECT_SOURCE_DIR}/engine")
  foreach(library IN LISTS ROOM_LIBRARIES)
    target_link_libraries(millgate_${ROOM_NAME} PUBLIC ${library})
  endforeach()
  target_link_libraries(millgate_${ROOM_NAME} PRIVATE ${ROOM_PRIVATE_LIBRARIES})
  foreach(room IN LISTS ROOM_DEPENDS)
    if(TARGET millgate_${room})
      target_link_libraries(millgate_${ROOM_NAME} PUBLIC millgate_${room})
    endif()
  endforeach()
  set(MILLGATE_ROOMS ${MILLGATE_ROOMS} ${ROOM_NAME} CACHE INTERNAL "")

  if(tests)
    millgate_test(${ROOM_NAME} ${tests})
    target_link_libraries(test_${ROOM_NAME} PRIVATE ${ROOM_TEST_LIBRARIES})
  endif()
endfunction()

# millgate_units(dir sources tests): the units of the folder `dir`, and those of its tests.
function(millgate_units dir sources tests)
  # A file that comes or goes makes CMake run again.
  file(GLOB all CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${dir}/*.cc")
  foreach(kind unit test)
    file(GLOB ${kind} CONFIGURE_DEPENDS "${CMAKE_BINARY_DIR}/units/${dir}/${kind}_*.cc")
  endforeach()
  set(${sources} ${unit} PARENT_SCOPE)
  set(${tests} ${test} PARENT_SCOPE)
endfunction()

# millgate_test(name source...): the program test_<name> of GoogleTest cases for millgate_<name>.
function(millgate_test name)
  add_executable(test_${name} ${ARGN} "${CMAKE_BINARY_DIR}/source_folder.cc")
  target_link_libraries(test_${name} PRIVATE millgate_${name} GTest::gmock_main)
  # A test file is compiled more often than its loops are long: a fifth less time than with -O2.
  target_compile_options(test_${name} PRIVATE -O1)
  # One entry a room: starting a program for each case costs more than most cases.
  # scripts/test counts the cases in the XML files.
  add_test(NAME test_${name}
           COMMAND test_${name} --gtest_output=xml:${CMAKE_BINARY_DIR}/results/test_${name}.xml)
  # Threads of LightGBM that wait must not spin: several programs run side by side.
  set_tests_properties(test_${name} PROPERTIES LABELS unit TIMEOUT 900
                                               ENVIRONMENT OMP_WAIT_POLICY=passive)
  add_dependencies(unit_tests test_${name})
endfunction()
