#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "compile/names.h"
#include "compile/weigh.h"
#include "nn/graph.h"
#include "program/magnitudes.h"
#include "program/program.h"

namespace obscura::compile {

/// Bits of precision that may be asked of logits.
inline constexpr double kLeastPrecisionBits = 4, kMostPrecisionBits = 24;

/// CompileOptions::relative_error of so many bits, 2^-bits. Throws UsageError unless they may be asked.
double relative_error_of(double precision_bits);

struct CompileOptions {
  Mode mode = Mode::packed;
  std::vector<std::vector<double>> samples =
      {};  ///< preprocessed images to measure ranges on; none: what the file says, else made up
  /// Wanted error of a logit (a standard deviation) over the largest logit; layouts may make it four times that.
  double relative_error = 0x1p-11;
  /// So many answers may be shown to others than the owner, flooded with noise (Owner::read with
  /// DecryptOptions::flood_queries); 0: answers are for the owner alone, which takes the least precision.
  std::uint64_t share = 0;
  /// Packed: images side by side in the slots of a query, a power of two; 0: as many as make the most images a second.
  std::size_t images_per_ciphertext = 1;
  /// Of a network of chunks: what is encrypted, and of policy features from which score on (message::Chunked). Hidden
  /// needs a graph that says how many chunks it looks at (Chunking::kept).
  message::Policy policy = message::Policy::all;
  ChunkScore score = ChunkScore::mean;
  double threshold = 100;
  Budget budget = {};  ///< plans over it are not taken
  /// Packed: whether clients may lay out the windows of the first layer, which tells them their size, stride and
  /// padding.
  bool windows = true;
};

/// How large values get on these images (preprocessed): to be kept as graph.calibration, for who compiles the network
/// and does not have them. Throws UnsupportedError like compile().
std::vector<double> calibration_numbers(const nn::Graph& graph, const std::vector<std::vector<double>>& samples);

/// Throws UsageError unless the policy is one that the network and the mode have: features and hidden need the mean
/// over chunks, features is packed, a threshold is a gradient.
void check_policy(const nn::Graph& graph, const CompileOptions& options);

/// Chooses everything and says why nothing was possible otherwise: UnsupportedError names the layer, or the budget. The
/// same network gives the same program again on the same machine. `sizes`, where it is wanted: how large values get, as
/// it was learnt for it.
Program compile(const nn::Graph& graph, const CompileOptions& options = {}, program::Magnitudes* sizes = nullptr);

/// The line of its report that says what fewer bits of precision would save; empty where little.
std::string cheaper_text(const Program& program);

/// For people: a table of the stages, the parameters and why, sizes and the predicted error. `measured`: seconds of
/// every stage, shown beside the prediction where there are any.
std::string report(const Program& program, const std::vector<double>& measured = {});

}  // namespace obscura::compile
