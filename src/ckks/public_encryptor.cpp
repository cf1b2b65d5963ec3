#include "ckks/public_encryptor.h"

#include "base/error.h"
#include "ckks/noise.h"

namespace obscura::ckks {

PublicEncryptor::PublicEncryptor(ContextPtr context, const PublicKey& key)
    : context_(std::move(context)), b_(key.b), a_(context_->degree(), context_->max_limbs()) {
  require_context(*context_, key.context, "public key");
  if (b_.degree() != context_->degree() || b_.limbs() != context_->max_limbs()) {
    throw MismatchError("public key does not have the shape of its parameters");
  }
  for (std::size_t i = 0; i < a_.limbs(); ++i) ring::sample_uniform(context_->q(i), key.seed, i, a_.limb(i));
}

Ciphertext PublicEncryptor::encrypt(const Plaintext& plaintext) const {
  check_plaintext(*context_, plaintext);
  const std::size_t n = context_->degree(), limbs = plaintext.limbs();
  // u, e_0 and e_1, a byte a coefficient; then the NTT form of one of them.
  SecretScratch small(context_->scratch(), 3 * n / 8), transformed(context_->scratch(), n);
  const NoiseSeed seed;
  std::int8_t *const u = small.small(), *const e0 = u + n, *const e1 = e0 + n;
  {
    ring::RandomStream stream = seed.stream(0);
    ring::sample_ternary(n, stream, u);
    ring::sample_error(n, stream, e0);
    ring::sample_error(n, stream, e1);
  }
  Ciphertext result{context_->digest(), {}, plaintext.scale};
  result.parts.reserve(2);
  ring::Polynomial& c0 = result.parts.emplace_back(n, limbs);
  ring::Polynomial& c1 = result.parts.emplace_back(n, limbs);
  for (std::size_t i = 0; i < limbs; ++i) {
    const ring::PrimeRing& ring = context_->q(i);
    small_to_ntt(ring, e0, c0.limb(i));
    small_to_ntt(ring, e1, c1.limb(i));
    small_to_ntt(ring, u, transformed.words());
    ring.add(c0.limb(i), c0.limb(i), plaintext.poly.limb(i));
    ring.mul_add(c0.limb(i), b_.limb(i), transformed.words());
    ring.mul_add(c1.limb(i), a_.limb(i), transformed.words());
  }
  return result;
}

}  // namespace obscura::ckks
