# The outside libraries of each component, all from Debian 12's packages: for the project itself, and, installed beside
# ObscuraConfig.cmake, for who links it. One macro a component; a second call does nothing.

macro(obscura_dependencies_client)
  find_package(Threads REQUIRED)
  find_package(PkgConfig REQUIRED)
  if(NOT TARGET PkgConfig::SODIUM)
    pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
  endif()
endmacro()

macro(obscura_dependencies_server)
  find_package(fmt REQUIRED)
  if(NOT TARGET PkgConfig::ZSTD)
    pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
  endif()
endmacro()

# OpenCV's small packages carry no CMake config: headers and libraries by hand.
function(obscura_opencv module)
  if(TARGET opencv_${module})
    return()
  endif()
  find_path(OPENCV_INCLUDE opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
  find_library(OPENCV_${module}_LIBRARY opencv_${module} REQUIRED)
  add_library(opencv_${module} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(opencv_${module} PROPERTIES IMPORTED_LOCATION "${OPENCV_${module}_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${OPENCV_INCLUDE}")
endfunction()

macro(obscura_dependencies_compiler)
  obscura_opencv(core)
  obscura_opencv(dnn)
  find_package(Protobuf REQUIRED)
  find_package(ONNX CONFIG REQUIRED)
endmacro()

# Pictures are read by their formats' own libraries: what is missing in a file is an error, not a warning.
macro(obscura_dependencies_shield)
  find_package(fmt REQUIRED)
  obscura_opencv(core)
  obscura_opencv(imgproc)
  find_package(JPEG REQUIRED)
  find_package(PNG REQUIRED)
  find_package(ZLIB REQUIRED)
  find_package(nlohmann_json REQUIRED)
  if(NOT TARGET PkgConfig::WEBP)
    pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp libwebpdemux)
  endif()
  if(OBSCURA_TIFF AND NOT TARGET PkgConfig::TIFF)
    pkg_check_modules(TIFF REQUIRED IMPORTED_TARGET libtiff-4>=4.5)
  endif()
endmacro()

macro(obscura_dependencies_attacks)
  find_package(Eigen3 REQUIRED NO_MODULE)
endmacro()
