#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compile/approximate.h"
#include "nn/graph.h"

namespace obscura::compile {

/// The degree that the activation of this node has, or will have once it is fitted.
using DegreeOf = std::function<std::size_t(std::size_t node)>;

/// What the layers of a network take of the modulus at the least, on the path that takes most: known from the graph
/// alone, before any map, range or layout is computed.
struct Depth {
  std::map<std::size_t, std::size_t> polynomials;  ///< how many activations of each degree over 2
  std::map<std::size_t, std::size_t> gated;        ///< how many products with polynomials, by the levels of each
  std::size_t squares = 0;                         ///< activations of degree 2, and products of two branches
  std::size_t linear = 0;                          ///< linear maps before one of these, that take a level of their own
  double bits = 0;                                 ///< of the modulus
};

/// `degree`: of nodes that are an nn::Activation; polynomials are counted as they are.
Depth depth_of(const nn::Graph& graph, const DegreeOf& degree);

/// Throws UnsupportedError, with the arithmetic and a remedy, for a network that no ring up to 2^16 has room for at
/// 128-bit security, that has a maximum pool or an activation which is not a polynomial, or whose linear maps would not
/// fit in memory. Takes no time.
void check_depth(const nn::Graph& graph);

/// Where a network that check_depth lets pass has more layers than the largest ring has room for at what each takes
/// usually: a line that says so, with the arithmetic. Else empty. Takes no time.
std::string depth_doubt(const nn::Graph& graph);

/// What check_depth says, before activations are fitted: their degrees are bounded from below by what one sample shows
/// of their ranges. Takes one run of the network in the clear at most; one that would take long is not run, and its
/// ReLUs count as such that see both signs. Throws MismatchError for a sample of another size.
void check_depth_before_fitting(const nn::Graph& graph, const std::vector<float>& sample, const FitOptions& options);

}  // namespace obscura::compile
