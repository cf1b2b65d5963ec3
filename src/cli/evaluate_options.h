#pragma once

#include <filesystem>

#include "cli/option_table.h"
#include "study/evaluate/request.h"
#include "study/learning/evaluate_pictures.h"

/// The options of `evaluate`, which tests two kinds of networks, and galleries.
namespace obscura::cli {

/// What reads an option. kStatesOnnx and kMakesKey are parts of the first two with a reason of their own; kAsksOnnx is
/// for ONNX networks and for galleries.
enum EvaluateMode {
  kEvaluatesOnnx = 1,
  kEvaluatesPictures = 2,
  kStatesOnnx = 3,
  kMakesKey = 4,
  kEvaluatesGallery = 5,
  kAsksOnnx = 6
};

struct EvaluateArguments {
  study::EvaluationRequest request;
  study::PictureEvaluation pictures;
  std::filesystem::path network, out, report;
  std::filesystem::path gallery;
  std::string distance;          ///< of a gallery
  std::filesystem::path resume;  ///< the journal as asked
  std::filesystem::path data;
  std::string dataset = "mnist";
  std::string mode;    ///< empty: what is evaluated has a default of its own
  std::string colour;  ///< what an ONNX network reads
  std::size_t limit = 0;
  std::size_t threads = 0;
  bool simulate = false;
  bool json = false;
  bool force = false;

  bool measures_gallery() const { return !gallery.empty(); }
  bool reads_pictures() const { return network.extension() == ".safetensors"; }
};

const OptionTable<EvaluateArguments>& evaluate_options();

}  // namespace obscura::cli
