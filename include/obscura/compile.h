#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "obscura/bytes.h"
#include "obscura/error.h"

/// From an ONNX file to a program. Component `compiler`; needs ONNX and OpenCV's dnn.
namespace obscura {

/// What a network is compiled for.
struct Wishes {
  bool batched = false;              ///< thousands of images a query, one a slot; else one, at the lowest latency
  std::size_t images_per_query = 1;  ///< not batched: side by side in the slots, a power of two
  double relative_error = 0x1p-11;   ///< of a logit over the largest logit
  std::uint64_t share = 0;           ///< answers that may be shown to others than the owner; 0: none
  /// Images to measure ranges on, preprocessed, channels x height x width each; none: what the file says of its ranges.
  std::vector<std::vector<double>> samples = {};
};

/// The two files that a compilation makes, and what it says of them.
struct Compiled {
  Bytes program;       ///< server.program: the weights are in it, in the clear
  Bytes client_spec;   ///< client.spec: no weight, for owners
  std::string report;  ///< for people: parameters and why, stages, sizes, predicted time and error
};

/// Throws FormatError or IoError for a file that is no network, UnsupportedError that names the layer for one that
/// cannot run on ciphertexts. Thread-safe.
Compiled compile_network(const std::filesystem::path& onnx, const Wishes& wishes = {});

}  // namespace obscura
