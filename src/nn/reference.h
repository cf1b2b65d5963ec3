#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "nn/graph.h"

namespace obscura::nn {

/// A network run in the clear by OpenCV's dnn module: what an encrypted run must agree with. A network of chunks is two
/// of them, what is before its Merge and what is behind it.
/// Not thread-safe, also not two of them at once (OpenCV's error handler belongs to the process); movable.
class Reference {
 public:
  /// Runs the graph, written as ONNX in memory. Throws UnsupportedError if OpenCV cannot load it.
  explicit Reference(const Graph& graph);
  /// Runs the file's own bytes, one image at a time (its batch may be fixed). The file is checked by read_onnx first;
  /// throws as that does, and UnsupportedError if OpenCV cannot load it or would run it wrongly (padded average pools).
  static Reference from_file(const std::filesystem::path& path);
  Reference(Reference&&) noexcept;
  Reference& operator=(Reference&&) noexcept;
  ~Reference();

  /// images: count x C x H x W, preprocessed; returns count x outputs logits, row-major.
  /// Throws MismatchError if the number of values is no multiple of an image's.
  std::vector<float> run(std::span<const float> images);

  const Shape& input_shape() const;
  std::size_t outputs() const;

 private:
  struct State;
  explicit Reference(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// One image through the graph by its definition, loop by loop in double precision: slow, independent of every library,
/// the specification that other runs are tested against. Returns the output, flattened as Flatten does.
/// Throws MismatchError if `image` is not the input's size. Thread-safe.
std::vector<double> run_reference(const Graph& graph, std::span<const float> image);

/// What node 0 sees of an image: the image itself, or its chunks, those that a network of chunks looks at.
std::vector<std::vector<float>> network_inputs(const Graph& graph, std::span<const float> image);

/// The same, one part behind the other: what node 0 is to run_reference_node. Throws MismatchError if `image` is not
/// the input's size.
std::vector<double> input_values(const Graph& graph, std::span<const float> image);

/// As run_reference, but every node's output, in the graph's order: of the layers before a Merge those of all chunks,
/// one behind the other.
std::vector<std::vector<double>> run_reference_layers(const Graph& graph, std::span<const float> image);

/// The output of one node from `outputs`, by node, of which only those that it reads are looked at.
/// Throws MismatchError for node 0. Thread-safe.
std::vector<double> run_reference_node(const Graph& graph, std::size_t node,
                                       const std::vector<std::vector<double>>& outputs);

}  // namespace obscura::nn
