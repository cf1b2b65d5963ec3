#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "compile/affine.h"
#include "nn/graph.h"

namespace obscura::compile {

/// A network as encryption sees it: affine maps with activations between them. Runs of linear layers are one map, and
/// a quadratic a x^2 + b x + c is a square between two maps: a (x + b / 2a)^2 + (c - b^2 / 4a).
struct Stage {
  AffineMap map;                            ///< applied first
  nn::Shape input;                          ///< shape of the map's input
  nn::Shape output;                         ///< shape of the map's output
  std::array<std::size_t, 2> stride{1, 1};  ///< of the whole map where it keeps the image grid
  std::string name;                         ///< of the layers in the map, joined by " + "
  enum class Activation { none, square, polynomial } activation = Activation::none;
  std::vector<std::vector<double>> coefficients;  ///< of a polynomial, a row or a row a channel
};

/// Throws UnsupportedError that names the layer for what cannot be run on ciphertexts yet.
std::vector<Stage> stages_of(const nn::Graph& graph);

/// The stages in plain double arithmetic: the reference that the encrypted run approximates.
std::vector<double> run_stages(const std::vector<Stage>& stages, std::vector<double> x);

}  // namespace obscura::compile
