#include "audit/security/primal.h"

#include <algorithm>
#include <cmath>

#include "audit/security/embedding.h"
#include "audit/security/logs.h"

namespace obscura::security {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Estimate bdd_with(const Embedding& lattice, Model model, double block, double dimension) {
  Estimate found{Attack::bdd, model, kInfinity, block, dimension, 0, 0, 0};
  if (dimension < block) return found;
  found.last = last_dimension(lattice, block, dimension);
  if (found.last > dimension) return found;
  const double search = reduction_bits(model, found.last + 1, found.last + 1);
  found.bits = log2_sum(reduction_bits(model, block, dimension), search);
  return found;
}

}  // namespace

Estimate usvp(const Lwe& lwe, Model model) {
  const Embedding lattice(lwe);
  Estimate found{Attack::usvp, model, kInfinity, 0, 0, 0, 0, 0};
  const double block = least_usvp_block(lattice);
  const double widest = lattice.best_dimension(block);
  if (usvp_margin(lattice, block, widest) < 0) return found;
  found.block = block;
  // No more dimensions than it takes: they cost time.
  found.dimension = 1 + first_that(std::max(lattice.least(), block), widest,
                                   [&](double d) { return usvp_margin(lattice, block, d) >= 0; });
  found.bits = reduction_bits(model, found.block, found.dimension);
  return found;
}

Estimate bdd(const Lwe& lwe, Model model) {
  const Embedding lattice(lwe);
  const double most = std::max(kLeastBlock, least_usvp_block(lattice));
  const auto at = [&](double block) { return bdd_with(lattice, model, block, lattice.best_dimension(block)); };
  const double block = whole_minimum(kLeastBlock, most, [&](double b) { return at(b).bits; });
  Estimate best = at(block);
  if (!std::isfinite(best.bits)) return best;
  const double dimension = whole_minimum(std::max(lattice.least(), block), best.dimension,
                                         [&](double d) { return bdd_with(lattice, model, block, d).bits; });
  const Estimate narrower = bdd_with(lattice, model, block, dimension);
  return narrower.bits < best.bits ? narrower : best;
}

}  // namespace obscura::security
