# cmake --install: the programs, and the library for who builds on it, in components (docs/library.md):
#   find_package(Obscura COMPONENTS client server remote compiler shield attacks)
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(OBSCURA_CONFIG_FOLDER "${CMAKE_INSTALL_LIBDIR}/cmake/Obscura")

# obscura_component(<name> LIBRARIES floor... HEADERS entry...)   entries as in PublicHeaders.cmake
function(obscura_component name)
  cmake_parse_arguments(ARG "" "" "LIBRARIES;HEADERS" ${ARGN})
  set(targets ${ARG_LIBRARIES})
  list(TRANSFORM targets PREPEND obscura_)
  foreach(target ${targets})
    if(NOT TARGET ${target})
      return()
    endif()
    string(REGEX REPLACE "^obscura_" "" short ${target})
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${short})
    get_target_property(type ${target} TYPE)
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
      target_include_directories(${target} PUBLIC "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
      target_compile_features(${target} PUBLIC cxx_std_20)
    endif()
  endforeach()
  install(TARGETS ${targets} EXPORT Obscura-${name} ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT ${name})
  install(EXPORT Obscura-${name} NAMESPACE obscura:: DESTINATION "${OBSCURA_CONFIG_FOLDER}" COMPONENT ${name})
  set(out "${CMAKE_BINARY_DIR}/public/${name}")
  add_custom_target(obscura_headers_${name} ALL
    COMMAND "${CMAKE_COMMAND}" "-DSOURCE=${CMAKE_SOURCE_DIR}" "-DGENERATED=${CMAKE_BINARY_DIR}/generated" "-DOUT=${out}"
      "-DHEADERS=${ARG_HEADERS}" -P "${CMAKE_SOURCE_DIR}/cmake/PublicHeaders.cmake"
    VERBATIM)
  install(DIRECTORY "${out}/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT ${name})
  # Every component is enough by itself for find_package to say what is there.
  install(FILES "${CMAKE_BINARY_DIR}/ObscuraConfig.cmake" "${CMAKE_BINARY_DIR}/ObscuraConfigVersion.cmake"
    "${CMAKE_SOURCE_DIR}/cmake/ObscuraDependencies.cmake" DESTINATION "${OBSCURA_CONFIG_FOLDER}" COMPONENT ${name})
endfunction()

configure_package_config_file(cmake/ObscuraConfig.cmake.in "${CMAKE_BINARY_DIR}/ObscuraConfig.cmake"
  INSTALL_DESTINATION "${OBSCURA_CONFIG_FOLDER}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/ObscuraConfigVersion.cmake" COMPATIBILITY SameMinorVersion)

obscura_component(client LIBRARIES base tensor ring ckks secret message owner
  HEADERS obscura/bytes.h obscura/error.h obscura/owner.h obscura/ckks.h base tensor ring ckks secret message owner)
obscura_component(server LIBRARIES circuits program runtime
  HEADERS obscura/server.h obscura/circuits.h circuits program runtime)
obscura_component(remote LIBRARIES remote HEADERS obscura/remote.h remote/remote_error.h)
obscura_component(compiler LIBRARIES onnx nn compile HEADERS obscura/compile.h nn compile)
obscura_component(shield LIBRARIES image shield HEADERS obscura/shield.h image shield)
obscura_component(attacks LIBRARIES audit_randomness audit_pictures attacks
  HEADERS obscura/attacks.h audit/pairs/hill_key.h audit/scene/quality.h audit/pictures/similarity.h)

foreach(program obscura obscura-networks obscura-learning obscura-server obscura-trusted obscura-remote)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT programs)
  endif()
endforeach()
install(DIRECTORY models samples DESTINATION "${CMAKE_INSTALL_DATADIR}/obscura" COMPONENT programs
  FILES_MATCHING PATTERN "*.onnx" PATTERN "*.png" PATTERN "*.md")
