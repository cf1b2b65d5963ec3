#include "secret/decryptor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "base/error.h"
#include "ckks/fft.h"
#include "ckks/noise.h"
#include "secret/compact.h"
#include "secret/recombine.h"

namespace obscura::ckks {
namespace {

constexpr double kErrorVariance = 10.5 + 1.0 / 12;  // centred binomial, and the rounding of the encoder

/// Variance of a coefficient after rounding both parts of a ciphertext: 1/12 for c_0 and, for c_1 s with s uniform in
/// {-1, 0, 1}, N 2/3 of them.
double rounding_variance(const Context& context) {
  return (1 + 2.0 / 3 * static_cast<double>(context.degree())) / 12;
}

/// Standard deviation of the real part of a slot that is the sum of `count` coefficients times roots of unity.
double slot_noise(double coefficient_variance, std::size_t count) {
  return std::sqrt(coefficient_variance * static_cast<double>(count) / 2);
}

/// Takes in words, each as eight bytes.
class WordHash {
 public:
  WordHash() { crypto_generichash_init(&state_, nullptr, 0, sum_.size()); }
  void add(const void* bytes, std::size_t count) {
    crypto_generichash_update(&state_, static_cast<const unsigned char*>(bytes), count);
  }
  std::span<const std::uint8_t> finish() {
    crypto_generichash_final(&state_, sum_.data(), sum_.size());
    return sum_;
  }

 private:
  crypto_generichash_state state_{};
  Digest sum_{};
};

/// Adds and rounds; what is added comes from a secret seed of this ciphertext and strength.
void finish_with(const SecretKey& key, WordHash& hash, std::span<double> values, const DecryptOptions& options,
                 double noise) {
  const double sigma = added_noise_factor(options) * noise;
  hash.add(&sigma, sizeof(sigma));
  ring::Seed seed = key.derived_seed(hash.finish());
  ring::RandomStream stream(seed, 0);
  sodium_memzero(seed.data(), seed.size());
  finish_values(values, options, noise, stream);
}

}  // namespace

double base_noise(const Context& context, double scale) {
  return slot_noise(std::max(kErrorVariance, rounding_variance(context)), context.degree()) / scale;
}

double compact_noise(const Context& context, const CompactCiphertext& ciphertext) {
  // Twice a rounding of both parts: the last rescaling, at the scale before the switch, and the switch itself.
  const double before = ciphertext.scale * static_cast<double>(context.q(0).value()) / std::exp2(ciphertext.bits);
  const double one = slot_noise(rounding_variance(context), context.degree() / ciphertext.gap);
  return std::hypot(one / before, one / ciphertext.scale);
}

Decryptor::Decryptor(const SecretKey& key) : key_(&key), encoder_(key.context()) {}

void Decryptor::coefficients(const Ciphertext& ciphertext, double* out) const {
  const Context& context = *key_->context();
  check_ciphertext(context, ciphertext);
  if (!(ciphertext.scale > 0) || !std::isfinite(ciphertext.scale)) {
    throw ParameterError("the scale of a ciphertext is a positive number");
  }
  count_.fetch_add(1, std::memory_order_relaxed);
  const std::size_t n = context.degree(), limbs = ciphertext.limbs();
  SecretScratch scratch(context.scratch(), limbs * n);
  for (std::size_t i = 0; i < limbs; ++i) {
    const ring::PrimeRing& ring = context.q(i);
    std::uint64_t* const sum = scratch.words() + i * n;
    // Horner's rule in s.
    const std::uint64_t* last = ciphertext.parts.back().limb(i);
    for (std::size_t part = ciphertext.parts.size() - 1; part-- > 0; last = sum) {
      ring.mul(sum, last, key_->q_limb(i));
      ring.add(sum, sum, ciphertext.parts[part].limb(i));
    }
    ring.inverse(sum);
  }
  recombine(context, limbs, scratch.words(), 1 / ciphertext.scale, out);
}

std::vector<double> Decryptor::decrypt_coefficients(const Ciphertext& ciphertext) const {
  SecretScratch out(key_->context()->scratch(), key_->context()->degree());
  coefficients(ciphertext, out.doubles());
  return {out.doubles(), out.doubles() + key_->context()->degree()};
}

// Finished slots: n real parts, then n imaginary parts where they are wanted.
void Decryptor::slots(const Ciphertext& ciphertext, const DecryptOptions& options, double noise, std::size_t wanted,
                      double* out) const {
  const Context& context = *key_->context();
  SecretScratch scratch(context.scratch(), 2 * context.degree());
  double* const c = scratch.doubles();
  coefficients(ciphertext, c);
  encoder_.transform_of(context.degree()).to_slots(c, out, c + context.degree());
  if (noise == 0) noise = base_noise(context, ciphertext.scale);
  WordHash hash;
  for (const auto& part : ciphertext.parts) {
    for (std::size_t i = 0; i < part.limbs(); ++i) hash.add(part.limb(i), part.degree() * sizeof(std::uint64_t));
  }
  finish_with(*key_, hash, {out, wanted}, options, noise);
}

std::vector<std::complex<double>> Decryptor::decrypt(const Ciphertext& ciphertext, const DecryptOptions& options,
                                                     double noise) const {
  const std::size_t n = key_->context()->slots();
  SecretScratch out(key_->context()->scratch(), 2 * n);
  slots(ciphertext, options, noise, 2 * n, out.doubles());
  std::vector<std::complex<double>> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = {out.doubles()[i], out.doubles()[n + i]};
  return values;
}

std::vector<double> Decryptor::decrypt_real(const Ciphertext& ciphertext, const DecryptOptions& options,
                                            double noise) const {
  const std::size_t n = key_->context()->slots();
  SecretScratch out(key_->context()->scratch(), 2 * n);
  slots(ciphertext, options, noise, n, out.doubles());
  return {out.doubles(), out.doubles() + n};
}

std::vector<double> Decryptor::decrypt(const CompactCiphertext& ciphertext, const DecryptOptions& options,
                                       double noise) const {
  const OpenedSlots opened = open(ciphertext);
  std::vector<double> values(opened.real.begin(), opened.real.end());
  finish(ciphertext, values, options, noise == 0 ? compact_noise(*key_->context(), ciphertext) : noise);
  return values;
}

void Decryptor::coefficients(const CompactCiphertext& ciphertext, double* out) const {
  count_.fetch_add(1, std::memory_order_relaxed);
  WipedVector<std::uint64_t> sums(ciphertext.c0.begin(), ciphertext.c0.end());
  add_products(*key_, ciphertext, sums);
  // Modulo 2^bits and centred: the bits shifted to the top of a signed word.
  const double factor = std::ldexp(1 / ciphertext.scale, -(64 - ciphertext.bits));
  for (std::size_t k = 0; k < sums.size(); ++k) {
    out[k] = static_cast<double>(static_cast<std::int64_t>(sums[k] << (64 - ciphertext.bits))) * factor;
  }
}

WipedVector<double> Decryptor::open_coefficients(const CompactCiphertext& ciphertext) const {
  check_compact(*key_->context(), ciphertext);
  WipedVector<double> out(ciphertext.c0.size());
  coefficients(ciphertext, out.data());
  return out;
}

OpenedSlots Decryptor::open(const CompactCiphertext& ciphertext) const {
  const Context& context = *key_->context();
  check_compact(context, ciphertext);
  const std::size_t degree = ciphertext.c0.size(), room = std::max<std::size_t>(degree, 8);
  SecretScratch scratch(context.scratch(), 3 * room);
  double *const c = scratch.doubles(), *const out = c + room;
  coefficients(ciphertext, c);
  encoder_.transform_of(degree).to_slots(c, out, out + room);
  return {{out, out + degree / 2}, {out + degree / 2, out + degree}};
}

void Decryptor::finish(const CompactCiphertext& ciphertext, std::span<double> values, const DecryptOptions& options,
                       double noise) const {
  WordHash hash;
  for (const auto* words : {&ciphertext.c0, &ciphertext.c1}) {
    hash.add(words->data(), words->size() * sizeof(std::uint64_t));
  }
  finish_with(*key_, hash, values, options, noise);
}

}  // namespace obscura::ckks
