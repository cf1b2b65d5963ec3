#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "compile/approximate_minimax.h"
#include "nn/graph.h"

namespace obscura::compile {

/// What the outputs of a node were on sample images, all channels and places together.
struct NodeRange {
  std::size_t count = 0;  ///< values seen; 0: nothing is known
  double low = 0;         ///< the smallest
  double high = 0;        ///< the largest
  double mean = 0;
  double rms = 0;
  std::vector<double> quantiles;  ///< 257, evenly spaced from the smallest to the largest of 8192 drawn values
};

/// Runs the network in the clear on every sample (preprocessed pixels, as nn::run_reference takes) and measures every
/// node, in the graph's order. The same samples give the same result, with or without a pool.
/// Throws MismatchError for no samples or one of another size, UnsupportedError for a layer whose values are not
/// finite.
std::vector<NodeRange> calibrate(const nn::Graph& graph, const std::vector<std::vector<float>>& samples,
                                 ThreadPool* pool = nullptr);

struct FitOptions {
  enum class Method {
    minimax,       ///< the smallest largest error on the range
    least_squares  ///< the smallest error on the values that were seen, of the degree that minimax would take
  };
  Method method = Method::least_squares;
  double margin = 1.2;           ///< the fitted range is that of the samples, times this about its middle
  double tail = 0;               ///< share of the values that is cut off at each end before that
  double relative_error = 5e-3;  ///< wanted largest error of minimax over the span of the function's values there
  std::size_t max_degree = 15;   ///< taken where no degree reaches that, as for a ReLU
  /// Takes the largest degree of as many levels as the smallest one that is good enough: no more depth, a few products.
  bool whole_levels = true;
  /// A range and coefficients for every channel, of one degree for all; fit_activations_in_turn only. Much closer, for
  /// channels differ; a channel's range is at least a quarter of its layer's.
  bool channelwise = true;
  double channel_margin = 1.5;  ///< the margin of a channel's range, which fewer values show
  /// What becomes of ReLU and LeakyReLU (others that are made of them: compile/relu_sums.h): a fitted polynomial like
  /// the others, or x (1 + sign x) / 2 with a composite minimax sign (compile/composite.h), which is off by
  /// 2^-relu_bits of the largest value of its range and takes that many levels and one or two.
  enum class Relu { fitted, composite };
  Relu relu = Relu::fitted;
  double relu_bits = 8;
};

/// One activation and the polynomial in its place.
struct FittedLayer {
  std::string name;             ///< of the layer
  std::string function;         ///< "ReLU", ...
  std::size_t input = 0;        ///< node of the fitted graph whose outputs the range is about
  Range seen;                   ///< of the samples
  Range fitted;                 ///< what the polynomial is good for
  std::vector<Range> channels;  ///< the same a channel; empty: `fitted` for all
  std::size_t degree = 0;
  double max_error = 0;  ///< on the fitted range
  double rms_error = 0;  ///< on the values that were seen
  bool reached = true;   ///< whether minimax of that degree has the wanted error
  /// Of a composite sign, the first applied first; then `degree` is that of all of them and the product together.
  std::vector<std::size_t> composite = {};
  std::string degree_text() const;  ///< "15"; "7 x 15" of a composite
  std::size_t levels()
      const;  ///< ceil(log2(degree + 1)), of a quadratic 1; of a composite all of its own and one for the product
};

struct FitReport {
  std::vector<FittedLayer> layers;
  /// A table for people, one line a layer; empty where nothing was fitted.
  std::string text() const;
};

/// The network with every Activation replaced by a polynomial of the smallest degree that reaches the wanted error on
/// the layer's range: up to degree 2 a Polynomial in powers of x, which the compiler folds into its neighbours, above a
/// BatchNorm that brings the range to [-1, 1] and a Polynomial in the Chebyshev basis. A composite ReLU is a BatchNorm
/// that brings the range to [-1, 1], a Polynomial for each of its polynomials, a Product with the former, and a
/// BatchNorm that takes the range back. Other layers stay as they are. `ranges`: calibrate() of the same graph. Throws
/// MismatchError if it is of another or lacks samples, ParameterError for impossible options. Thread-safe.
nn::Graph fit_activations(const nn::Graph& graph, const std::vector<NodeRange>& ranges, const FitOptions& options,
                          FitReport* report = nullptr);

/// As above, layer after layer: every polynomial is fitted by least squares to what the exact network makes of the
/// samples, on what the layers before it, already replaced, hand over; so it makes up for some of their error. Ranges
/// are those of both networks. The largest difference of an output of both on the samples is kept as the result's
/// origin.fit_error. Memory: the values of all samples at the widest place of the network, twice.
/// Throws as calibrate and fit_activations. The same samples give the same result, with or without a pool.
nn::Graph fit_activations_in_turn(const nn::Graph& graph, const std::vector<std::vector<float>>& samples,
                                  const FitOptions& options, FitReport* report = nullptr, ThreadPool* pool = nullptr);

/// True if the network has an activation that must be fitted before it can be compiled.
bool needs_fitting(const nn::Graph& graph);

/// How many inputs of fitted polynomials lie outside of their ranges for one image, where the outputs are worthless.
/// `fitted` and `report`: as fit_activations made them. Throws MismatchError for an image of another size. Thread-safe.
std::size_t out_of_range(const nn::Graph& fitted, const FitReport& report, std::span<const float> image);

/// The same for the exact network: how many inputs of activations lie outside of what the samples showed, times margin.
std::size_t out_of_range(const nn::Graph& graph, const std::vector<NodeRange>& ranges, std::span<const float> image,
                         double margin = 1.2);

}  // namespace obscura::compile
