#include "ckks/ciphertext.h"

#include <string>
#include <utility>

#include "base/error.h"

namespace obscura::ckks {
namespace {

void check_shape(const Context& context, const Digest& digest, const ring::Polynomial& poly) {
  require_context(context, digest, "ciphertext");
  if (poly.degree() != context.degree() || poly.limbs() < 1 || poly.limbs() > context.max_limbs()) {
    throw MismatchError("ciphertext of degree " + std::to_string(poly.degree()) + " with " +
                        std::to_string(poly.limbs()) + " limbs; these parameters have degree " +
                        std::to_string(context.degree()) + " and 1 to " + std::to_string(context.max_limbs()) +
                        " limbs");
  }
}

}  // namespace

void check_ciphertext(const Context& context, const Ciphertext& ciphertext) {
  if (ciphertext.parts.size() < 2 || ciphertext.parts.size() > 3) {
    throw MismatchError("ciphertext has " + std::to_string(ciphertext.parts.size()) + " parts, not two or three");
  }
  for (const auto& part : ciphertext.parts) {
    check_shape(context, ciphertext.context, part);
    if (part.limbs() != ciphertext.limbs()) throw MismatchError("the parts of a ciphertext differ in their limbs");
  }
}

void check_plaintext(const Context& context, const Plaintext& plaintext) {
  require_context(context, plaintext.context, "plaintext");
  const ring::RnsBasis& basis = plaintext.basis;
  const bool sound = basis.limbs() >= 1 && basis.limbs() <= context.max_limbs() &&
                     (basis.special() == 0 || basis == context.extended(basis.limbs()));
  if (sound && plaintext.poly.degree() == context.degree() && plaintext.poly.limbs() == basis.rows()) return;
  throw MismatchError("plaintext of degree " + std::to_string(plaintext.poly.degree()) + " with " +
                      std::to_string(plaintext.poly.limbs()) + " rows for " + std::to_string(basis.limbs()) +
                      " limbs and " + std::to_string(basis.special()) +
                      " special primes; these parameters have degree " + std::to_string(context.degree()) + ", 1 to " +
                      std::to_string(context.max_limbs()) + " limbs and of " + std::to_string(context.special_limbs()) +
                      " special primes none or those of the level");
}

Ciphertext expand(const Context& context, const SeededCiphertext& seeded) {
  check_shape(context, seeded.context, seeded.c0);
  return expand(context, SeededCiphertext(seeded));
}

Ciphertext expand(const Context& context, SeededCiphertext&& seeded) {
  check_shape(context, seeded.context, seeded.c0);
  const std::size_t limbs = seeded.c0.limbs();
  Ciphertext result{seeded.context, {}, seeded.scale};
  result.parts.reserve(2);
  result.parts.push_back(std::move(seeded.c0));
  ring::Polynomial& c1 = result.parts.emplace_back(context.degree(), limbs);
  for (std::size_t i = 0; i < limbs; ++i) ring::sample_uniform(context.q(i), seeded.seed, i, c1.limb(i));
  return result;
}

}  // namespace obscura::ckks
