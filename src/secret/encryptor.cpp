#include "secret/encryptor.h"

#include "ckks/fft_kernels.h"
#include "ckks/noise.h"
#include "ckks/residues.h"

namespace obscura::ckks {
namespace {

/// A double below this with a noise coefficient added is still exact.
constexpr double kExactBound = 0x1p52;
/// Of one coefficient (ring::sample_error).
constexpr std::uint64_t kNoiseBound = 21;

void sample_noise(std::size_t n, std::int8_t* out) {
  const NoiseSeed seed;
  ring::RandomStream stream = seed.stream(0);
  ring::sample_error(n, stream, out);
}

}  // namespace

SecretEncryptor::SecretEncryptor(const SecretKey& key) : key_(&key) {}

SeededCiphertext SecretEncryptor::fresh(double scale, std::size_t limbs) const {
  const Context& context = *key_->context();
  return {context.digest(), ring::Polynomial(context.degree(), limbs), ring::random_seed(), scale};
}

// c_0 = (m + e) - c_1 s
void SecretEncryptor::mask(SeededCiphertext& ciphertext, std::size_t limb, std::uint64_t* scratch) const {
  const ring::PrimeRing& ring = key_->context()->q(limb);
  ring::sample_uniform(ring, ciphertext.seed, limb, scratch);
  ring.mul(scratch, scratch, key_->q_limb(limb));
  ring.sub(ciphertext.c0.limb(limb), ciphertext.c0.limb(limb), scratch);
}

void SecretEncryptor::check(const Encoder& encoder) const {
  require_context(*key_->context(), encoder.context().digest(), "encoder");
}

SeededCiphertext SecretEncryptor::encrypt(const Plaintext& plaintext) const {
  const Context& context = *key_->context();
  check_plaintext(context, plaintext);
  const std::size_t n = context.degree(), limbs = plaintext.limbs();
  SecretScratch noise(context.scratch(), n / 8), scratch(context.scratch(), n);
  sample_noise(n, noise.small());
  SeededCiphertext result = fresh(plaintext.scale, limbs);
  for (std::size_t i = 0; i < limbs; ++i) {
    const ring::PrimeRing& ring = context.q(i);
    small_to_ntt(ring, noise.small(), result.c0.limb(i));
    ring.add(result.c0.limb(i), result.c0.limb(i), plaintext.poly.limb(i));
    mask(result, i, scratch.words());
  }
  return result;
}

SeededCiphertext SecretEncryptor::encrypt_rounded(double* message, double largest, double scale,
                                                  std::size_t limbs) const {
  const Context& context = *key_->context();
  const std::size_t n = context.degree();
  SecretScratch noise(context.scratch(), n / 8), scratch(context.scratch(), n);
  sample_noise(n, noise.small());
  const bool exact = largest < kExactBound;
  if (exact) fft_kernels(ring::selected_isa()).add_small(n, message, noise.small());
  SeededCiphertext result = fresh(scale, limbs);
  for (std::size_t i = 0; i < limbs; ++i) {
    const ring::PrimeRing& ring = context.q(i);
    std::uint64_t* const c0 = result.c0.limb(i);
    to_residues(ring, message, largest + static_cast<double>(kNoiseBound), c0);
    if (!exact) {
      ring::to_residues(ring, noise.small(), scratch.words());
      ring.add(c0, c0, scratch.words());
    }
    ring.forward(c0);
    mask(result, i, scratch.words());
  }
  return result;
}

SeededCiphertext SecretEncryptor::encrypt(const Encoder& encoder, std::span<const double> values, double scale,
                                          std::size_t limbs) const {
  check(encoder);
  SecretScratch message(key_->context()->scratch(), key_->context()->degree());
  const double largest = encoder.round_values(values, scale, limbs, message.doubles());
  return encrypt_rounded(message.doubles(), largest, scale, limbs);
}

SeededCiphertext SecretEncryptor::encrypt_periodic(const Encoder& encoder, std::span<const double> values, double scale,
                                                   std::size_t limbs) const {
  check(encoder);
  SecretScratch message(key_->context()->scratch(), key_->context()->degree());
  const double largest = encoder.round_periodic(values, scale, limbs, message.doubles());
  return encrypt_rounded(message.doubles(), largest, scale, limbs);
}

}  // namespace obscura::ckks
