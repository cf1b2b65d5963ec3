# A pkg-config file for each component of the library, beside its CMake package: obscura-client.pc and its kin say what
# find_package(Obscura) says, for builds without CMake.

# obscura_pkgconfig(<component> TEXT what-it-is LIBRARIES floor... [WITH component...] [REQUIRES module...] [LIBS flag...])
# LIBRARIES as in obscura_component, lowest floor first. WITH: components that it is built on. REQUIRES: outside modules
# of pkg-config; LIBS: outside libraries that have no such file. All of it is public, and not Libs.private: the archives
# are static, so whoever links them needs the rest as well.
function(obscura_pkgconfig component)
  cmake_parse_arguments(ARG "" "TEXT" "LIBRARIES;WITH;REQUIRES;LIBS" ${ARGN})
  set(libs "")
  foreach(library ${ARG_LIBRARIES})
    if(NOT TARGET obscura_${library})
      return()
    endif()
    get_target_property(type obscura_${library} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      list(PREPEND libs "-lobscura_${library}")  # who uses comes before what is used
    endif()
  endforeach()
  list(APPEND libs ${ARG_LIBS})
  list(TRANSFORM ARG_WITH REPLACE "(.+)" "obscura-\\1 = ${PROJECT_VERSION}" OUTPUT_VARIABLE requires)
  list(APPEND requires ${ARG_REQUIRES})
  list(JOIN libs " " PC_LIBS)
  list(JOIN requires ", " PC_REQUIRES)
  set(PC_NAME "obscura-${component}")
  set(PC_DESCRIPTION "${ARG_TEXT}")
  # The folder above lib/pkgconfig, wherever the tree was put.
  file(RELATIVE_PATH PC_UP "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" PC_UP "${PC_UP}")
  set(file "${CMAKE_BINARY_DIR}/pkgconfig/${PC_NAME}.pc")
  configure_file("${CMAKE_SOURCE_DIR}/cmake/component.pc.in" "${file}" @ONLY)
  install(FILES "${file}" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT ${component})
endfunction()
