#include "compile/composite.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "base/error.h"
#include "circuits/polynomial.h"
#include "compile/composite_minimax.h"
#include "compile/gate_model.h"

namespace obscura::compile {
namespace {

constexpr std::size_t kLeastDegree = 3, kMostDegree = 31;
/// Room for the errors of encryption around what a polynomial makes: they are some 2^-20.
constexpr double kNoiseRoom = 0x1p-10;
/// Places below `low` on which the error of a ReLU is looked at, evenly in log x: it is a smooth bump.
constexpr int kPlaces = 400;
/// Halvings of the interval in which `low` is looked for.
constexpr int kHalvings = 12;

using Degrees = std::vector<std::size_t>;

std::size_t depth_of(const Degrees& degrees) {
  std::size_t depth = 0;
  for (const std::size_t d : degrees) depth += circuits::polynomial_depth(d);
  return depth;
}

/// Largest x |1 - p(x)| / 2 up to `low`, which is the error of the ReLU on both sides of zero.
double error_below(const CompositeSign& sign) {
  constexpr double kOctaves = 8;
  double most = 0;
  for (int i = 0; i <= kPlaces; ++i) {
    const double x = sign.low * std::exp2(-kOctaves * i / kPlaces);
    most = std::max(most, x * std::abs(1 - sign(x)) / 2);
  }
  return most;
}

/// The composite of these degrees whose ReLU is the best: below `low` its error grows with it, above it falls.
CompositeSign balanced(const Degrees& degrees, double bits) {
  double fine = -bits - 3, coarse = std::min(-bits + 4, -0.1);  // log2 low
  std::optional<CompositeSign> best;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (fine + coarse) / 2;
    CompositeSign sign = composite_sign(degrees, std::exp2(middle));
    // The error above decides as long as it is what relu_error is.
    (sign.relu_error <= sign.sign_error / 2 ? fine : coarse) = middle;
    if (!best || sign.relu_error < best->relu_error) best = std::move(sign);
  }
  return *best;
}

std::size_t products(const CompositeSign& sign) {
  return gate_products(sign.polynomials, circuits::Basis::chebyshev);
}

/// Every way to spend `depth` levels on polynomials of as large degrees as their levels have, smaller ones first.
void partitions(std::size_t depth, std::size_t least, Degrees& begun, std::vector<Degrees>& all) {
  if (depth == 0) all.push_back(begun);
  for (std::size_t part = least; part <= depth && part <= 5; ++part) {
    begun.push_back((std::size_t{1} << part) - 1);
    partitions(depth - part, part, begun, all);
    begun.pop_back();
  }
}

/// The same levels with degrees that are smaller where they may be: from the last on, for the first gain the most.
CompositeSign thinned(CompositeSign sign, double bits) {
  for (std::size_t i = sign.polynomials.size(); i-- > 0;) {
    for (Degrees degrees = sign.degrees(); degrees[i] > kLeastDegree;) {
      degrees[i] -= 2;
      if (circuits::polynomial_depth(degrees[i]) != circuits::polynomial_depth(degrees[i] + 2)) break;
      CompositeSign thinner = balanced(degrees, bits);
      if (thinner.relu_error > std::exp2(-bits)) break;
      if (products(thinner) <= products(sign)) sign = std::move(thinner);
    }
  }
  return sign;
}

std::optional<CompositeSign> cheapest_of(std::size_t depth, double bits) {
  std::vector<Degrees> all;
  Degrees begun;
  partitions(depth, 2, begun, all);
  std::optional<CompositeSign> best;
  for (const Degrees& degrees : all) {
    CompositeSign sign = balanced(degrees, bits);
    if (sign.relu_error > std::exp2(-bits)) continue;
    if (!best || products(sign) < products(*best)) best = std::move(sign);
  }
  return best;
}

}  // namespace

double CompositeSign::operator()(double x) const {
  for (const auto& polynomial : polynomials) x = chebyshev_at(polynomial, x);
  return x;
}

std::vector<std::size_t> CompositeSign::degrees() const {
  Degrees result;
  for (const auto& polynomial : polynomials) result.push_back(polynomial.size() - 1);
  return result;
}

std::size_t CompositeSign::levels() const {
  return depth_of(degrees()) + 1;
}

CompositeSign composite_sign(const std::vector<std::size_t>& degrees, double low) {
  if (degrees.empty() || !(low > 0 && low < 1)) {
    throw ParameterError("a composite sign needs degrees, and a place between 0 and 1 from which it is right");
  }
  CompositeSign sign;
  sign.low = low;
  double from = low;
  for (std::size_t i = 0; i < degrees.size(); ++i) {
    if (degrees[i] % 2 == 0 || degrees[i] < kLeastDegree || degrees[i] > kMostDegree) {
      throw ParameterError("a composite sign of degree " + std::to_string(degrees[i]) + "; odd ones from 3 to 31 are");
    }
    OddFit fit = fit_odd_one(degrees[i], from);
    sign.sign_error = fit.error;
    if (i + 1 < degrees.size()) {
      const double most = (1 + fit.error) * (1 + kNoiseRoom);
      for (double& c : fit.coefficients) c /= most;
      from = (1 - fit.error) * (1 - kNoiseRoom) / most;
    }
    sign.polynomials.push_back(std::move(fit.coefficients));
  }
  sign.relu_error = std::max(error_below(sign), sign.sign_error / 2);
  return sign;
}

CompositeSign composite_relu(double bits) {
  if (!(bits >= kLeastReluBits && bits <= kMostReluBits)) {
    throw ParameterError("a ReLU of " + std::to_string(bits) + " bits; from 3 to 16 are possible");
  }
  // A level brings a bit, and the first ones a little more.
  for (auto depth = static_cast<std::size_t>(std::max(2.0, std::floor(bits) - 2));; ++depth) {
    if (auto sign = cheapest_of(depth, bits)) return thinned(*std::move(sign), bits);
  }
}

bool has_composite(const nn::Activation& activation) {
  using Kind = nn::Activation::Kind;
  return activation.kind == Kind::relu || activation.kind == Kind::leaky_relu;
}

std::vector<std::vector<double>> gate_of(const CompositeSign& sign, const nn::Activation& activation) {
  const double slope = activation.kind == nn::Activation::Kind::leaky_relu ? static_cast<double>(activation.alpha) : 0;
  auto polynomials = sign.polynomials;
  for (double& c : polynomials.back()) c *= (1 - slope) / 2;
  polynomials.back()[0] += (1 + slope) / 2;
  return polynomials;
}

}  // namespace obscura::compile
