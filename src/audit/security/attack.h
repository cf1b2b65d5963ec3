#pragma once

#include <limits>
#include <string>

#include "audit/security/lwe.h"
#include "audit/security/reduction.h"

namespace obscura::security {

enum class Attack {
  usvp,         ///< the secret and error as the shortest vector of a lattice
  bdd,          ///< less reduction, and one larger search at its end
  hybrid,       ///< bdd after guessing that some coefficients are zero, or nearly all of them
  hybrid_mitm,  ///< the same with a meet in the middle over the guesses
  dual,         ///< short vectors of the dual lattice tell b from random
  dual_hybrid,  ///< the same, with some coefficients guessed and others found by a Fourier transform
};

/// "usvp", "bdd", ...
std::string to_string(Attack attack);
/// A sentence's worth of what it does.
std::string description(Attack attack);

/// What one attack costs in one model.
struct Estimate {
  Attack attack = Attack::usvp;
  Model model = Model::core_classical;
  double bits = std::numeric_limits<double>::infinity();  ///< log2 of the operations; infinite: it does not succeed
  double block = 0;                                       ///< of the lattice reduction
  double dimension = 0;                                   ///< of the lattice
  double last = 0;     ///< dimension of a last search (bdd, hybrid) or sieve (dual, dual hybrid); 0: none
  double guessed = 0;  ///< coefficients guessed
  double fourier = 0;  ///< coefficients found by a Fourier transform
};

}  // namespace obscura::security
