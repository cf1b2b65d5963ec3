#include "ckks/encoder.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "base/error.h"
#include "ckks/fft.h"
#include "ckks/fft_kernels.h"
#include "ckks/noise.h"
#include "ckks/residues.h"
#include "ring/isa.h"

namespace obscura::ckks {
namespace {

constexpr double kIntegerBound = 0x1p62;  // of coefficients as 64-bit integers

const FftKernels& kernels() {
  return fft_kernels(ring::selected_isa());
}

bool finite(double v) {
  return std::isfinite(v);
}
bool finite(const std::complex<double>& v) {
  return std::isfinite(v.real()) && std::isfinite(v.imag());
}

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", v);
  return text;
}

}  // namespace

Encoder::Encoder(ContextPtr context) : context_(std::move(context)) {
  fft_.emplace_back(nullptr);
  for (std::size_t degree = 2; degree <= context_->degree(); degree *= 2) {
    fft_.push_back(std::make_unique<SlotFft>(degree));
  }
  half_q_.push_back(0);
  for (std::size_t limbs = 1; limbs <= context_->max_limbs(); ++limbs) {
    // Above the range of doubles no coefficient can be too large; infinite ones still are.
    const double bits = context_->log_q(limbs) - 1;
    half_q_.push_back(bits < 1000 ? std::exp2(bits) : std::numeric_limits<double>::infinity());
  }
}

Encoder::~Encoder() = default;

void Encoder::check_level(double scale, std::size_t limbs) const {
  if (!(scale >= 1 && scale <= 0x1p60)) throw ParameterError("scale " + number(scale) + " is not from 1 to 2^60");
  if (limbs < 1 || limbs > context_->max_limbs()) {
    throw ParameterError("level of " + std::to_string(limbs) + " limbs is not from 1 to " +
                         std::to_string(context_->max_limbs()));
  }
}

void Encoder::check_fits(double largest, std::size_t limbs) const {
  if (largest < half_q_[limbs]) return;
  throw ParameterError("scale times values gives a coefficient of " + number(std::log2(largest)) +
                       " bits, too large for the modulus of " + number(context_->log_q(limbs)) + " bits at " +
                       std::to_string(limbs) + " limbs");
}

// Values may be an owner's picture: what they were in scratch memory is wiped. Slots -> unscaled coefficients, times
// N/2.
template <>
void Encoder::transform(std::span<const double> values, double* coefficients) const {
  const std::size_t n = context_->slots();
  SecretScratch scratch(context_->scratch(), 2 * n);
  if (values.size() == n) {
    fft_.back()->to_coefficients(values.data(), nullptr, coefficients, scratch.doubles());
    return;
  }
  SecretScratch padded(context_->scratch(), n);
  std::fill(std::copy(values.begin(), values.end(), padded.doubles()), padded.doubles() + n, 0.0);
  fft_.back()->to_coefficients(padded.doubles(), nullptr, coefficients, scratch.doubles());
}

template <>
void Encoder::transform(std::span<const std::complex<double>> values, double* coefficients) const {
  const std::size_t n = context_->slots();
  SecretScratch scratch(context_->scratch(), 2 * n), padded(context_->scratch(), 2 * n);
  double *const re = padded.doubles(), *const im = re + n;
  std::fill(re, im + n, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    re[i] = values[i].real();
    im[i] = values[i].imag();
  }
  fft_.back()->to_coefficients(re, im, coefficients, scratch.doubles());
}

template <typename Value>
double Encoder::round_any(std::span<const Value> values, double scale, double* coefficients) const {
  const std::size_t n = context_->slots();
  if (values.size() > n) {
    throw ParameterError(std::to_string(values.size()) + " values do not fit " + std::to_string(n) + " slots");
  }
  transform(values, coefficients);
  const double largest = kernels().round_scaled(2 * n, coefficients, scale / static_cast<double>(n));
  // One bad value spoils every coefficient, so that only then the values need a look.
  if (!std::isfinite(largest)) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!finite(values[i])) throw ParameterError("value " + std::to_string(i) + " to encode is not finite");
    }
    throw ParameterError("values to encode are too large");
  }
  return largest;
}

double Encoder::round_values(std::span<const double> values, double scale, std::size_t limbs,
                             double* coefficients) const {
  check_level(scale, limbs);
  const double largest = round_any(values, scale, coefficients);
  check_fits(largest, limbs);
  return largest;
}

double Encoder::round_values(std::span<const std::complex<double>> values, double scale, std::size_t limbs,
                             double* coefficients) const {
  check_level(scale, limbs);
  const double largest = round_any(values, scale, coefficients);
  check_fits(largest, limbs);
  return largest;
}

double Encoder::round_periodic(std::span<const double> values, double scale, std::size_t limbs,
                               double* coefficients) const {
  check_level(scale, limbs);
  const std::size_t n = values.size(), degree = context_->degree();
  if (!std::has_single_bit(n) || n > context_->slots()) {
    throw ParameterError("a period of " + std::to_string(n) + " slots is not a power of two up to " +
                         std::to_string(context_->slots()));
  }
  const std::size_t gap = degree / (2 * n);
  if (gap == 1) return round_values(values, scale, limbs, coefficients);
  SecretScratch small(context_->scratch(), 4 * n + 8);
  double* const few = small.doubles();
  transform_of(2 * n).to_coefficients(values.data(), nullptr, few, few + std::max<std::size_t>(2 * n, 8));
  const double largest = kernels().round_scaled(2 * n, few, scale / static_cast<double>(n));
  if (!std::isfinite(largest)) throw ParameterError("values to encode are too large or not finite");
  check_fits(largest, limbs);
  std::fill(coefficients, coefficients + degree, 0.0);
  for (std::size_t k = 0; k < 2 * n; ++k) coefficients[k * gap] = few[k];
  return largest;
}

Plaintext Encoder::from_rounded(const double* coefficients, double largest, double scale,
                                const ring::RnsBasis& basis) const {
  const std::size_t special = context_->extended(basis.limbs()).special();
  if (basis.special() != 0 && basis.special() != special) {
    throw ParameterError("a plaintext of " + std::to_string(basis.limbs()) + " limbs has rows for " +
                         std::to_string(special) + " special primes or none, not " + std::to_string(basis.special()));
  }
  Plaintext result{context_->digest(), basis, ring::Polynomial(context_->degree(), basis.rows()), scale};
  for_rows(*context_, basis, [&](const ring::PrimeRing& ring, std::size_t row) {
    to_residues(ring, coefficients, largest, result.poly.limb(row));
    ring.forward(result.poly.limb(row));
  });
  return result;
}

template <typename Value>
Plaintext Encoder::encode_any(std::span<const Value> values, double scale, const ring::RnsBasis& basis) const {
  SecretScratch lease(context_->scratch(), context_->degree());
  const double largest = round_values(values, scale, basis.limbs(), lease.doubles());
  return from_rounded(lease.doubles(), largest, scale, basis);
}

Plaintext Encoder::encode(std::span<const double> values, double scale, ring::RnsBasis basis) const {
  return encode_any(values, scale, basis);
}

Plaintext Encoder::encode(std::span<const std::complex<double>> values, double scale, ring::RnsBasis basis) const {
  return encode_any(values, scale, basis);
}

Plaintext Encoder::encode_periodic(std::span<const double> values, double scale, ring::RnsBasis basis) const {
  SecretScratch lease(context_->scratch(), context_->degree());
  const double largest = round_periodic(values, scale, basis.limbs(), lease.doubles());
  return from_rounded(lease.doubles(), largest, scale, basis);
}

void Encoder::encode_coefficients(std::span<const double> values, double scale, std::int64_t* coefficients) const {
  check_level(scale, 1);
  SecretScratch lease(context_->scratch(), context_->degree());
  const double largest = round_any(values, scale, lease.doubles());
  if (largest >= kIntegerBound) {
    throw ParameterError("scale times values gives a coefficient of " + number(std::log2(largest)) +
                         " bits; integers have 62");
  }
  std::transform(lease.doubles(), lease.doubles() + context_->degree(), coefficients,
                 [](double c) { return static_cast<std::int64_t>(c); });
}

const SlotFft& Encoder::transform_of(std::size_t degree) const {
  if (!std::has_single_bit(degree) || degree < 2 || degree > context_->degree()) {
    throw ParameterError("a slot transform takes a power of two of coefficients from 2 to " +
                         std::to_string(context_->degree()) + ", not " + std::to_string(degree));
  }
  return *fft_[static_cast<std::size_t>(std::countr_zero(degree))];
}

std::vector<std::complex<double>> Encoder::decode_periodic(std::span<const double> coefficients) const {
  const SlotFft& fft = transform_of(coefficients.size());
  const std::size_t n = fft.degree() / 2, room = std::max<std::size_t>(2 * n, 8);
  SecretScratch lease(context_->scratch(), 3 * room);
  double *const slots = lease.doubles(), *const aligned = slots + room;
  std::copy(coefficients.begin(), coefficients.end(), aligned);
  fft.to_slots(aligned, slots, aligned + room);
  std::vector<std::complex<double>> result(n);
  for (std::size_t i = 0; i < n; ++i) result[i] = {slots[i], slots[n + i]};
  return result;
}

std::vector<std::complex<double>> Encoder::decode(std::span<const double> coefficients) const {
  if (coefficients.size() != context_->degree()) {
    throw ParameterError("decoding takes " + std::to_string(context_->degree()) + " coefficients, not " +
                         std::to_string(coefficients.size()));
  }
  return decode_periodic(coefficients);
}

}  // namespace obscura::ckks
