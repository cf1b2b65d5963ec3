#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/notes.h"
#include "nn/graph.h"
#include "report/document.h"

/// How the cost of an answer grows with one thing while the rest of a network stays the same.
namespace obscura::study {

enum class Growing {
  side,  ///< of the picture: 3 x side x side through four convolutions of stride 2
  depth  ///< convolutions, each behind a quadratic but for the first, of 16 maps at 16 x 16
};

/// The names of Growing; nothing for another word.
std::optional<Growing> growing_of(std::string_view name);

/// The network that is measured, with random weights that depend on nothing else: convolutions of 3 x 3, padding 1,
/// each with a quadratic behind it, then the average of each map and a dense layer of 10.
nn::Graph growing_network(Growing what, std::size_t at);

/// Where it is measured unless somebody says otherwise: sides 28 to 224, depths 2 to 20.
std::vector<std::size_t> growth_steps(Growing what);

struct GrowthPoint {
  std::size_t at = 0;  ///< the side, or the depth
  int log_degree = 0;
  std::size_t primes = 0, ciphertexts = 0, diagonals = 0;
  std::size_t key_bytes = 0;  ///< of evaluation keys, sent once
  double predicted = 0;       ///< seconds of evaluating an answer, by the model of costs
  double seconds = 0;         ///< the same measured: of processor, one thread, median
  std::size_t runs = 0;
};

struct Growth {
  Growing what = Growing::side;
  std::vector<GrowthPoint> points;
  /// Cost goes as at^exponent: the least-squares line through the logarithms of the points from `from` on, where the
  /// picture fills its ciphertexts (side), or of all of them (depth). Not a number for fewer than two.
  double exponent = 0, predicted_exponent = 0;
  std::size_t from = 0;
};

/// Compiles, encrypts and evaluates each on this thread; tells `note` of each point as it is done. Throws UsageError
/// for a step that is no side or depth (8 to 256, 1 to 20).
Growth measure_growth(Growing what, const std::vector<std::size_t>& steps, double seconds, const Notes& note);

/// Exponent of y ~ x^e by least squares of logarithms; not a number for fewer than two different x, or what is not
/// positive.
double growth_exponent(const std::vector<double>& x, const std::vector<double>& y);

/// Measured beside predicted over what grew.
report::Plot growth_plot(const Growth& growth);

}  // namespace obscura::study
