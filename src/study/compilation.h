#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/notes.h"
#include "compile/approximate.h"
#include "compile/compile.h"
#include "compile/failure.h"
#include "nn/graph.h"
#include "study/images/picture_fit.h"
#include "study/policy.h"
#include "study/preprocessing.h"
#include "study/relu_choice.h"

/// The server's side: a program made of a network, once.
namespace obscura::study {

struct CompilationRequest {
  std::string network;  ///< an ONNX file
  std::string input;    ///< "1x28x28", for one that takes numbers; empty: as the file says
  compile::CompileOptions options;
  std::string calibrate;  ///< data set on whose images ranges are measured and activations fitted; empty: neither
  PictureFit fit;         ///< of those images
  /// Images to measure ranges on in place of a data set's, preprocessed for the network.
  std::vector<std::vector<float>> samples;
  std::size_t max_degree = compile::FitOptions().max_degree;
  ReluChoice relu = ReluChoice::fitted;                ///< what becomes of ReLUs
  double relu_bits = compile::FitOptions().relu_bits;  ///< of composite signs
  std::filesystem::path data;                          ///< folder of the data sets
  StatedPreprocessing stated;
  bool mirrored = false;  ///< the network sees the mirror image beside the picture (nn/mirrored.h)
  PolicyWishes policy;
  std::filesystem::path save;  ///< where the network goes as it is used here; empty: nowhere
  std::filesystem::path out;   ///< folder for server.program and client.spec; empty: nowhere
  bool measure = false;        ///< run one encrypted query, and tell what every stage took on one thread
  Notes note;
  std::function<void(const compile::FitReport&)> on_fit;     ///< hears of activations that were fitted, if set
  std::function<void(const ReluComparison&)> on_comparison;  ///< hears of the ways that ReLUs were compared in, if set
};

struct Compilation {
  nn::Graph graph;  ///< as it was compiled
  program::Program program;
  compile::Failure failure;                           ///< how often decryption fails
  std::vector<double> measured;                       ///< seconds of each stage; empty: not measured
  double slowdown = 0;                                ///< see machine_slowdown(); 0: measured, or batched
  double seconds = 0;                                 ///< of compiling
  std::optional<ReluComparison> relu = std::nullopt;  ///< where the ways were compared
};

/// Nothing is written that does not run. Throws as reading, fitting and compiling do.
Compilation compile_program(const CompilationRequest& request);

/// Writes `save`: the network with what is stated of preprocessing and classes, and of the image that its numbers are.
/// Nothing is compiled: for networks that `convert` takes, or that make vectors in the clear. Throws UsageError where
/// nothing is stated, and as reading does.
nn::Graph state_network(const CompilationRequest& request);

/// The object that docs/cli.md describes.
nlohmann::ordered_json compilation_json(const CompilationRequest& request, const Compilation& done);

}  // namespace obscura::study
