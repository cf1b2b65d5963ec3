#pragma once

// Internal to src/train: the only header that shows LibTorch.
#include <torch/torch.h>

#include <vector>

#include "nn/graph.h"

namespace obscura::train {

/// A graph as a trainable LibTorch module. Weights start as LibTorch's layers do (uniform, seeded by
/// torch::manual_seed); polynomials start from the graph's coefficients. Not thread-safe.
class Network : public torch::nn::Module {
 public:
  explicit Network(const nn::Graph& skeleton);

  /// images [N, C, H, W] -> logits [N, classes]. If `observed` is given, the input of every Square and Polynomial is
  /// appended to it, in graph order.
  torch::Tensor forward(const torch::Tensor& images, std::vector<torch::Tensor>* observed = nullptr);

  /// Names of the layers whose inputs forward() observes.
  std::vector<std::string> observed_names() const;

  /// The graph with the weights as they are now; batch norms by their running statistics.
  nn::Graph to_graph() const;

 private:
  /// The trainable part of one node; the rest of it stands in the skeleton.
  struct Part {
    torch::Tensor weight;
    torch::Tensor bias;
    torch::Tensor mean;      // batch norm only
    torch::Tensor variance;  // batch norm only
  };
  void add_parts(std::size_t i);
  void add_uniform(std::size_t i, std::vector<std::int64_t> dims, bool has_bias);
  torch::Tensor run(std::size_t i, const std::vector<torch::Tensor>& values);

  nn::Graph skeleton_;
  std::vector<Part> parts_;
};

}  // namespace obscura::train
