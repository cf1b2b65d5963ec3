#include <bit>
#include <cmath>
#include <cstring>

#include "ckks/fft_kernels.h"
#include "ring/constant_time.h"

// Radix 2, from the definition. Points of a transform of `size`: x_i, with x_{i + size/2} = -x_i and x_i^2 the points
// of the transform of half the size. So z(x_i) = even(x_i^2) + x_i odd(x_i^2): slots stay in order and halve, and
// coefficients come out in bit-reversed order.

namespace obscura::ckks {
namespace {

const double* doubles(const AlignedWords& words) {
  return reinterpret_cast<const double*>(words.data());
}

// The roots of the transform of `size` stand at size / 2 .. size - 1, real and imaginary part together.
std::size_t table_size(std::size_t slots) {
  return 2 * slots;
}

void prepare(double* table, const RootTable& roots) {
  table[0] = table[1] = 0;
  for (std::size_t size = 2; size <= roots.slots; size *= 2) {
    for (std::size_t i = 0; i < size / 2; ++i) {
      const Root root = roots.at(size, i, 1);
      table[size + 2 * i] = root.re;
      table[size + 2 * i + 1] = root.im;
    }
  }
}

std::size_t reversed(std::size_t x, std::size_t slots) {
  std::size_t r = 0;
  for (std::size_t bit = 1; bit < slots; bit *= 2) r = 2 * r + ((x & bit) != 0);
  return r;
}

void to_coefficients(const FftTables& t, const double* in_re, const double* in_im, double* out, double* scratch) {
  const std::size_t n = t.slots;
  double *const re = scratch, *const im = scratch + n;
  for (std::size_t i = 0; i < n; ++i) {
    re[i] = in_re[i];
    im[i] = in_im == nullptr ? 0 : i % 2 == 0 ? in_im[i] : -in_im[i];
  }
  for (std::size_t size = n; size >= 2; size /= 2) {
    const double* const roots = doubles(t.roots) + size;
    for (std::size_t base = 0; base < n; base += size) {
      for (std::size_t i = 0; i < size / 2; ++i) {
        const std::size_t a = base + i, b = a + size / 2;
        const double c = roots[2 * i], s = roots[2 * i + 1];
        const double dr = re[a] - re[b], di = im[a] - im[b];
        re[a] += re[b];
        im[a] += im[b];
        re[b] = dr * c + di * s;
        im[b] = di * c - dr * s;
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = reversed(i, n);
    out[k] = re[i];
    out[n + k] = im[i];
  }
}

void to_slots(const FftTables& t, const double* in, double* out, double*) {
  const std::size_t n = t.slots;
  double *const re = out, *const im = out + n;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = reversed(i, n);
    re[i] = in[k];
    im[i] = in[n + k];
  }
  for (std::size_t size = 2; size <= n; size *= 2) {
    const double* const roots = doubles(t.roots) + size;
    for (std::size_t base = 0; base < n; base += size) {
      for (std::size_t i = 0; i < size / 2; ++i) {
        const std::size_t a = base + i, b = a + size / 2;
        const double c = roots[2 * i], s = roots[2 * i + 1];
        const double br = re[b] * c - im[b] * s, bi = im[b] * c + re[b] * s;
        re[b] = re[a] - br;
        im[b] = im[a] - bi;
        re[a] += br;
        im[a] += bi;
      }
    }
  }
  for (std::size_t i = 1; i < n; i += 2) im[i] = -im[i];
}

double round_scaled(std::size_t n, double* x, double factor) {
  // As integers magnitudes are in the same order, and what is no number is above all: a maximum without a branch.
  std::uint64_t largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = std::nearbyint(x[i] * factor);
    const std::uint64_t magnitude = std::bit_cast<std::uint64_t>(x[i]) & (~std::uint64_t{0} >> 1);
    largest += (magnitude - largest) & (((magnitude - largest) >> 63) - 1);
  }
  return std::bit_cast<double>(largest);
}

void add_small(std::size_t n, double* x, const std::int8_t* e) {
  for (std::size_t i = 0; i < n; ++i) x[i] += e[i];
}

void residues(const ring::Modulus& q, std::size_t n, const double* x, std::uint64_t* r) {
  for (std::size_t i = 0; i < n; ++i) r[i] = residue(q, x[i]);
}

void residues_of_integers(const ring::Modulus& q, std::size_t n, const std::int64_t* c, std::uint64_t* r) {
  for (std::size_t i = 0; i < n; ++i) r[i] = ring::constant_time::reduce_signed(q, c[i]);
}

void bias(std::size_t n, const std::int64_t* c, std::uint64_t b, std::uint64_t* r) {
  for (std::size_t i = 0; i < n; ++i) r[i] = static_cast<std::uint64_t>(c[i]) + b;
}

// Digits from the lowest: one over q_i / 2 becomes negative and carries one; the carry out of the last is the whole
// product, which does not count. Then Horner's rule from the highest: balanced digits never cancel, so each step keeps
// the relative precision of doubles.
void combine(std::size_t n, std::size_t rows, const std::uint64_t* digits, const std::uint64_t* q, double factor,
             double* x) {
  double balanced[128];
  for (std::size_t k = 0; k < n; ++k) {
    std::int64_t carry = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      const auto modulus = static_cast<std::int64_t>(q[i]);
      const std::int64_t d = static_cast<std::int64_t>(digits[i * n + k]) + carry;
      carry = d > modulus / 2 ? 1 : 0;
      balanced[i] = static_cast<double>(d - carry * modulus);
    }
    double sum = balanced[rows - 1];
    for (std::size_t i = rows - 1; i-- > 0;) sum = sum * static_cast<double>(q[i]) + balanced[i];
    x[k] = sum * factor;
  }
}

}  // namespace

std::uint64_t residue(const ring::Modulus& q, double x) {
  if (std::fabs(x) < 0x1p62) return q.reduce_signed(static_cast<std::int64_t>(x));
  // x = m 2^e with |m| < 2^53 an integer.
  int e = 0;
  const auto m = static_cast<std::int64_t>(std::ldexp(std::frexp(x, &e), 53));
  return q.mul(q.reduce_signed(m), q.pow(2, static_cast<std::uint64_t>(e - 53)));
}

const FftKernels& scalar_fft_kernels() {
  static constexpr FftKernels kernels{
      1,       table_size, prepare, to_coefficients, to_slots, round_scaled, add_small, residues, residues_of_integers,
      combine, bias};
  return kernels;
}

}  // namespace obscura::ckks
