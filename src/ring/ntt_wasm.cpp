// Compiled for WebAssembly alone (web/CMakeLists.txt), with SIMD.
#if defined(__wasm_simd128__)
#include <algorithm>

#include "ring/simd128.h"

/// Harvey's transforms (lazy butterflies) in vectors of two words, two stages a pass over the words.
namespace obscura::ring::simd128 {
namespace {

/// Entry i: the factor, balanced, and its ratio to q.
AlignedWords with_ratios(const NttTables& t, bool inverse) {
  const AlignedWords powers = bit_reversed_powers(t, inverse);
  AlignedWords table(2 * t.degree);
  for (std::size_t i = 0; i < t.degree; ++i) {
    table[2 * i] = static_cast<Word>(balanced(t.q, powers[i]));
    table[2 * i + 1] = std::bit_cast<Word>(ratio(t.q, powers[i]));
  }
  return table;
}

void put(AlignedWords& table, std::size_t i, const Modulus& q, Word w) {
  table[2 * i] = static_cast<Word>(balanced(q, w));
  table[2 * i + 1] = std::bit_cast<Word>(ratio(q, w));
}

inline Factor splat_factor(const Word* table, std::size_t i) {
  return {wasm_v128_load64_splat(table + 2 * i), wasm_v128_load64_splat(table + 2 * i + 1)};
}
/// Those of two neighbouring blocks, one a lane.
inline Factor load_factors(const Word* table, std::size_t i) {
  const Vec a = load(table + 2 * i), b = load(table + 2 * i + 2);
  return {wasm_i64x2_shuffle(a, b, 0, 2), wasm_i64x2_shuffle(a, b, 1, 3)};
}

struct Stages {
  Prime p;
  Vec q, two_q;
  explicit Stages(const Modulus& m) : p(m), q(splat(m.value())), two_q(splat(2 * m.value())) {}

  /// x, or x - 2 q where that is not negative.
  Vec below_two_q(Vec x) const {
    const Vec less = sub(x, two_q);
    return add(less, wasm_v128_and(wasm_i64x2_lt(less, splat(0)), two_q));
  }

  /// [0, 4 q) to [0, 4 q), which stays below 2^52.
  void forward(Vec& x, Vec& y, Factor f) const {
    const Vec t = p.times_word(y, f), u = add(below_two_q(x), q);
    x = add(u, t);
    y = sub(u, t);
  }
  /// [0, 2 q) to [0, 2 q).
  void inverse(Vec& x, Vec& y, Factor f) const {
    const Vec difference = sub(x, y);
    x = below_two_q(add(x, y));
    y = add(p.times(difference, f), q);
  }
};

void forward_pass_4(const Stages& s, Word* x, std::size_t quarter, Factor f0, Factor f1, Factor f2) {
  for (std::size_t j = 0; j < quarter; j += kLanes) {
    Word* const at = x + j;
    Vec a = load(at), b = load(at + quarter), c = load(at + 2 * quarter), d = load(at + 3 * quarter);
    s.forward(a, c, f0), s.forward(b, d, f0);
    s.forward(a, b, f1), s.forward(c, d, f2);
    store(at, a), store(at + quarter, b), store(at + 2 * quarter, c), store(at + 3 * quarter, d);
  }
}

void inverse_pass_4(const Stages& s, Word* x, std::size_t quarter, Factor f0, Factor f1, Factor f2) {
  for (std::size_t j = 0; j < quarter; j += kLanes) {
    Word* const at = x + j;
    Vec a = load(at), b = load(at + quarter), c = load(at + 2 * quarter), d = load(at + 3 * quarter);
    s.inverse(a, b, f1), s.inverse(c, d, f2);
    s.inverse(a, c, f0), s.inverse(b, d, f0);
    store(at, a), store(at + quarter, b), store(at + 2 * quarter, c), store(at + 3 * quarter, d);
  }
}

/// The last two stages on four words: (x0 x1), (x2 x3) by one factor, then neighbours by two.
Vec canonical(const Stages& s, Vec x) {
  return s.p.below_q(s.below_two_q(x));
}
void forward_last(const Stages& s, Word* x, const Word* table, std::size_t block, std::size_t blocks) {
  Vec a = load(x), b = load(x + 2);
  s.forward(a, b, splat_factor(table, blocks + block));
  Vec even = wasm_i64x2_shuffle(a, b, 0, 2), odd = wasm_i64x2_shuffle(a, b, 1, 3);
  s.forward(even, odd, load_factors(table, 2 * (blocks + block)));
  even = canonical(s, even), odd = canonical(s, odd);
  store(x, wasm_i64x2_shuffle(even, odd, 0, 2));
  store(x + 2, wasm_i64x2_shuffle(even, odd, 1, 3));
}
void inverse_first(const Stages& s, Word* x, const Word* table, std::size_t block, std::size_t blocks) {
  const Vec v = load(x), w = load(x + 2);
  Vec even = wasm_i64x2_shuffle(v, w, 0, 2), odd = wasm_i64x2_shuffle(v, w, 1, 3);
  s.inverse(even, odd, load_factors(table, 2 * (blocks + block)));
  Vec a = wasm_i64x2_shuffle(even, odd, 0, 2), b = wasm_i64x2_shuffle(even, odd, 1, 3);
  s.inverse(a, b, splat_factor(table, blocks + block));
  store(x, a);
  store(x + 2, b);
}

/// The last stage of the inverse multiplies by N^-1 on both sides.
void inverse_last(const Stages& s, Word* x, std::size_t half, const Word* table) {
  const Factor f0 = splat_factor(table, 0), f1 = splat_factor(table, 1);
  for (std::size_t j = 0; j < half; j += kLanes) {
    const Vec u = load(x + j), v = load(x + half + j);
    store(x + j, s.p.from_signed(s.p.times_word(add(u, v), f0)));
    store(x + half + j, s.p.from_signed(s.p.times(sub(u, v), f1)));
  }
}

}  // namespace

void prepare(NttTables& t) {
  t.forward = with_ratios(t, false);
  t.inverse = with_ratios(t, true);
  const AlignedWords powers = bit_reversed_powers(t, true);
  put(t.inverse, 0, t.q, t.degree_inverse);
  put(t.inverse, 1, t.q, t.q.mul(t.degree_inverse, powers[1]));
}

void forward(const NttTables& t, Word* x) {
  const Stages s(t.q);
  const Word* const table = t.forward.data();
  const std::size_t n = t.degree;
  std::size_t m = 1;
  // An odd number of stages before the last two begins with one of its own.
  if ((std::countr_zero(n) & 1) != 0) {
    const Factor f = splat_factor(table, 1);
    for (std::size_t j = 0; j < n / 2; j += kLanes) {
      Vec a = load(x + j), b = load(x + n / 2 + j);
      s.forward(a, b, f);
      store(x + j, a), store(x + n / 2 + j, b);
    }
    m = 2;
  }
  for (; m < n / 4; m *= 4) {
    const std::size_t quarter = n / m / 4;
    for (std::size_t i = 0; i < m; ++i) {
      forward_pass_4(s, x + 4 * i * quarter, quarter, splat_factor(table, m + i), splat_factor(table, 2 * (m + i)),
                     splat_factor(table, 2 * (m + i) + 1));
    }
  }
  for (std::size_t i = 0; i < n / 4; ++i) forward_last(s, x + 4 * i, table, i, n / 4);
}

void inverse(const NttTables& t, Word* x, const Word* from) {
  if (from != x) std::copy_n(from, t.degree, x);
  const Stages s(t.q);
  const Word* const table = t.inverse.data();
  const std::size_t n = t.degree;
  for (std::size_t i = 0; i < n / 4; ++i) inverse_first(s, x + 4 * i, table, i, n / 4);
  std::size_t m = n / 16;  // blocks of a pass of two stages; the last of all stages stands alone
  for (; m >= 2; m /= 4) {
    const std::size_t quarter = n / m / 4;
    for (std::size_t i = 0; i < m; ++i) {
      inverse_pass_4(s, x + 4 * i * quarter, quarter, splat_factor(table, m + i), splat_factor(table, 2 * (m + i)),
                     splat_factor(table, 2 * (m + i) + 1));
    }
  }
  if (m == 1) {  // one stage is left before the last
    for (std::size_t i = 0; i < 2; ++i) {
      const Factor f = splat_factor(table, 2 + i);
      Word* const half = x + i * (n / 2);
      for (std::size_t j = 0; j < n / 4; j += kLanes) {
        Vec a = load(half + j), b = load(half + n / 4 + j);
        s.inverse(a, b, f);
        store(half + j, a), store(half + n / 4 + j, b);
      }
    }
  }
  inverse_last(s, x, n / 2, table);
}

}  // namespace obscura::ring::simd128
#endif
