#include <algorithm>

#include "ring/avx2.h"

/// The transforms in doubles: radix-4 passes, depth first, and the last four stages on 16 words in four registers, two
/// across the registers, a transposition, two more, and back. Products are at most 3/4 q; what passes by a butterfly
/// is reduced once a pass where 2^52 is too close.
namespace obscura::ring::avx2 {
namespace {

/// Words of the table of one block of 16: 3 pairs (w, w / q) and padding, then 3 pairs of vectors.
constexpr std::size_t kBlock = 16, kBlockTable = 32;

std::size_t front_words(std::size_t degree) {
  return 2 * degree / kBlock;
}

inline Factor splat_factor(const Word* pairs, std::size_t i) {
  const auto* const p = reinterpret_cast<const double*>(pairs + 2 * i);
  return {_mm256_broadcast_sd(p), _mm256_broadcast_sd(p + 1)};
}
inline Factor load_factor(const Word* vectors, std::size_t i) {
  return {load(vectors + 8 * i), load(vectors + 8 * i + 4)};
}

inline void transpose(Vec (&v)[4]) {
  const Vec a = _mm256_unpacklo_pd(v[0], v[1]), b = _mm256_unpackhi_pd(v[0], v[1]);
  const Vec c = _mm256_unpacklo_pd(v[2], v[3]), d = _mm256_unpackhi_pd(v[2], v[3]);
  v[0] = _mm256_permute2f128_pd(a, c, 0x20);
  v[1] = _mm256_permute2f128_pd(b, d, 0x20);
  v[2] = _mm256_permute2f128_pd(a, c, 0x31);
  v[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

inline void butterfly(Vec& x, Vec& y, Factor f, const Prime& p) {
  const Vec t = p.times(y, f);
  y = sub(x, t);
  x = add(x, t);
}
inline void inverse_butterfly(Vec& x, Vec& y, Factor f, const Prime& p) {
  const Vec difference = sub(x, y);
  x = add(x, y);
  y = p.times(difference, f);
}

/// Two stages; what passes by is at most q / 2 after a reduction and 2 q after both stages.
template <bool Reduce>
inline void forward_4(Vec (&v)[4], Factor f0, Factor f1, Factor f2, const Prime& p) {
  if constexpr (Reduce) v[0] = p.reduce(v[0]), v[1] = p.reduce(v[1]);
  butterfly(v[0], v[2], f0, p);
  butterfly(v[1], v[3], f0, p);
  butterfly(v[0], v[1], f1, p);
  butterfly(v[2], v[3], f2, p);
}

/// Sums grow from 3/4 q to 3 q over both stages and are reduced at the end.
inline void inverse_4(Vec (&v)[4], Factor f0, Factor f1, Factor f2, const Prime& p) {
  inverse_butterfly(v[0], v[1], f1, p);
  inverse_butterfly(v[2], v[3], f2, p);
  inverse_butterfly(v[0], v[2], f0, p);
  inverse_butterfly(v[1], v[3], f0, p);
  v[0] = p.reduce(v[0]), v[1] = p.reduce(v[1]);
}

/// One transform of t.degree words; `Reduce` is off for primes that leave room for the growth of all stages.
template <bool Reduce>
class Forward {
 public:
  explicit Forward(const NttTables& t)
      : front_(t.forward.data()), blocks_(front_ + front_words(t.degree)), degree_(t.degree), p_(t.q) {}

  void run(Word* x) const {
    for (std::size_t i = 0; i < degree_; i += kLanes) store(x + i, load_residues(x + i));
    transform(x, degree_, 0);
  }

 private:
  void transform(Word* x, std::size_t size, std::size_t index) const {
    if (size == kBlock) return last_four(x, index);
    const std::size_t entry = degree_ / size + index;
    // An odd number of stages before the last four starts with one of its own.
    const bool odd = (std::countr_zero(size) & 1) != 0;
    if (odd) {
      pass_2(x, size / 2, entry);
    } else {
      pass_4(x, size / 4, entry);
    }
    const std::size_t parts = odd ? 2 : 4;
    for (std::size_t i = 0; i < parts; ++i) transform(x + i * (size / parts), size / parts, index * parts + i);
  }

  void pass_2(Word* x, std::size_t stride, std::size_t entry) const {
    const Prime p = p_;
    const Factor f = splat_factor(front_, entry);
    for (std::size_t j = 0; j < stride; j += kLanes) {
      Vec a = load(x + j), b = load(x + stride + j);
      if constexpr (Reduce) a = p.reduce(a);
      butterfly(a, b, f, p);
      store(x + j, a);
      store(x + stride + j, b);
    }
  }

  void pass_4(Word* x, std::size_t stride, std::size_t entry) const {
    const Prime p = p_;
    const Factor f0 = splat_factor(front_, entry), f1 = splat_factor(front_, 2 * entry),
                 f2 = splat_factor(front_, 2 * entry + 1);
    for (std::size_t j = 0; j < stride; j += kLanes) {
      Word* const at = x + j;
      Vec v[4] = {load(at), load(at + stride), load(at + 2 * stride), load(at + 3 * stride)};
      forward_4<Reduce>(v, f0, f1, f2, p);
      for (std::size_t i = 0; i < 4; ++i) store(at + i * stride, v[i]);
    }
  }

  void last_four(Word* x, std::size_t index) const {
    const Prime p = p_;
    const Word* const t = blocks_ + index * kBlockTable;
    Vec v[4] = {load(x), load(x + 4), load(x + 8), load(x + 12)};
    forward_4<Reduce>(v, splat_factor(t, 0), splat_factor(t, 1), splat_factor(t, 2), p);
    transpose(v);
    forward_4<Reduce>(v, load_factor(t + 8, 0), load_factor(t + 8, 1), load_factor(t + 8, 2), p);
    transpose(v);
    for (std::size_t i = 0; i < 4; ++i) store_ints(x + 4 * i, p.finish(p.reduce(v[i])));
  }

  const Word* front_;
  const Word* blocks_;
  std::size_t degree_;
  Prime p_;
};

class Inverse {
 public:
  explicit Inverse(const NttTables& t)
      : front_(t.inverse.data()), blocks_(front_ + front_words(t.degree)), degree_(t.degree), p_(t.q) {}

  // The last stage of all is a pass of its own, with N^-1 in both factors.
  void run(Word* x) const {
    const std::size_t half = degree_ / 2;
    transform(x, half, 0);
    transform(x + half, half, 1);
    const Prime p = p_;
    const Factor sum = splat_factor(front_, 0), difference = splat_factor(front_, 1);
    for (std::size_t j = 0; j < half; j += kLanes) {
      const Vec a = load(x + j), b = load(x + half + j);
      store_ints(x + j, p.finish(p.times(add(a, b), sum)));
      store_ints(x + half + j, p.finish(p.times(sub(a, b), difference)));
    }
  }

 private:
  void transform(Word* x, std::size_t size, std::size_t index) const {
    if (size == kBlock) return first_four(x, index);
    const std::size_t entry = degree_ / size + index;
    const bool odd = (std::countr_zero(size) & 1) != 0;
    const std::size_t parts = odd ? 2 : 4;
    for (std::size_t i = 0; i < parts; ++i) transform(x + i * (size / parts), size / parts, index * parts + i);
    if (odd) {
      pass_2(x, size / 2, entry);
    } else {
      pass_4(x, size / 4, entry);
    }
  }

  void pass_2(Word* x, std::size_t stride, std::size_t entry) const {
    const Prime p = p_;
    const Factor f = splat_factor(front_, entry);
    for (std::size_t j = 0; j < stride; j += kLanes) {
      Vec a = load(x + j), b = load(x + stride + j);
      inverse_butterfly(a, b, f, p);
      store(x + j, p.reduce(a));
      store(x + stride + j, b);
    }
  }

  void pass_4(Word* x, std::size_t stride, std::size_t entry) const {
    const Prime p = p_;
    const Factor f0 = splat_factor(front_, entry), f1 = splat_factor(front_, 2 * entry),
                 f2 = splat_factor(front_, 2 * entry + 1);
    for (std::size_t j = 0; j < stride; j += kLanes) {
      Word* const at = x + j;
      Vec v[4] = {load(at), load(at + stride), load(at + 2 * stride), load(at + 3 * stride)};
      inverse_4(v, f0, f1, f2, p);
      for (std::size_t i = 0; i < 4; ++i) store(at + i * stride, v[i]);
    }
  }

  void first_four(Word* x, std::size_t index) const {
    const Prime p = p_;
    const Word* const t = blocks_ + index * kBlockTable;
    Vec v[4] = {load_residues(x), load_residues(x + 4), load_residues(x + 8), load_residues(x + 12)};
    transpose(v);
    inverse_4(v, load_factor(t + 8, 0), load_factor(t + 8, 1), load_factor(t + 8, 2), p);
    transpose(v);
    inverse_4(v, splat_factor(t, 0), splat_factor(t, 1), splat_factor(t, 2), p);
    for (std::size_t i = 0; i < 4; ++i) store(x + 4 * i, v[i]);
  }

  const Word* front_;
  const Word* blocks_;
  std::size_t degree_;
  Prime p_;
};

AlignedWords layout(const NttTables& t, const AlignedWords& powers) {
  const std::size_t n = t.degree, count = n / kBlock;
  AlignedWords table(front_words(n) + count * kBlockTable);
  const auto put = [&](std::size_t entry, Word* w, Word* ratio) {
    const double b = balanced(t.q, powers[entry]);
    *w = std::bit_cast<Word>(b);
    *ratio = std::bit_cast<Word>(b / static_cast<double>(t.q.value()));
  };
  for (std::size_t i = 0; i < count; ++i) put(i, &table[2 * i], &table[2 * i + 1]);
  for (std::size_t b = 0; b < count; ++b) {
    Word* const block = table.data() + front_words(n) + b * kBlockTable;
    for (std::size_t k = 0; k < 3; ++k) {
      const std::size_t s = k == 0 ? 0 : 1, g = k == 2 ? 1 : 0;
      put(((count + b) << s) + g, block + 2 * k, block + 2 * k + 1);
      for (std::size_t lane = 0; lane < 4; ++lane) {
        Word* const vectors = block + 8 + 8 * k;
        put(((4 * (count + b) + lane) << s) + g, vectors + lane, vectors + 4 + lane);
      }
    }
  }
  return table;
}

}  // namespace

void prepare(NttTables& t) {
  t.forward = layout(t, bit_reversed_powers(t, false));
  AlignedWords powers = bit_reversed_powers(t, true);
  powers[0] = t.degree_inverse;
  powers[1] = t.q.mul(powers[1], t.degree_inverse);
  t.inverse = layout(t, powers);
}

void forward(const NttTables& t, Word* x) {
  // Without reductions the words stay below (1 + 3/4 * 17) q < 2^52.
  if (t.q.bits() <= 48) {
    Forward<false>(t).run(x);
  } else {
    Forward<true>(t).run(x);
  }
}

void inverse(const NttTables& t, Word* x, const Word* from) {
  if (from != x) std::copy_n(from, t.degree, x);
  Inverse(t).run(x);
}

}  // namespace obscura::ring::avx2
