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
  set_property(GLOBAL APPEND PROPERTY OBSCURA_INSTALLED obscura_headers_${name} ${targets})
  install(DIRECTORY "${out}/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT ${name})
  # Every component is enough by itself for find_package to say what is there.
  install(FILES "${CMAKE_BINARY_DIR}/ObscuraConfig.cmake" "${CMAKE_BINARY_DIR}/ObscuraConfigVersion.cmake"
    "${CMAKE_SOURCE_DIR}/cmake/ObscuraDependencies.cmake" DESTINATION "${OBSCURA_CONFIG_FOLDER}" COMPONENT ${name})
endfunction()

configure_package_config_file(cmake/ObscuraConfig.cmake.in "${CMAKE_BINARY_DIR}/ObscuraConfig.cmake"
  INSTALL_DESTINATION "${OBSCURA_CONFIG_FOLDER}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/ObscuraConfigVersion.cmake" COMPATIBILITY SameMinorVersion)

set(client base tensor ring ckks secret message owner)
set(server circuits program runtime)
set(remote remote)
set(compiler onnx nn compile)
set(shield image shield)
set(attacks audit_randomness audit_pictures attacks)
obscura_component(client LIBRARIES ${client}
  HEADERS obscura/bytes.h obscura/error.h obscura/owner.h obscura/ckks.h base tensor ring ckks secret message owner)
obscura_component(server LIBRARIES ${server} HEADERS obscura/server.h obscura/circuits.h circuits program runtime)
obscura_component(remote LIBRARIES ${remote} HEADERS obscura/remote.h remote/remote_error.h)
obscura_component(compiler LIBRARIES ${compiler} HEADERS obscura/compile.h nn compile)
obscura_component(shield LIBRARIES ${shield} HEADERS obscura/shield.h image shield)
obscura_component(attacks LIBRARIES ${attacks}
  HEADERS obscura/attacks.h audit/pairs/hill_key.h audit/scene/quality.h audit/pictures/similarity.h)

include(PkgConfig)
obscura_pkgconfig(client TEXT "keys, queries and answers of encrypted images, and the CKKS scheme" LIBRARIES ${client}
  REQUIRES libsodium LIBS -pthread)
obscura_pkgconfig(server TEXT "compiled networks run on ciphertexts, without a way to decrypt" LIBRARIES ${server}
  WITH client REQUIRES libzstd fmt)
obscura_pkgconfig(remote TEXT "the owner's client of an Obscura service" LIBRARIES ${remote} WITH client
  REQUIRES libcurl fmt)
obscura_pkgconfig(compiler TEXT "ONNX networks to programs that run on ciphertexts" LIBRARIES ${compiler}
  WITH server client REQUIRES protobuf fmt LIBS -lonnx -lonnx_proto -lopencv_dnn -lopencv_core)
set(tiff)
if(OBSCURA_TIFF)
  set(tiff libtiff-4)
endif()
obscura_pkgconfig(shield TEXT "keyed transforms of pictures that networks can learn from" LIBRARIES ${shield}
  WITH client REQUIRES fmt libjpeg libpng libwebp libwebpdemux zlib ${tiff} LIBS -lopencv_imgproc -lopencv_core)
obscura_pkgconfig(attacks TEXT "attacks on shields" LIBRARIES ${attacks} WITH shield client)

# The program, and the parts that it becomes (cli/tiers.h): nobody calls those by name. What serves and what learns are
# components of their own, for their libraries' sake.
set(OBSCURA_PARTS_FOLDER "${CMAKE_INSTALL_LIBEXECDIR}/obscura")
install(TARGETS obscura RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT programs)
set_property(GLOBAL APPEND PROPERTY OBSCURA_INSTALLED obscura)
function(obscura_parts component)
  foreach(program ${ARGN})
    if(TARGET ${program})
      install(TARGETS ${program} RUNTIME DESTINATION "${OBSCURA_PARTS_FOLDER}" COMPONENT ${component})
      set_property(GLOBAL APPEND PROPERTY OBSCURA_INSTALLED ${program})
    endif()
  endforeach()
endfunction()
obscura_parts(programs obscura-networks obscura-remote)
obscura_parts(service obscura-server obscura-trusted)
# The page of serve --web, where ./dev web has made it.
install(DIRECTORY "${CMAKE_SOURCE_DIR}/build/web/site" DESTINATION "${CMAKE_INSTALL_DATADIR}/obscura/web"
  COMPONENT service OPTIONAL)
obscura_parts(learning obscura-learning)
install(DIRECTORY models samples DESTINATION "${CMAKE_INSTALL_DATADIR}/obscura" COMPONENT programs
  FILES_MATCHING PATTERN "*.onnx" PATTERN "*.png" PATTERN "*.md")

# The Python package, where Debian's Python looks; what loads LibTorch is a component of its own.
if(TARGET obscura_python)
  set(OBSCURA_PYTHON_FOLDER lib/python3/dist-packages/obscura CACHE STRING "Where the Python package is installed")
  get_target_property(modules obscura_python MANUALLY_ADDED_DEPENDENCIES)
  foreach(module ${modules})
    get_target_property(type ${module} TYPE)
    if(type STREQUAL "MODULE_LIBRARY")
      set(component python)
      if(module STREQUAL "python_audit_attack")
        set(component python_learning)
      endif()
      install(TARGETS ${module} LIBRARY DESTINATION "${OBSCURA_PYTHON_FOLDER}" COMPONENT ${component})
    endif()
  endforeach()
  install(DIRECTORY python/obscura/ DESTINATION "${OBSCURA_PYTHON_FOLDER}" COMPONENT python
    FILES_MATCHING PATTERN "*.py" PATTERN "*.pyi" PATTERN "py.typed" PATTERN "__pycache__" EXCLUDE)
endif()
