#include "secret/recombine.h"

#include "ckks/fft_kernels.h"
#include "ckks/noise.h"

namespace obscura::ckks {
namespace {

// Residues to mixed-radix digits (Garner, 1959): x = d_0 + q_0 (d_1 + q_1 (d_2 + ...)), 0 <= d_i < q_i, and so
// d_i = (...((x - d_0) / q_0 - d_1) / q_1 ...) mod q_i.
void to_digits(const Context& context, std::size_t limbs, std::uint64_t* x) {
  const std::size_t n = context.degree();
  SecretScratch reduced(context.scratch(), n);
  for (std::size_t i = 1; i < limbs; ++i) {
    const ring::PrimeRing& ring = context.q(i);
    for (std::size_t j = 0; j < i; ++j) {
      const std::uint64_t from = context.q(j).value();
      const std::uint64_t* digit = x + j * n;
      if (from >> 52 != 0) {
        ring.reduce(reduced.words(), digit);
        digit = reduced.words();
      }
      ring.sub_mul_scalar(x + i * n, x + i * n, digit, ring.modulus().inverse(ring.modulus().reduce(from)));
    }
  }
}

}  // namespace

void recombine(const Context& context, std::size_t limbs, std::uint64_t* residues, double factor, double* out) {
  bool small = true;
  for (std::size_t i = 0; i < limbs; ++i) small = small && context.q(i).modulus().bits() <= 50;
  to_digits(context, limbs, residues);
  (small ? fft_kernels(ring::selected_isa()) : scalar_fft_kernels())
      .combine(context.degree(), limbs, residues, context.parameters().q.data(), factor, out);
}

}  // namespace obscura::ckks
