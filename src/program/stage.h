#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "circuits/polynomial.h"
#include "program/affine.h"
#include "tensor/shape.h"

namespace obscura::program {

/// What a stage reads of one earlier value. Value 0 is the image, value i + 1 is what stage i makes.
struct Term {
  std::size_t value = 0;
  AffineMap map;
  Shape input;                              ///< shape of the value
  std::array<std::size_t, 2> stride{1, 1};  ///< of the whole map where it keeps the image grid
};

/// A network as encryption sees it: sums of affine maps of earlier values, each followed by an activation. Runs of
/// linear layers are one map, branches that meet in a sum or a concatenation are terms of one stage, and a quadratic
/// a x^2 + b x + c is a square between two maps: sign(a) (sqrt|a| x + b / (2 sign(a) sqrt|a|))^2 + (c - b^2 / 4a).
struct Stage {
  std::vector<Term> terms;  ///< one or more, all of the same number of rows, each of another value
  Shape output;
  std::string name;  ///< of the layers in the maps, joined by " + "
  /// gated: x p_k(... p_1(x)), the product of a value with polynomials of itself.
  enum class Activation { none, square, polynomial, gated } activation = Activation::none;
  /// Of a polynomial a row, or a row a channel; of what is gated a row for each of its polynomials, p_1 first.
  std::vector<std::vector<double>> coefficients;
  circuits::Basis basis = circuits::Basis::monomial;

  std::vector<double> bias() const;  ///< of all terms together
  double largest() const;            ///< max |entry| of all maps
};

/// Levels that a polynomial or a gated activation takes, each with its rescaling; 0 for others, whose schedule says.
std::size_t activation_depth(const Stage& stage);

/// The activation of a stage on its sums, in place.
void apply_activation(const Stage& stage, std::vector<double>& x);

/// One stage in plain double arithmetic. values[i] is value i; before_activation (where given) gets the sums.
std::vector<double> run_stage(const Stage& stage, const std::vector<std::vector<double>>& values,
                              std::vector<double>* before_activation = nullptr);

/// The stages in plain double arithmetic: the reference that the encrypted run approximates.
std::vector<double> run_stages(const std::vector<Stage>& stages, std::vector<double> x);

/// The last stage that reads each value, by value: what can be forgotten when.
std::vector<std::size_t> last_uses(std::span<const Stage> stages);

}  // namespace obscura::program
