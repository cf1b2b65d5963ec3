#pragma once

#include <cstddef>
#include <vector>

#include "ckks/context.h"
#include "ring/polynomial.h"
#include "ring/random.h"

namespace obscura::ckks {

/// An encoded vector: one polynomial in NTT form over the primes of `basis`: those of a level, or with the special
/// primes behind them (what double hoisting multiplies by).
struct Plaintext {
  Digest context{};
  ring::RnsBasis basis;
  ring::Polynomial poly;
  double scale = 1;

  /// Its level.
  std::size_t limbs() const { return basis.limbs(); }
};

/// An encrypted vector: c_0 + c_1 s + c_2 s^2 ... = scale * message + noise modulo q[0] ... q[limbs-1], NTT form.
/// A fresh one has two parts, a product three until it is relinearised. A regular type.
struct Ciphertext {
  Digest context{};
  std::vector<ring::Polynomial> parts;
  double scale = 1;

  std::size_t limbs() const { return parts.empty() ? 0 : parts.front().limbs(); }
  ring::RnsBasis basis() const { return limbs(); }
  std::size_t degree() const { return parts.empty() ? 0 : parts.front().degree(); }
  friend bool operator==(const Ciphertext&, const Ciphertext&) = default;
};

/// A fresh symmetric ciphertext as it travels: c_1 is the uniform expansion of a public seed (limb i is stream i), so
/// only c_0 is sent.
struct SeededCiphertext {
  Digest context{};
  ring::Polynomial c0;
  ring::Seed seed{};
  double scale = 1;
};

/// Fills in c_1. Throws MismatchError if it belongs to another context.
Ciphertext expand(const Context& context, const SeededCiphertext& seeded);
/// The same without a copy of c_0.
Ciphertext expand(const Context& context, SeededCiphertext&& seeded);

/// Throws MismatchError unless the ciphertext has this context's digest, degree, 1 <= limbs <= max and equal parts.
void check_ciphertext(const Context& context, const Ciphertext& ciphertext);

/// Throws MismatchError unless the plaintext has this context's digest and degree, a row for each prime of its basis,
/// 1 <= limbs <= max, and no special prime or all of them.
void check_plaintext(const Context& context, const Plaintext& plaintext);

}  // namespace obscura::ckks
