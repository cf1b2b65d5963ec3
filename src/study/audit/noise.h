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
#include "base/parallel.h"
#include "compile/approximate.h"
#include "compile/compile.h"
#include "nn/graph.h"
#include "study/audit/noise_statistics.h"
#include "study/images/picture_fit.h"
#include "study/policy.h"
#include "study/preprocessing.h"

/// `obscura audit noise`: an encrypted run followed stage by stage by who holds its key, against the same stages in the
/// clear. For owners and makers of networks on their own machine: exact errors tell the key, which is thrown away.
namespace obscura::study {

struct NoiseAuditOptions {
  std::string network;            ///< an ONNX file
  std::string dataset = "mnist";  ///< whose test images are run, where no images are named
  std::filesystem::path data;     ///< folder of the data sets
  std::vector<std::filesystem::path> images;
  message::Mode mode = message::Mode::packed;
  std::size_t images_per_ciphertext = 1;
  std::size_t count = 0;              ///< images; 0: kPackedNoiseImages or kBatchedNoiseImages
  std::optional<std::uint64_t> seed;  ///< draws them from all
  std::size_t threads = 0;            ///< 0: as many as the machine has
  PictureFit fit;
  StatedPreprocessing stated;
  PolicyWishes policy;
};

inline constexpr std::size_t kPackedNoiseImages = 16, kBatchedNoiseImages = 256;

/// What was predicted and measured of one stage, in units of its values.
struct StageNoise {
  std::string name;
  std::size_t values = 0;  ///< of one image
  double predicted = 0;    ///< standard deviation
  double measured = 0;     ///< over all values and images
  DeviationInterval interval;
  double mean = 0;             ///< of the errors
  double largest = 0;          ///< error
  double value_deviation = 0;  ///< root of the mean square of the values themselves
  Standing standing = Standing::open;

  double ratio() const { return predicted > 0 ? measured / predicted : 0; }
  /// log2 of the values' root mean square over that of the errors.
  double bits() const;
};

struct NoiseAudit {
  message::ClientSpec client;
  std::size_t images = 0;
  std::string selection;  ///< which images
  /// "encryption" (not of pictures in chunks), every stage that was followed, and "logits" as they are sent.
  std::vector<StageNoise> stages;
  double seconds = 0;  ///< of the encrypted runs

  bool holds() const;  ///< no prediction is exceeded
};

/// Compiles and runs. Throws as reading, fitting, compiling and running do.
NoiseAudit audit_noise(const NoiseAuditOptions& options, const Notes& note,
                       const std::function<void(const compile::FitReport&)>& on_fit, bool progress);

/// The same of a program that was compiled from this network, whose stage_errors are what is judged, on preprocessed
/// images.
NoiseAudit trace_noise(const nn::Graph& graph, program::Program program, const std::vector<std::vector<float>>& images,
                       ThreadPool& pool, bool progress);

/// The object that docs/cli.md describes.
nlohmann::ordered_json noise_audit_json(const NoiseAudit& audit, const NoiseAuditOptions& options,
                                        const std::string& command);

}  // namespace obscura::study
