#include "ckks/residues.h"

#include <algorithm>

#include "ckks/fft_kernels.h"
#include "ring/constant_time.h"

namespace obscura::ckks {
namespace {

const FftKernels& kernels(const ring::Modulus& q) {
  return q.bits() <= 50 ? fft_kernels(ring::selected_isa()) : scalar_fft_kernels();
}

}  // namespace

void to_residues(const ring::PrimeRing& ring, const double* coefficients, double largest, std::uint64_t* out) {
  const ring::Modulus& q = ring.modulus();
  const bool fast = largest < 0x1p50 * static_cast<double>(q.value());
  const FftKernels& chosen = fast ? kernels(q) : scalar_fft_kernels();
  if (&chosen != &scalar_fft_kernels() || !(largest < 0x1p62)) {
    return chosen.residues(q, ring.degree(), coefficients, out);
  }
  // The scalar kernel asks of each how large it is.
  for (std::size_t i = 0; i < ring.degree(); ++i) {
    out[i] = ring::constant_time::reduce_signed(q, static_cast<std::int64_t>(coefficients[i]));
  }
}

void to_residues(const ring::PrimeRing& ring, const std::int64_t* coefficients, std::uint64_t largest,
                 std::uint64_t* out) {
  const ring::Modulus& q = ring.modulus();
  if (largest < std::uint64_t{1} << 51) {
    kernels(q).residues_of_integers(q, ring.degree(), coefficients, out);
  } else if (largest < std::uint64_t{1} << 61) {
    // A multiple of q makes them positive.
    kernels(q).bias(ring.degree(), coefficients, (largest / q.value() + 1) * q.value(), out);
    ring.reduce(out, out);
  } else {
    std::transform(coefficients, coefficients + ring.degree(), out,
                   [&q](std::int64_t c) { return ring::constant_time::reduce_signed(q, c); });
  }
}

std::uint64_t largest_magnitude(const std::int64_t* coefficients, std::size_t count) {
  std::int64_t least = 0, most = 0;
  for (std::size_t i = 0; i < count; ++i) {
    least = std::min(least, coefficients[i]);
    most = std::max(most, coefficients[i]);
  }
  return std::max(static_cast<std::uint64_t>(most), std::uint64_t{0} - static_cast<std::uint64_t>(least));
}

}  // namespace obscura::ckks
