#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/notes.h"
#include "compile/approximate.h"
#include "compile/compile.h"
#include "study/images/picture_fit.h"
#include "study/policy.h"
#include "study/preprocessing.h"

namespace obscura::study {

/// Which network is evaluated on which images, and how.
struct EvaluationRequest {
  std::string network;            ///< an ONNX file
  std::filesystem::path against;  ///< the network that it was fitted from; empty: not compared
  std::string dataset = "mnist";
  std::filesystem::path data;  ///< folder of the data sets
  message::Mode mode = message::Mode::packed;
  std::size_t images_per_ciphertext = 1;
  compile::Budget budget;  ///< of keys and memory
  double relative_error = compile::CompileOptions().relative_error;
  std::size_t together = 0;           ///< as run_encrypted has it
  std::size_t limit = 0;              ///< images; 0: all
  std::optional<std::uint64_t> seed;  ///< draws them
  std::size_t threads = 0;            ///< 0: as many as the machine has
  PictureFit fit;
  bool labels = true;  ///< false: what pictures are does not matter, and their classes may be others than the network's
  StatedPreprocessing stated;
  bool mirrored = false;  ///< the network sees the mirror image beside the picture (nn/mirrored.h)
  PolicyWishes policy;
  std::filesystem::path journal;  ///< where what is done is kept, and continued from; empty: nowhere
  std::size_t stop_after = 0;     ///< for tests: end as if interrupted after so many images; 0: not
  Notes note;
  std::function<void(const compile::FitReport&)> on_fit;  ///< hears of activations that had to be fitted, if set
};

}  // namespace obscura::study
