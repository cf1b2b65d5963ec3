#include "audit/security/dual.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "audit/security/logs.h"

namespace obscura::security {
namespace {

using std::numbers::e;
using std::numbers::ln2;
using std::numbers::pi;

constexpr double kLeastBlock = 40;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kStep = 5;        // of guessed and transformed coefficients
constexpr double kFineBits = 300;  // beyond so many bits of security steps are wider: nobody asks for a tenth of a bit
constexpr double kMostBits = 1e5;
constexpr double kPatience = 3;  // steps without gain before it stops
constexpr double kMostModulus = 16;
// MATZOV, p. 37: operations on 32-bit words, counted in gates.
const double kMultiplyBits = std::log2(32.0 * 32.0);
const double kAddBits = std::log2(5.0 * 32.0);

/// Samples that make the dual vectors shortest.
double best_samples(const Lwe& lwe, double coefficients, double log2_hermite) {
  const double gain = std::max(std::log2(secret_deviation(lwe)) + lwe.log_q - std::log2(lwe.error), 1e-9);
  const double dimension = std::sqrt(coefficients * gain / log2_hermite);
  return std::clamp(std::ceil(dimension) - coefficients, 1.0, lwe.samples);
}

Estimate dual_with(const Lwe& lwe, Model model, double block) {
  const double hermite = log2_root_hermite(block);
  const double samples = best_samples(lwe, lwe.dimension, hermite);
  const double dimension = samples + lwe.dimension;
  const double log2_secret = std::log2(secret_deviation(lwe));
  const double gain = log2_secret + lwe.log_q - std::log2(lwe.error);
  const double stretch = short_vectors(model, block, 2 * block, 1).log2_stretch;
  // What is left of the error, as a share of q: e^(-2 pi^2 x^2) is what one vector tells. So many tell it for sure.
  const double log2_share = stretch + log2_secret + dimension * hermite - gain * samples / dimension;
  const double log2_count = 2 + 4 * pi * pi * std::exp2(2 * log2_share) / ln2 + std::log2(std::log(2 / 0.01));
  const auto vectors = short_vectors(model, block, dimension, log2_count);
  return {Attack::dual, model, vectors.bits, block, dimension, vectors.sieve, 0, 0};
}

/// Entropy of a coefficient, in bits (MATZOV, as of a rounded Gaussian).
double guess_entropy(double deviation) {
  const double x = pi * pi * deviation * deviation;
  return (0.5 + std::log(std::sqrt(2 * pi) * deviation) + std::log(1 / std::tanh(x))) / ln2;
}

struct Split {
  double guessed = 0, fourier = 0, modulus = 2;
};

/// log2 of the vectors that tell the right guess from all others.
double vectors_wanted(const Lwe& lwe, double block, double samples, const Split& split) {
  const double deviation = secret_deviation(lwe);
  const double left = lwe.dimension - split.guessed - split.fourier;
  const double dimension = samples + left;
  const double log2_length = samples / dimension * std::log2(lwe.error) +
                             left / dimension * (std::log2(deviation) + lwe.log_q) + 0.5 * std::log2(4.0 / 3.0) +
                             0.5 * std::log2(block / (2 * pi * e)) + (dimension - block) * log2_root_hermite(block);
  const double error = 4 * pi * pi * std::exp2(2 * (log2_length - lwe.log_q));
  const double rounding = split.fourier / 3 * std::pow(deviation * pi / split.modulus, 2);
  const double guesses = split.guessed * guess_entropy(deviation) + split.fourier * std::log(split.modulus) + ln2;
  return (error + rounding) / ln2 + std::log2(guesses);
}

double guessing_bits(const Lwe& lwe, const Split& split, double log2_vectors) {
  const double deviation = secret_deviation(lwe);
  const double x = pi * pi * deviation * deviation;
  const double spread = 8 * x * std::exp(-2 * x) * std::tanh(x) / ln2;  // log2 of it
  const double coefficient = -std::log2(1 - std::exp(-0.5 / (deviation * deviation)));
  const double tables = coefficient + split.guessed * (1 + spread - 0.5 / ln2 + guess_entropy(deviation));
  const double transform =
      split.fourier > 0 ? kMultiplyBits + std::log2(split.fourier) + (split.fourier + 1) * std::log2(split.modulus) : 0;
  return tables + log2_sum(transform, 2 + kAddBits + log2_vectors);
}

Estimate dual_hybrid_with(const Lwe& lwe, Model model, double block, const Split& split) {
  const double left = lwe.dimension - split.guessed - split.fourier;
  const double samples = best_samples(lwe, left, log2_root_hermite(block));
  const double wanted = vectors_wanted(lwe, block, samples, split);
  Estimate found{Attack::dual_hybrid, model, kInfinity, block, samples + left, 0, split.guessed, split.fourier};
  if (!(wanted < 4096)) return found;
  const auto vectors = short_vectors(model, block, found.dimension, wanted);
  found.last = vectors.sieve;
  found.bits = log2_sum(vectors.bits, guessing_bits(lwe, split, wanted));
  return found;
}

Estimate best_block(const Lwe& lwe, Model model, const Split& split, double most) {
  const auto at = [&](double block) { return dual_hybrid_with(lwe, model, block, split); };
  return at(whole_minimum(kLeastBlock, most, [&](double block) { return at(block).bits; }));
}

/// Goes on in steps while that pays.
template <typename Try>
Estimate in_steps(double step, double most, Try&& attempt) {
  Estimate best = attempt(0);
  double since = 0;
  for (double x = step; x <= most && since < kPatience; x += step) {
    const Estimate next = attempt(x);
    since = next.bits < best.bits ? 0 : since + 1;
    if (next.bits < best.bits) best = next;
  }
  return best;
}

double most_block(const Lwe& lwe) {
  return std::max(kLeastBlock, std::min(4 * lwe.dimension, lwe.samples + lwe.dimension));
}

}  // namespace

Estimate dual(const Lwe& lwe, Model model) {
  const auto bits = [&](double block) { return dual_with(lwe, model, block).bits; };
  return dual_with(lwe, model, whole_minimum(kLeastBlock, most_block(lwe), bits));
}

Estimate dual_hybrid(const Lwe& lwe, Model model) {
  Estimate best = best_block(lwe, model, {}, most_block(lwe));
  const double most = best.block + 8;  // guesses are there to reduce less
  const double step = kStep * std::ceil(std::min(best.bits, kMostBits) / kFineBits);
  for (double modulus = 2; modulus <= kMostModulus; ++modulus) {
    const Estimate next = in_steps(step, lwe.dimension / 4, [&](double guessed) {
      return in_steps(step, lwe.dimension / 4, [&](double fourier) {
        return best_block(lwe, model, {guessed, fourier, modulus}, most);
      });
    });
    if (next.bits < best.bits) {
      best = next;
    } else if (modulus > 6) {
      break;
    }
  }
  return best;
}

}  // namespace obscura::security
