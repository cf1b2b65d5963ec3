#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "nn/activation.h"
#include "tensor/chunking.h"
#include "tensor/decision.h"
#include "tensor/preprocessing.h"
#include "tensor/shape.h"

namespace obscura::nn {

/// The image itself; always node 0.
struct Input {};

/// Cross-correlation as ONNX Conv: weights [out][in / groups][kernel_h][kernel_w], bias [out] (empty: zero).
struct Conv2d {
  std::size_t out_channels = 0;
  std::size_t groups = 1;
  std::array<std::size_t, 2> kernel{1, 1};  // height, width
  std::array<std::size_t, 2> stride{1, 1};
  std::array<std::size_t, 2> dilation{1, 1};
  std::array<std::size_t, 4> padding{0, 0, 0, 0};  // top, left, bottom, right; zeros
  std::vector<float> weights;
  std::vector<float> bias;
};

/// ONNX AveragePool; a global average pool is one whose kernel is the whole image.
struct AvgPool {
  std::array<std::size_t, 2> kernel{1, 1};
  std::array<std::size_t, 2> stride{1, 1};
  std::array<std::size_t, 4> padding{0, 0, 0, 0};
  bool count_include_pad = false;
};

/// ONNX MaxPool; rows and columns that fill no window are left out, and padding counts as smaller than everything. It
/// runs in the clear only: the compiler refuses it.
struct MaxPool {
  std::array<std::size_t, 2> kernel{1, 1};
  std::array<std::size_t, 2> stride{1, 1};
  std::array<std::size_t, 4> padding{0, 0, 0, 0};  // top, left, bottom, right
};

/// y = scale[c] * x + shift[c], a channel at a time: a batch normalisation with frozen statistics.
struct BatchNorm {
  std::vector<float> scale;
  std::vector<float> shift;
};

/// Row-major (channel, row, column) to a flat vector.
struct Flatten {};

/// y = W x + b with W [out][in], in the order of Flatten.
struct Linear {
  std::size_t out_features = 0;
  std::vector<float> weights;
  std::vector<float> bias;
};

struct Square {};

/// y = sum_i coefficients[c][i] b_i(x); one row for all channels or one a channel.
struct Polynomial {
  /// What the coefficients count: b_i(x) = x^i, or the Chebyshev polynomial T_i(x), for an x in [-1, 1].
  enum class Basis { monomial, chebyshev };
  std::vector<std::vector<double>> coefficients;
  Basis basis = Basis::monomial;
};

/// The same polynomial in powers of x, a row or a row a channel, in double precision: what is lost to cancellation
/// is about 2^degree times the rounding of one coefficient.
std::vector<std::vector<double>> monomial_coefficients(const Polynomial& polynomial);

/// One row of coefficients at x: Horner's rule, or Clenshaw's recurrence.
double evaluate_row(const Polynomial& polynomial, std::size_t row, double x);

/// Sum of two tensors of equal shape.
struct Add {};

/// Product of two tensors of equal shape, value by value. Encrypted, one that is the other behind polynomials is a
/// stage of its own (compile/gates.h); of two branches it is made of squares (compile/stages.h).
struct Product {};

/// Two or more tensors of equal height and width, one behind the other along the channels.
struct Concat {};

/// Rows and columns around the image. Padding by zeros before a convolution is part of that convolution.
struct Pad {
  enum class Mode {
    constant,  ///< `value` everywhere
    reflect,  ///< mirrored at the outermost row or column, which is not repeated: less padding than the side has values
    edge      ///< the outermost row or column repeated
  };
  std::array<std::size_t, 4> padding{0, 0, 0, 0};  // top, left, bottom, right
  Mode mode = Mode::constant;
  float value = 0.0F;
};

/// Every value of the output is one value of the input, or a constant: slices, crops, flips, shuffles of channels or
/// pixels, added channels of zeros, repeated pixels.
struct Rearrange {
  Shape output;
  std::vector<std::int32_t> source;  ///< by value of the output, row-major: its place in the input, or kFill
  float fill = 0.0F;                 ///< what stands where the source is kFill
  static constexpr std::int32_t kFill = -1;
};

/// In a network of chunks (Graph::chunks): what the layers before it made of each chunk becomes one value for the whole
/// picture.
struct Merge {
  enum class Kind {
    mean,   ///< over the chunks: whatever their order
    concat  ///< one chunk's values behind the other's, in the order of the picture, as a flat vector
  };
  Kind kind = Kind::mean;
  std::size_t count = 1;  ///< concat: chunks
};

using Layer = std::variant<Input, Conv2d, AvgPool, BatchNorm, Flatten, Linear, Square, Polynomial, Add, Concat, Pad,
                           Rearrange, Activation, Merge, MaxPool, Product>;

/// The layer's name as a user knows it: "Conv2d", "AvgPool", ..., and the function's for an Activation: "ReLU", ...
std::string layer_name(const Layer& layer);

struct Node {
  std::string name;  // as in the ONNX file, or made up
  Layer layer;
  std::vector<std::size_t> inputs;  // indices of earlier nodes
  Shape shape;                      // of the output
  bool merged = false;              // in a network of chunks: one value a picture; else one a chunk
};

/// Where a network comes from whose activations were replaced by polynomials.
struct Origin {
  std::string name;    ///< the file of the network that was fitted; empty: nothing was fitted, or nobody knows
  std::string sha256;  ///< of that file, 64 hexadecimal digits
  /// The largest difference of a logit between that network and this one on the sample images.
  double fit_error = 0;
};

/// A network in topological order; node 0 is the input, the last node is the output.
struct Graph {
  std::string name;
  std::vector<Node> nodes;
  Preprocessing preprocessing;
  std::vector<std::string> notes = {};   // what a user should know of how the file was read, a line each
  std::vector<double> calibration = {};  // what a compiler measured on sample images, in its own order; may be empty
  Head head = Head::none;                // what the file does to the logits at its end: left to the owner
  Origin origin = {};
  /// A network of chunks: the layers up to its Merge see one chunk at a time, all with the same weights, and those
  /// behind it the picture. Node 0 then has the shape of a chunk. Nothing: it sees the picture as one.
  std::optional<Chunking> chunks = std::nullopt;
  /// Of the image that it takes.
  const Shape& input_shape() const { return chunks ? chunks->picture : nodes.front().shape; }
  const Shape& output_shape() const { return nodes.back().shape; }
};

/// A graph that holds only its input (node 0, named "input"), with default preprocessing.
/// Throws FormatError if the shape is empty or larger than any image that Obscura handles.
Graph make_graph(std::string name, const Shape& input);

/// A graph of one input that is a chunk of that cut. Throws ParameterError as check_chunking and FormatError as above.
Graph make_chunk_graph(std::string name, const Chunking& cut);

/// Index of the Merge; nothing in a network of pictures.
std::optional<std::size_t> merge_of(const Graph& graph);

/// Throws FormatError unless a network of chunks has its one Merge, and a network of pictures has none.
void check_chunks(const Graph& graph);

/// The layers before the Merge, as an ordinary network of a chunk; and those behind it, as one whose input is what the
/// Merge makes: of one node alone where there are none. Precondition: a network of chunks.
struct SplitGraph {
  Graph trunk, head;
};
SplitGraph split_at_merge(const Graph& graph);

/// The same network with no node yet but its input: name, preprocessing, notes, head and origin.
Graph without_layers(const Graph& graph);

/// Appends a node after checking its inputs and parameters and computing its shape; returns its index.
/// Throws UnsupportedError or FormatError that names the node, also for weights that are not finite.
std::size_t add_node(Graph& graph, std::string name, Layer layer, std::vector<std::size_t> inputs);

/// The row (or column) of an image of `side` rows that row `out` of the padded image repeats, `before` rows being put
/// before it; nothing where the padding is a constant.
std::optional<std::size_t> pad_source(Pad::Mode mode, std::size_t out, std::size_t before, std::size_t side);

/// The same function with fewer nodes: batch norms folded into the convolution, dense layer or batch norm before them
/// (also across an average pool that counts no padding) where nothing else reads that layer; the rest is kept.
Graph fold_batch_norms(const Graph& graph);

}  // namespace obscura::nn
