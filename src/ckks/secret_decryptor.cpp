#include "ckks/secret_decryptor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>
#include <string>

#include "base/error.h"
#include "ckks/fft.h"
#include "ckks/fft_kernels.h"
#include "ckks/noise.h"
#include "ckks/secret_compact.h"
#include "ckks/secret_recombine.h"

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

/// Uniform in (0, 1): 53 random bits, never zero.
double uniform(ring::RandomStream& stream) {
  return (static_cast<double>(stream.next_u64() >> 11) + 0.5) * 0x1p-53;
}

/// Box and Muller, 1958: two independent normal numbers from two uniform ones.
void add_gaussian(double sigma, double* values, std::size_t count) {
  const NoiseSeed seed;
  ring::RandomStream stream = seed.stream(0);
  for (std::size_t i = 0; i < count; i += 2) {
    const double radius = sigma * std::sqrt(-2 * std::log(uniform(stream)));
    const double angle = 2 * std::numbers::pi * uniform(stream);
    values[i] += radius * std::cos(angle);
    if (i + 1 < count) values[i + 1] += radius * std::sin(angle);
  }
}

void check(const DecryptOptions& options, double noise) {
  if (!(noise >= 0) || !std::isfinite(noise)) throw ParameterError("expected noise is not a positive number");
  if (options.flood_queries != 0 && (options.statistical_bits < 1 || options.statistical_bits > 128)) {
    throw ParameterError("flooding for " + std::to_string(options.statistical_bits) +
                         " statistical bits; 1 to 128 make sense");
  }
}

/// What leaves the decryptor: flooded, then rounded to what is honestly there. 64-byte aligned.
void finish(double* values, std::size_t count, const DecryptOptions& options, double noise) {
  if (options.flood_queries != 0) {
    const double sigma =
        std::sqrt(12 * static_cast<double>(options.flood_queries)) * std::exp2(options.statistical_bits / 2.0) * noise;
    add_gaussian(sigma, values, count);
    noise = std::hypot(noise, sigma);
  }
  const int bits = options.fraction_bits < 0 ? honest_precision(noise) : options.fraction_bits;
  if (bits >= 64) return;
  fft_kernels(ring::selected_isa()).round_scaled(count, values, std::exp2(bits));
  const double back = std::exp2(-bits);
  for (std::size_t i = 0; i < count; ++i) values[i] *= back;
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

int honest_precision(double noise) {
  if (!(noise > 0)) return 64;
  return std::max(0, static_cast<int>(std::floor(-std::log2(noise))) - 3);
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
  check(options, noise);
  const Context& context = *key_->context();
  SecretScratch scratch(context.scratch(), 2 * context.degree());
  double* const c = scratch.doubles();
  coefficients(ciphertext, c);
  encoder_.transform_of(context.degree()).to_slots(c, out, c + context.degree());
  finish(out, wanted, options, noise == 0 ? base_noise(context, ciphertext.scale) : noise);
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
  check(options, noise);
  const Context& context = *key_->context();
  check_compact(context, ciphertext);
  count_.fetch_add(1, std::memory_order_relaxed);
  std::vector<std::uint64_t> sums = ciphertext.c0;
  add_products(*key_, ciphertext, sums);
  // Modulo 2^bits and centred: the bits shifted to the top of a signed word.
  const std::size_t degree = sums.size(), room = std::max<std::size_t>(degree, 8);
  SecretScratch scratch(context.scratch(), 3 * room);
  double *const c = scratch.doubles(), *const out = c + room;
  const double factor = std::ldexp(1 / ciphertext.scale, -(64 - ciphertext.bits));
  for (std::size_t k = 0; k < degree; ++k) {
    c[k] = static_cast<double>(static_cast<std::int64_t>(sums[k] << (64 - ciphertext.bits))) * factor;
  }
  sodium_memzero(sums.data(), sums.size() * sizeof(std::uint64_t));
  encoder_.transform_of(degree).to_slots(c, out, out + room);
  finish(out, degree / 2, options, noise == 0 ? compact_noise(context, ciphertext) : noise);
  return {out, out + degree / 2};
}

}  // namespace obscura::ckks
