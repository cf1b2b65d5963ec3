#include "audit/security/attack.h"

#include <array>

namespace obscura::security {
namespace {

struct Facts {
  const char* name;
  const char* description;
};

const Facts& facts(Attack attack) {
  static constexpr std::array<Facts, 6> kFacts{{
      {"usvp", "secret and error as the shortest vector of a lattice"},
      {"bdd", "less reduction, then one larger search for a closest vector"},
      {"hybrid", "bdd after guessing that some coefficients are zero"},
      {"hybrid-mitm", "the same with a meet in the middle over the guesses"},
      {"dual", "short vectors of the dual lattice tell b from random"},
      {"dual-hybrid", "the same with coefficients guessed and transformed (MATZOV)"},
  }};
  return kFacts.at(static_cast<std::size_t>(attack));
}

}  // namespace

std::string to_string(Attack attack) {
  return facts(attack).name;
}

std::string description(Attack attack) {
  return facts(attack).description;
}

}  // namespace obscura::security
