#include <algorithm>
#include <cmath>
#include <numbers>

#include "audit/security/embedding.h"
#include "audit/security/logs.h"
#include "audit/security/primal.h"

namespace obscura::security {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSuccess = 0.99;
constexpr double kFineSteps = 4096;

double log2_binomial(double n, double k) {
  if (k < 0 || k > n) return -kInfinity;
  return (std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1)) / std::numbers::ln2;
}

/// How often something of that chance is tried until it has worked once with 99 %: log2.
double repetitions(double log2_chance) {
  if (!(log2_chance > -kInfinity)) return kInfinity;
  if (log2_chance < -40) return std::log2(-std::log(1 - kSuccess)) - log2_chance;
  const double chance = std::min(1.0, std::exp2(log2_chance));
  if (chance >= kSuccess) return 0;
  return std::log2(std::ceil(std::log(1 - kSuccess) / std::log1p(-chance)));
}

/// log2 of the chance that Babai's nearest plane gives the same twice: for the vector itself, and for the two halves of
/// a guess that meet (Son, Cheon, 2019/1019).
double log2_planes(const Embedding& lattice, double block, double dimension) {
  const double hermite = log2_root_hermite(block);
  const double first = lattice.log2_volume(dimension) / dimension + (dimension - 1) * hermite;
  const double geometric = 1 - std::exp2(-2 * hermite);
  double log2_chance = 0;
  double step = 1, left = kFineSteps;
  for (double i = dimension - 1; i >= 0; i -= step) {
    const double length = std::exp2(first - 2 * i * hermite - lattice.log2_error());  // in deviations of the error
    const double x = length / std::numbers::sqrt2;
    const double lost = 1 / (x * std::sqrt(std::numbers::pi));
    const double meet = std::erf(x) - lost * (1 - std::exp(-x * x));
    if (meet <= 0) return -kInfinity;
    log2_chance += step * (std::log2(meet) + std::log2(std::erf(x / 2)));
    if (--left == 0) {  // the profile is nearly flat where this is reached
      step *= 2;
      left = kFineSteps;
    }
    if (lost < 1e-3 * geometric) break;  // what comes before is longer and longer
  }
  return log2_chance;
}

struct Guess {
  double log2_space = 0, log2_chance = 0;
};

/// Zeros, then few others as long as searching costs less than the reduction has.
Guess best_guess(const Lwe& lwe, double guessed, double search, double budget, bool middle) {
  const double weight = static_cast<double>(lwe.secret.weight);
  const auto chance = [&](double others) {
    return log2_binomial(weight, others) + log2_binomial(lwe.dimension - weight, guessed - others) -
           log2_binomial(lwe.dimension, guessed);
  };
  Guess guess{0, chance(0)};
  for (double others = 1; others < std::min(weight, guessed); ++others) {
    const double space = log2_sum(guess.log2_space, log2_binomial(guessed, others) + others);
    if (search + (middle ? space / 2 : space) >= budget) break;
    guess = {space, log2_sum(guess.log2_chance, chance(others))};
    if (guess.log2_chance > -1e-3) break;  // as good as certain
  }
  return guess;
}

Estimate hybrid_with(const Lwe& lwe, Model model, bool middle, double block, double guessed) {
  const Embedding lattice(lwe, guessed);
  const double dimension = lattice.best_dimension(block);
  Estimate found{middle ? Attack::hybrid_mitm : Attack::hybrid, model, kInfinity, block, dimension, 0, guessed, 0};
  if (dimension < block) return found;
  const double reduction = reduction_bits(model, block, dimension);
  double search = 2 * std::log2(dimension);  // Babai
  if (!middle) {
    found.last = last_dimension(lattice, block, dimension);
    if (found.last > dimension) return found;
    search = log2_sum(search, reduction_bits(model, found.last + 1, found.last + 1));
  }
  Guess guess = best_guess(lwe, guessed, search, reduction, middle);
  if (middle) guess.log2_chance += log2_planes(lattice, block, dimension);
  const double once = log2_sum(reduction, search + (middle ? guess.log2_space / 2 : guess.log2_space));
  found.bits = once + repetitions(guess.log2_chance);
  return found;
}

}  // namespace

Estimate hybrid(const Lwe& lwe, Model model, bool middle) {
  if (lwe.secret.kind != Secret::Kind::sparse) return bdd(lwe, model);
  const double step = std::max(1.0, std::floor(lwe.dimension / 512));
  const double steps = std::floor((lwe.dimension - kLeastBlock) / step);
  const auto at = [&](double block) {
    const auto guessing = [&](double count) { return hybrid_with(lwe, model, middle, block, count * step); };
    // From many guesses down: few of them leave the search without an end.
    const double left = whole_minimum(0, steps, [&](double kept) { return guessing(steps - kept).bits; });
    return guessing(steps - left);
  };
  const double most = std::max(kLeastBlock, least_usvp_block(Embedding(lwe)));
  Estimate best = at(whole_minimum(kLeastBlock, most, [&](double block) { return at(block).bits; }));
  const Estimate without = bdd(lwe, model);
  return without.bits < best.bits ? without : best;
}

}  // namespace obscura::security
