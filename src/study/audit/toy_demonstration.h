#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "audit/randomness/suite.h"
#include "audit/security/toy.h"
#include "base/notes.h"

namespace obscura::study {

/// What random-looking is worth: ciphertexts of degree 8 and 600 bits (the parameters that the paper RCNN_CKKS prints)
/// go through the tests of SP 800-22, and then the public key alone gives the secret away.
struct ToyDemonstration {
  double log_q = 0;
  std::size_t ciphertexts = 0, bits = 0;  ///< tested
  std::size_t p_values = 0, above = 0;    ///< of all tests and variants; of them at least alpha
  double alpha = 0.01;
  bool looks_random = false;  ///< by the answer for all tests that audit randomness gives (randomness::Verdict)

  security::ToyRing::Small secret{};
  std::optional<security::ToyRing::Small> recovered;  ///< from the public key
  double seconds = 0;                                 ///< that took
  security::ToyMessage message{}, read{};             ///< encrypted, and decrypted with what was recovered
  bool random_has_none = false;                       ///< the same attack finds nothing where b is random: the control

  bool equal() const { return recovered && *recovered == secret; }
};

/// With fresh keys from the system's generator. Takes some seconds, of which the attack is a small part.
ToyDemonstration demonstrate_toy(const Notes& note);

/// Three lines for people.
std::string toy_text(const ToyDemonstration& toy);

}  // namespace obscura::study
