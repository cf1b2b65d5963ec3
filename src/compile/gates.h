#pragma once

#include <cstddef>
#include <vector>

#include "nn/graph.h"

namespace obscura::compile {

/// A product of a value with polynomials of itself, one behind the other: x p_k(... p_1(x)). The stage that makes x
/// computes it (program::Stage::Activation::gated), so no layout changes on the way.
struct GatedProduct {
  std::size_t product = 0;               ///< node of the nn::Product
  std::size_t input = 0;                 ///< node of x
  std::vector<std::size_t> polynomials;  ///< nodes of p_1, ..., p_k: read by nothing else
};

/// Those of the graph's products that are of this kind, in its order. The others are of two branches, or of polynomials
/// that another layer reads as well, with coefficients a channel, of different bases or of too large a degree: they
/// become squares (compile/stages.h).
std::vector<GatedProduct> gated_products(const nn::Graph& graph);

}  // namespace obscura::compile
