# Every outside library, all from Debian 12's packages (see docs/dependencies in README).
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
find_package(ZLIB REQUIRED)
# Pictures are read by their formats' own libraries: what is missing in a file is an error, not a warning.
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp libwebpdemux)
pkg_check_modules(TIFF REQUIRED IMPORTED_TARGET libtiff-4>=4.5)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)

# OpenCV's small packages carry no CMake config: headers and libraries by hand.
find_path(OPENCV_INCLUDE opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
function(obscura_opencv module)
  find_library(OPENCV_${module}_LIBRARY opencv_${module} REQUIRED)
  add_library(opencv_${module} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(opencv_${module} PROPERTIES IMPORTED_LOCATION "${OPENCV_${module}_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${OPENCV_INCLUDE}")
endfunction()
foreach(module core imgproc imgcodecs dnn)
  obscura_opencv(${module})
endforeach()

find_package(Protobuf REQUIRED)
find_package(ONNX CONFIG REQUIRED)
add_library(obscura_onnx INTERFACE)
target_compile_definitions(obscura_onnx INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(obscura_onnx INTERFACE onnx onnx_proto protobuf::libprotobuf)

find_package(Torch REQUIRED)
add_library(obscura_torch INTERFACE)
target_include_directories(obscura_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(obscura_torch INTERFACE ${TORCH_LIBRARIES})

# Independent big-integer reference, for tests only.
find_library(GMP_LIBRARY gmp REQUIRED)
find_library(GMPXX_LIBRARY gmpxx REQUIRED)
