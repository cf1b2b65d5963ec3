#pragma once

// Internal to src/train: the only header that shows LibTorch.
#include <torch/torch.h>

#include <functional>
#include <optional>
#include <vector>

#include "nn/graph.h"
#include "train/convert/surgery.h"
#include "train/encrypted/quadratic.h"

namespace obscura::train {

/// How a graph is trained where its layers alone do not say.
struct NetworkForm {
  /// Degree-2 polynomials a channel that come right after a batch norm are trained as normalised_quadratic; their
  /// constants are trained where one of them is not zero.
  bool normalised_squares = false;
  /// Only with these: the clamp and the range penalty of quadratic.h.
  double bound = 0;
  double range_weight = 0;
  double range_limit = 0;
  double chunk_dropout = 0;               ///< Recipe::chunk_dropout
  std::vector<double> pool_dropout = {};  ///< Recipe::pool_dropout
  /// Surgery::originals of a converted network: what blend() mixes in. Empty: nothing was converted.
  std::vector<std::optional<Original>> originals = {};
};

/// The parameters by what they are.
struct ParameterGroups {
  std::vector<torch::Tensor> convolutions;  // weights
  std::vector<torch::Tensor> dense;         // weights and biases
  std::vector<torch::Tensor> rest;          // biases of convolutions, norms, polynomials
};

/// A graph as a trainable LibTorch module. Weights start as LibTorch's layers do (uniform, seeded by
/// torch::manual_seed); polynomials start from the graph's coefficients. An average pool right after a convolution is
/// computed with it, as one convolution of larger kernel and stride: the same numbers for less work. Not thread-safe.
class Network : public torch::nn::Module {
 public:
  /// Throws UnsupportedError for a layer that cannot be trained, ParameterError for more shares of values to be left
  /// out than there are maximum pools.
  explicit Network(const nn::Graph& skeleton, const NetworkForm& form = {});

  /// images [N, C, H, W], of a network of chunks the pictures -> logits [N, classes]. If `observed` is given, the input
  /// of every Square and Polynomial is appended to it, in graph order, as float.
  torch::Tensor forward(const torch::Tensor& images, std::vector<torch::Tensor>* observed = nullptr);

  /// From here on, training normalises by the running statistics and leaves them alone (or no longer).
  void freeze_norms(bool frozen) { frozen_ = frozen; }

  /// Convolutions and activations in bfloat16, the rest and the weights themselves in float.
  void use_bfloat16(bool wanted) { bfloat16_ = wanted; }

  ParameterGroups groups() const;

  /// Of a converted network: so much of each quadratic and average, and the rest of what it stands for. 1 at first.
  void blend(double share);

  /// Hears of each node before it is run, with its first input, which it may change, and this network's parts of it.
  using Visitor = std::function<void(std::size_t node, torch::Tensor& input)>;
  /// Runs the images layer by layer, without gradients and in evaluation, and forgets values that nobody reads any
  /// more. Returns the logits.
  torch::Tensor walk(const torch::Tensor& images, const Visitor& before);

  /// True for the batch norm of a normalised quadratic, and for that quadratic.
  bool is_normaliser(std::size_t node) const { return parts_[node].passed && is_norm(node); }
  bool is_normalised(std::size_t node) const { return parts_[node].norm.has_value(); }
  /// The batch norm of a normalised quadratic.
  std::size_t normaliser_of(std::size_t node) const { return parts_[node].norm.value(); }

  bool is_read_once(std::size_t node) const { return readers_[node] == 1; }

  /// Sets a batch norm's statistics, [C] each; one with weights computes what it did before.
  void set_statistics(std::size_t node, const torch::Tensor& mean, const torch::Tensor& variance);
  /// c + b z + a z^2 of a normalised quadratic, [C] each, and mean and variance of z^2.
  struct QuadraticStart {
    torch::Tensor constant, linear, quadratic, square_mean, square_variance;
  };
  void set_quadratic(std::size_t node, const QuadraticStart& start);
  /// Multiplies what a normalised quadratic makes and adds to it, [C] each.
  void scale_quadratic(std::size_t node, const torch::Tensor& scale, const torch::Tensor& shift);

  /// Names of the layers whose inputs forward() observes.
  std::vector<std::string> observed_names() const;

  /// Takes the weights of a graph of the same layers. Normalised squares keep their statistics and coefficients.
  void set_weights(const nn::Graph& trained);

  /// The graph with the weights as they are now; batch norms by their running statistics.
  nn::Graph to_graph() const;

 private:
  /// The trainable part of one node; the rest of it stands in the skeleton.
  struct Part {
    torch::Tensor weight;
    torch::Tensor bias;
    torch::Tensor mean;      // batch norms; of the square in a normalised quadratic
    torch::Tensor variance;  // likewise
    /// Computed by another node: this one only passes its input on.
    bool passed = false;
    /// The batch norm of a normalised quadratic.
    std::optional<std::size_t> norm;
    /// Window of the average pool that a convolution computes, too.
    std::size_t pooled = 1;
    /// Behind a maximum pool.
    double dropout = 0;
    torch::Tensor places;  // of a Rearrange
  };
  void plan();
  void plan_pools();
  bool is_norm(std::size_t i) const { return std::holds_alternative<nn::BatchNorm>(skeleton_.nodes[i].layer); }
  const Original* original(std::size_t i) const;
  void plan_dropout();
  void add_parts(std::size_t i);
  void add_norm(std::size_t i, bool affine);
  void add_polynomial(std::size_t i, const nn::Polynomial& polynomial);
  void add_uniform(std::size_t i, std::vector<std::int64_t> dims, bool has_bias);
  torch::Tensor chunks_of(const torch::Tensor& pictures) const;
  torch::Tensor merge(const nn::Merge& merge, const torch::Tensor& x) const;
  torch::Tensor run(std::size_t i, const std::vector<torch::Tensor>& values);
  torch::Tensor run_layer(std::size_t i, const std::vector<torch::Tensor>& values);
  torch::Tensor run_convolution(const nn::Conv2d& conv, const Part& part, const torch::Tensor& x) const;
  torch::Tensor run_norm(const Part& part, const torch::Tensor& x) const;
  torch::Tensor run_quadratic(const Part& part, const torch::Tensor& x) const;
  torch::Tensor observe(std::size_t i, const torch::Tensor& x) const;
  void export_polynomial(const Part& part, nn::Polynomial& polynomial) const;

  nn::Graph skeleton_;
  NetworkForm form_;
  bool frozen_ = false;
  bool bfloat16_ = false;
  double blend_ = 1;
  std::vector<std::size_t> readers_;  // by node
  std::int64_t pictures_ = 0;         // of the batch that is being run, where its chunks are cut
  std::vector<Part> parts_;
};

}  // namespace obscura::train
