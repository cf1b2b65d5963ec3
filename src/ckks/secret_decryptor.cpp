#include "ckks/secret_decryptor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>
#include <string>

#include "base/error.h"
#include "ckks/noise.h"
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

/// What leaves the decryptor: flooded, then rounded to what is honestly there.
void finish(double* values, std::size_t count, const DecryptOptions& options, double noise) {
  if (options.flood_queries != 0) {
    const double sigma =
        std::sqrt(12 * static_cast<double>(options.flood_queries)) * std::exp2(options.statistical_bits / 2.0) * noise;
    add_gaussian(sigma, values, count);
    noise = std::hypot(noise, sigma);
  }
  const int bits = options.fraction_bits < 0 ? honest_precision(noise) : options.fraction_bits;
  if (bits >= 64) return;
  for (std::size_t i = 0; i < count; ++i) values[i] = std::ldexp(std::nearbyint(std::ldexp(values[i], bits)), -bits);
}

/// c_1 s modulo X^N + 1 and 2^64 at every gap-th coefficient, added to `sums`. Ternary products are masks: c & nonzero,
/// negated by two's complement where the sign is set.
void add_products(const std::vector<std::uint64_t>& c1, const std::vector<std::int8_t>& s, std::size_t gap,
                  ScratchPool& pool, std::vector<std::uint64_t>& sums) {
  const std::size_t n = s.size();
  // Coefficient t sums c1[j] s[t - j], with s[-i] = -s[N - i]: masks at N + t - j, read downwards in j.
  SecretScratch masks(pool, 4 * n);
  std::uint64_t *const nonzero = masks.words(), *const sign = nonzero + 2 * n;
  for (std::size_t i = 0; i < n; ++i) {
    const auto v = static_cast<std::uint64_t>(static_cast<std::int64_t>(s[i]));
    nonzero[i] = nonzero[n + i] = std::uint64_t{0} - (v & 1);
    sign[n + i] = std::uint64_t{0} - (v >> 63);
    sign[i] = ~sign[n + i];
  }
  const std::vector<std::uint64_t> reversed(c1.rbegin(), c1.rend());
  for (std::size_t k = 0; k < sums.size(); ++k) {
    const std::uint64_t *const z = nonzero + k * gap + 1, *const m = sign + k * gap + 1;
    std::uint64_t sum = 0;
    for (std::size_t j = 0; j < n; ++j) sum += ((reversed[j] ^ m[j]) - m[j]) & z[j];
    sums[k] += sum;
  }
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
  // Horner's rule in s.
  ring::Polynomial sum = ciphertext.parts.back();
  for (std::size_t i = 0; i < ciphertext.limbs(); ++i) {
    const ring::PrimeRing& ring = context.q(i);
    for (std::size_t part = ciphertext.parts.size() - 1; part-- > 0;) {
      ring.mul(sum.limb(i), sum.limb(i), key_->q_limb(i));
      ring.add(sum.limb(i), sum.limb(i), ciphertext.parts[part].limb(i));
    }
    ring.inverse(sum.limb(i));
  }
  recombine(context, sum, 1 / ciphertext.scale, out);
}

std::vector<double> Decryptor::decrypt_coefficients(const Ciphertext& ciphertext) const {
  std::vector<double> result(key_->context()->degree());
  coefficients(ciphertext, result.data());
  return result;
}

std::vector<std::complex<double>> Decryptor::decrypt(const Ciphertext& ciphertext, const DecryptOptions& options,
                                                     double noise) const {
  check(options, noise);
  auto slots = encoder_.decode(decrypt_coefficients(ciphertext));
  if (noise == 0) noise = base_noise(*key_->context(), ciphertext.scale);
  // A complex number is two doubles in a row ([complex.numbers.general]).
  finish(reinterpret_cast<double*>(slots.data()), 2 * slots.size(), options, noise);
  return slots;
}

std::vector<double> Decryptor::decrypt_real(const Ciphertext& ciphertext, const DecryptOptions& options,
                                            double noise) const {
  check(options, noise);
  const auto slots = encoder_.decode(decrypt_coefficients(ciphertext));
  std::vector<double> values(slots.size());
  std::transform(slots.begin(), slots.end(), values.begin(), [](const auto& v) { return v.real(); });
  if (noise == 0) noise = base_noise(*key_->context(), ciphertext.scale);
  finish(values.data(), values.size(), options, noise);
  return values;
}

std::vector<double> Decryptor::decrypt(const CompactCiphertext& ciphertext, const DecryptOptions& options,
                                       double noise) const {
  check(options, noise);
  const Context& context = *key_->context();
  const std::size_t n = context.degree(), gap = ciphertext.gap;
  if (ciphertext.context != context.digest()) throw MismatchError("compact reply belongs to other parameters");
  if (ciphertext.degree != n || !std::has_single_bit(gap) || gap > n / 2 || ciphertext.c0.size() != n / gap ||
      ciphertext.c1.size() != n || ciphertext.bits < 1 || ciphertext.bits > 60 || !(ciphertext.scale > 0)) {
    throw MismatchError("compact reply does not have the shape of these parameters");
  }
  count_.fetch_add(1, std::memory_order_relaxed);
  std::vector<std::uint64_t> sums = ciphertext.c0;
  add_products(ciphertext.c1, key_->coefficients(), gap, context.scratch(), sums);
  // Modulo 2^bits and centred: the bits shifted to the top of a signed word.
  std::vector<double> coefficients(sums.size());
  const double factor = std::ldexp(1 / ciphertext.scale, -(64 - ciphertext.bits));
  for (std::size_t k = 0; k < sums.size(); ++k) {
    coefficients[k] = static_cast<double>(static_cast<std::int64_t>(sums[k] << (64 - ciphertext.bits))) * factor;
  }
  const auto slots = encoder_.decode_periodic(coefficients);
  std::vector<double> values(slots.size());
  std::transform(slots.begin(), slots.end(), values.begin(), [](const auto& v) { return v.real(); });
  if (noise == 0) noise = compact_noise(context, ciphertext);
  finish(values.data(), values.size(), options, noise);
  return values;
}

}  // namespace obscura::ckks
