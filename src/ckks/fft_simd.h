#pragma once

#include <cstddef>
#include <cstdint>

#include "ckks/fft_kernels.h"

/// The transforms and loops of FftKernels on vectors, for the files of one instruction set each: included only there,
/// and all of it in an unnamed namespace, so that code of one set is never linked for another. `V` names the set: its
/// vector type T of `lanes` doubles and the operations on it.
///
/// Self-sorting radix 8 (after Stockham). To coefficients: with x_i the points of a transform of size L,
///
///   z(x_i) = sum_b x_i^b E_b(x_i^8),   E_b: the transform of the coefficients k = b mod 8, of size L / 8,
///   x_{i + m L/8} = x_i w^m,           w = -exp(i pi / 4) for even i, +exp(i pi / 4) for odd i, if L >= 32,
///
/// so that x_i^-b sum_m w^-mb z(x_{i + m L/8}) / 8 = E_b(x_i^8). The state after some passes is a matrix: row i is a
/// point of the transforms left, column p the low digits of the coefficients, so that all loads and stores run along
/// rows and nothing is ever bit-reversed. The first pass has rows of one column: there the vectors run over i, and an 8
/// x 8 transposition on the way out makes the rows. The last has L = 8, where the points are x_0 times eighth roots in
/// the order kLastOrder. Between, one pass has radix 2 or 4 where log2 of n needs it.
namespace obscura::ckks {
namespace {

template <class V>
struct Complex {
  typename V::T re;
  typename V::T im;
};

template <class V>
inline Complex<V> operator+(const Complex<V>& a, const Complex<V>& b) {
  return {V::add(a.re, b.re), V::add(a.im, b.im)};
}
template <class V>
inline Complex<V> operator-(const Complex<V>& a, const Complex<V>& b) {
  return {V::sub(a.re, b.re), V::sub(a.im, b.im)};
}
template <class V>
inline Complex<V> times_i(const Complex<V>& a) {
  return {V::negate(a.im), a.re};
}
template <class V>
inline Complex<V> plus_i(const Complex<V>& a, const Complex<V>& b) {
  return {V::sub(a.re, b.im), V::add(a.im, b.re)};
}
template <class V>
inline Complex<V> minus_i(const Complex<V>& a, const Complex<V>& b) {
  return {V::add(a.re, b.im), V::sub(a.im, b.re)};
}
template <class V>
inline Complex<V> times(const Complex<V>& a, const Complex<V>& w) {
  return {V::fmsub(a.re, w.re, V::mul(a.im, w.im)), V::fmadd(a.re, w.im, V::mul(a.im, w.re))};
}
template <class V>
inline Complex<V> times_conjugate(const Complex<V>& a, const Complex<V>& w) {
  return {V::fmadd(a.re, w.re, V::mul(a.im, w.im)), V::fmsub(a.im, w.re, V::mul(a.re, w.im))};
}

constexpr double kHalfRoot = 0.70710678118654752440;  // 1 / sqrt 2
constexpr std::size_t kLastOrder[8] = {0, 3, 2, 5, 4, 7, 6, 1};

/// The arrays of one pass; complex numbers stand apart as real and imaginary parts.
struct PassArrays {
  const double* re;
  const double* im;
  double* out_re;
  double* out_im;
};

template <class V>
inline Complex<V> load(const PassArrays& a, std::size_t at) {
  return {V::load(a.re + at), V::load(a.im + at)};
}
template <class V>
inline void store(const PassArrays& a, std::size_t at, const Complex<V>& x) {
  V::store(a.out_re + at, x.re);
  V::store(a.out_im + at, x.im);
}
template <class V>
inline Complex<V> broadcast(const double* root) {
  return {V::set1(root[0]), V::set1(root[1])};
}

/// e_b = sum_m y_m i^-mb
template <class V>
inline void inverse_dft4(Complex<V>& y0, Complex<V>& y1, Complex<V>& y2, Complex<V>& y3) {
  const auto s = y0 + y2, d = y0 - y2, t = y1 + y3, u = y1 - y3;
  y0 = s + t;
  y1 = minus_i(d, u);
  y2 = s - t;
  y3 = plus_i(d, u);
}
template <class V>
inline void forward_dft4(Complex<V>& y0, Complex<V>& y1, Complex<V>& y2, Complex<V>& y3) {
  const auto s = y0 + y2, d = y0 - y2, t = y1 + y3, u = y1 - y3;
  y0 = s + t;
  y1 = plus_i(d, u);
  y2 = s - t;
  y3 = minus_i(d, u);
}

/// e_b = sum_m y_m w^-mb, w = half (1 + i), half = +-1 / sqrt 2.
template <class V>
inline void inverse_dft8(Complex<V> (&y)[8], typename V::T half) {
  Complex<V> a[4], d[4];
  for (std::size_t m = 0; m < 4; ++m) {
    a[m] = y[m] + y[m + 4];
    d[m] = y[m] - y[m + 4];
  }
  d[1] = {V::mul(half, V::add(d[1].re, d[1].im)), V::mul(half, V::sub(d[1].im, d[1].re))};
  d[2] = {d[2].im, V::negate(d[2].re)};
  d[3] = {V::mul(half, V::sub(d[3].im, d[3].re)), V::negate(V::mul(half, V::add(d[3].re, d[3].im)))};
  inverse_dft4(a[0], a[1], a[2], a[3]);
  inverse_dft4(d[0], d[1], d[2], d[3]);
  for (std::size_t m = 0; m < 4; ++m) {
    y[2 * m] = a[m];
    y[2 * m + 1] = d[m];
  }
}
/// y_m = sum_b e_b w^mb
template <class V>
inline void forward_dft8(Complex<V> (&y)[8], typename V::T half) {
  forward_dft4(y[0], y[2], y[4], y[6]);
  forward_dft4(y[1], y[3], y[5], y[7]);
  const Complex<V> g[4] = {y[0], y[2], y[4], y[6]};
  const Complex<V> h[4] = {y[1],
                           {V::mul(half, V::sub(y[3].re, y[3].im)), V::mul(half, V::add(y[3].re, y[3].im))},
                           times_i(y[5]),
                           {V::negate(V::mul(half, V::add(y[7].re, y[7].im))), V::mul(half, V::sub(y[7].re, y[7].im))}};
  for (std::size_t m = 0; m < 4; ++m) {
    y[m] = g[m] + h[m];
    y[m + 4] = g[m] - h[m];
  }
}

template <class V, std::size_t radix>
inline void inverse_dft(Complex<V> (&y)[radix], [[maybe_unused]] typename V::T half) {
  if constexpr (radix == 8) {
    inverse_dft8<V>(y, half);
  } else if constexpr (radix == 4) {
    inverse_dft4<V>(y[0], y[1], y[2], y[3]);
  } else {
    const auto s = y[0] + y[1], d = y[0] - y[1];
    y[0] = s, y[1] = d;
  }
}
template <class V, std::size_t radix>
inline void forward_dft(Complex<V> (&y)[radix], [[maybe_unused]] typename V::T half) {
  if constexpr (radix == 8) {
    forward_dft8<V>(y, half);
  } else if constexpr (radix == 4) {
    forward_dft4<V>(y[0], y[1], y[2], y[3]);
  } else {
    const auto s = y[0] + y[1], d = y[0] - y[1];
    y[0] = s, y[1] = d;
  }
}

// The pass over single columns, vectors over i; `size` = n points. Roots: vectors of x_i^b, b = 1 ... 7.
template <class V, bool real>
void first_inverse_pass(const PassArrays& a, std::size_t size, const double* roots) {
  const std::size_t step = size / 8;
  const auto half = V::alternating(-kHalfRoot, kHalfRoot), sign = V::alternating(1, -1);
  for (std::size_t i = 0; i < step; i += V::lanes, roots += 14 * V::lanes) {
    Complex<V> y[8];
    for (std::size_t m = 0; m < 8; ++m) {
      y[m].re = V::load_any(a.re + i + m * step);
      // Odd slots are conjugates.
      if constexpr (real) {
        y[m].im = V::set1(0);
      } else {
        y[m].im = V::mul(sign, V::load_any(a.im + i + m * step));
      }
    }
    inverse_dft8<V>(y, half);
    typename V::T re[8], im[8];
    re[0] = y[0].re, im[0] = y[0].im;
    for (std::size_t b = 1; b < 8; ++b) {
      const double* const root = roots + 2 * (b - 1) * V::lanes;
      const auto e = times_conjugate<V>(y[b], {V::load(root), V::load(root + V::lanes)});
      re[b] = e.re, im[b] = e.im;
    }
    V::rows_of_8(re);
    V::rows_of_8(im);
    for (std::size_t k = 0; k < 8; ++k) store<V>(a, 8 * i + k * V::lanes, {re[k], im[k]});
  }
}
template <class V>
void last_forward_pass(const PassArrays& a, std::size_t size, const double* roots) {
  const std::size_t step = size / 8;
  const auto half = V::alternating(-kHalfRoot, kHalfRoot), sign = V::alternating(1, -1);
  for (std::size_t i = 0; i < step; i += V::lanes, roots += 14 * V::lanes) {
    typename V::T re[8], im[8];
    for (std::size_t k = 0; k < 8; ++k) {
      re[k] = V::load(a.re + 8 * i + k * V::lanes);
      im[k] = V::load(a.im + 8 * i + k * V::lanes);
    }
    V::columns_of_8(re);
    V::columns_of_8(im);
    Complex<V> y[8];
    y[0] = {re[0], im[0]};
    for (std::size_t b = 1; b < 8; ++b) {
      const double* const root = roots + 2 * (b - 1) * V::lanes;
      y[b] = times<V>({re[b], im[b]}, {V::load(root), V::load(root + V::lanes)});
    }
    forward_dft8<V>(y, half);
    for (std::size_t m = 0; m < 8; ++m) store<V>(a, i + m * step, {y[m].re, V::mul(sign, y[m].im)});
  }
}

// A pass over rows of `columns` columns. Roots: x_i^b, b = 1 ... radix - 1, as pairs.
template <class V, std::size_t radix>
void inverse_pass(const PassArrays& a, std::size_t size, std::size_t columns, const double* roots) {
  const std::size_t step = size / radix * columns;
  for (std::size_t i = 0; i < size / radix; ++i, roots += 2 * (radix - 1)) {
    const auto half = V::set1(i % 2 == 0 ? -kHalfRoot : kHalfRoot);
    for (std::size_t p = 0; p < columns; p += V::lanes) {
      const std::size_t from = i * columns + p, to = i * columns * radix + p;
      Complex<V> y[radix];
      for (std::size_t m = 0; m < radix; ++m) y[m] = load<V>(a, from + m * step);
      inverse_dft<V, radix>(y, half);
      store<V>(a, to, y[0]);
      for (std::size_t b = 1; b < radix; ++b) {
        store<V>(a, to + b * columns, times_conjugate<V>(y[b], broadcast<V>(roots + 2 * (b - 1))));
      }
    }
  }
}
template <class V, std::size_t radix>
void forward_pass(const PassArrays& a, std::size_t size, std::size_t columns, const double* roots) {
  const std::size_t step = size / radix * columns;
  for (std::size_t i = 0; i < size / radix; ++i, roots += 2 * (radix - 1)) {
    const auto half = V::set1(i % 2 == 0 ? -kHalfRoot : kHalfRoot);
    for (std::size_t p = 0; p < columns; p += V::lanes) {
      const std::size_t from = i * columns * radix + p, to = i * columns + p;
      Complex<V> y[radix];
      y[0] = load<V>(a, from);
      for (std::size_t b = 1; b < radix; ++b) {
        y[b] = times<V>(load<V>(a, from + b * columns), broadcast<V>(roots + 2 * (b - 1)));
      }
      forward_dft<V, radix>(y, half);
      for (std::size_t m = 0; m < radix; ++m) store<V>(a, to + m * step, y[m]);
    }
  }
}

// The pass of size 8: one row of points, n / 8 columns.
template <class V>
void last_inverse_pass(const PassArrays& a, std::size_t columns, const double* roots) {
  const auto half = V::set1(kHalfRoot);
  for (std::size_t p = 0; p < columns; p += V::lanes) {
    Complex<V> y[8];
    for (std::size_t t = 0; t < 8; ++t) y[t] = load<V>(a, kLastOrder[t] * columns + p);
    inverse_dft8<V>(y, half);
    store<V>(a, p, y[0]);
    for (std::size_t b = 1; b < 8; ++b) {
      store<V>(a, b * columns + p, times_conjugate<V>(y[b], broadcast<V>(roots + 2 * (b - 1))));
    }
  }
}
template <class V>
void first_forward_pass(const PassArrays& a, std::size_t columns, const double* roots) {
  const auto half = V::set1(kHalfRoot);
  for (std::size_t p = 0; p < columns; p += V::lanes) {
    Complex<V> y[8];
    y[0] = load<V>(a, p);
    for (std::size_t b = 1; b < 8; ++b) {
      y[b] = times<V>(load<V>(a, b * columns + p), broadcast<V>(roots + 2 * (b - 1)));
    }
    forward_dft8<V>(y, half);
    for (std::size_t t = 0; t < 8; ++t) store<V>(a, kLastOrder[t] * columns + p, y[t]);
  }
}

/// The radix of the pass at `size` > 8 points between the first and the last, which has 8: 16 and 32 points go there in
/// one pass of radix 2 or 4, more in passes of radix 8.
inline std::size_t radix_at(std::size_t size) {
  return size == 16 ? 2 : size == 32 ? 4 : 8;
}

/// Doubles of the roots of a pass.
inline std::size_t roots_of(std::size_t size, std::size_t radix) {
  return size / radix * 2 * (radix - 1);
}

template <class V>
std::size_t table_size(std::size_t slots) {
  std::size_t count = roots_of(slots, 8) + roots_of(8, 8);
  for (std::size_t size = slots / 8; size > 8; size /= radix_at(size)) count += roots_of(size, radix_at(size));
  return count;
}

template <class V>
void prepare(double* at, const RootTable& roots) {
  const std::size_t n = roots.slots;
  for (std::size_t i = 0; i < n / 8; i += V::lanes) {
    for (std::size_t b = 1; b < 8; ++b, at += 2 * V::lanes) {
      for (std::size_t lane = 0; lane < V::lanes; ++lane) {
        const Root root = roots.at(n, i + lane, b);
        at[lane] = root.re;
        at[V::lanes + lane] = root.im;
      }
    }
  }
  for (std::size_t size = n / 8, radix = 8; size >= 8; size /= radix) {
    radix = size == 8 ? 8 : radix_at(size);
    for (std::size_t i = 0; i < size / radix; ++i) {
      for (std::size_t b = 1; b < radix; ++b, at += 2) {
        const Root root = roots.at(size, i, b);
        at[0] = root.re;
        at[1] = root.im;
      }
    }
  }
}

template <class V>
void inverse_pass_of(std::size_t radix, const PassArrays& a, std::size_t size, std::size_t columns,
                     const double* roots) {
  if (radix == 8) return inverse_pass<V, 8>(a, size, columns, roots);
  if (radix == 4) return inverse_pass<V, 4>(a, size, columns, roots);
  inverse_pass<V, 2>(a, size, columns, roots);
}
template <class V>
void forward_pass_of(std::size_t radix, const PassArrays& a, std::size_t size, std::size_t columns,
                     const double* roots) {
  if (radix == 8) return forward_pass<V, 8>(a, size, columns, roots);
  if (radix == 4) return forward_pass<V, 4>(a, size, columns, roots);
  forward_pass<V, 2>(a, size, columns, roots);
}

/// How many passes there are between the first and the last.
inline std::size_t middle_passes(std::size_t slots) {
  std::size_t count = 0;
  for (std::size_t size = slots / 8; size > 8; size /= radix_at(size)) ++count;
  return count;
}

template <class V>
void to_coefficients(const FftTables& t, const double* re, const double* im, double* out, double* scratch) {
  const std::size_t n = t.slots;
  const auto* roots = reinterpret_cast<const double*>(t.roots.data());
  // Passes write to scratch and out in turn, the last to out.
  double *to = middle_passes(n) % 2 == 0 ? scratch : out, *next = to == scratch ? out : scratch;
  const PassArrays first{re, im, to, to + n};
  if (im == nullptr) {
    first_inverse_pass<V, true>(first, n, roots);
  } else {
    first_inverse_pass<V, false>(first, n, roots);
  }
  roots += roots_of(n, 8);
  std::size_t columns = 8;
  for (std::size_t size = n / 8; size > 8;) {
    const std::size_t radix = radix_at(size);
    inverse_pass_of<V>(radix, {to, to + n, next, next + n}, size, columns, roots);
    double* const written = next;
    next = to, to = written;
    roots += roots_of(size, radix);
    size /= radix, columns *= radix;
  }
  last_inverse_pass<V>({to, to + n, out, out + n}, n / 8, roots);
}

template <class V>
void to_slots(const FftTables& t, const double* in, double* out, double* scratch) {
  const std::size_t n = t.slots;
  std::size_t sizes[16], count = 0, total = roots_of(n, 8);
  for (std::size_t size = n / 8; size > 8; size /= radix_at(size)) {
    total += roots_of(size, radix_at(size));
    sizes[count++] = size;
  }
  const auto* roots = reinterpret_cast<const double*>(t.roots.data()) + total;
  double *to = count % 2 == 0 ? scratch : out, *next = to == scratch ? out : scratch;
  std::size_t columns = n / 8;
  first_forward_pass<V>({in, in + n, to, to + n}, columns, roots);
  while (count-- > 0) {
    const std::size_t size = sizes[count], radix = radix_at(size);
    roots -= roots_of(size, radix);
    columns /= radix;
    forward_pass_of<V>(radix, {to, to + n, next, next + n}, size, columns, roots);
    double* const written = next;
    next = to, to = written;
  }
  last_forward_pass<V>({to, to + n, out, out + n}, n, roots - roots_of(n, 8));
}

}  // namespace
}  // namespace obscura::ckks
