// Compiled for WebAssembly alone (web/CMakeLists.txt), with SIMD.
#if defined(__wasm_simd128__)
#include "ring/simd128.h"

namespace obscura::ring::simd128 {
namespace {

template <class F, class... Inputs>
inline void each(std::size_t n, Word* r, F f, const Inputs*... in) {
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, f(load(in + i)...));
}

}  // namespace

void add(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  const Prime p(q);
  each(
      n, r, [&](Vec x, Vec y) { return p.below_q(add(x, y)); }, a, b);
}

void sub(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  const Prime p(q);
  each(
      n, r, [&](Vec x, Vec y) { return p.from_signed(sub(x, y)); }, a, b);
}

void negate(const Modulus& q, std::size_t n, Word* r, const Word* a) {
  const Prime p(q);
  each(
      n, r, [&](Vec x) { return p.from_signed(sub(splat(0), x)); }, a);
}

void mul(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  const Prime p(q);
  each(
      n, r, [&](Vec x, Vec y) { return p.from_signed(p.product(x, y)); }, a, b);
}

void mul_add(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  const Prime p(q);
  each(
      n, r, [&](Vec sum, Vec x, Vec y) { return p.below_q(add(sum, p.from_signed(p.product(x, y)))); }, r, a, b);
}

void mul_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, Word w) {
  const Prime p(q);
  const Factor f = factor(q, w);
  each(
      n, r, [&](Vec x) { return p.from_signed(p.times_word(x, f)); }, a);
}

void sub_mul_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b, Word w) {
  const Prime p(q);
  const Factor f = factor(q, w), one = factor(q, 1);
  each(
      n, r,
      [&](Vec x, Vec y) {
        const Vec residue = p.from_signed(p.times_word(y, one));
        return p.from_signed(p.times(sub(x, residue), f));
      },
      a, b);
}

void add_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, Word w) {
  const Prime p(q);
  const Vec c = splat(w);
  each(
      n, r, [&](Vec x) { return p.below_q(add(x, c)); }, a);
}

}  // namespace obscura::ring::simd128
#endif
