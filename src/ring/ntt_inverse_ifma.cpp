#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("tune=skylake-avx512")  // a few per cent faster than with generic scheduling
#endif

#include <array>
#include <bit>

#include "ring/ntt_core_ifma.h"

namespace obscura::ring::ifma {
namespace {

/// Bounds of the registers of one pass in multiples of q. A Gentleman-Sande butterfly's sum grows, its product does
/// not; sums are reduced where the next difference would not fit in `Room` q, and at the end of a pass.
template <int R, int Room>
struct Growth {
  std::array<std::array<int, 1 << R>, R + 1> bound{};  // before stage s
  std::array<std::array<bool, 1 << R>, R> reduced{};   // the sum of stage s in register i

  constexpr Growth() {
    bound[0].fill(2);
    for (int s = 0; s < R; ++s) {
      const int half = 1 << s;
      for (int i = 0; i < 1 << R; ++i) {
        const bool is_sum = (i & half) == 0;
        const int sum = is_sum ? bound[s][i] + bound[s][i + half] : 2;
        reduced[s][i] = is_sum && (s == R - 1 || 2 * sum > Room);
        bound[s + 1][i] = reduced[s][i] ? 2 : sum;
      }
    }
  }
};

/// d w mod q in (-q, q), added to `start`.
template <class AnyTwiddle>
inline Vec multiply(Vec start, Vec d, AnyTwiddle t, const Prime& p) {
  return sub(madd_hi(start, d, t.w), mul_hi(t.low(d, p), p.q));
}

/// (x + y, (x - y) w) with x - y made positive by `positive`.
template <int Bound, bool Reduced, class AnyTwiddle>
inline void butterfly(Vec& x, Vec& y, Vec positive, AnyTwiddle t, const Prime& p) {
  const Vec difference = add(sub(x, y), positive);
  x = add(x, y);
  if constexpr (Reduced) x = Bound == 4 ? below(x, p.two_q) : p.reduce(x);
  y = multiply(p.q, difference, t, p);
}

/// The last stage of all: both sides carry N^-1 in their factor and leave fully reduced.
inline void last_butterfly(Vec& x, Vec& y, Vec positive, Twiddle tx, Twiddle ty, const Prime& p) {
  const Vec zero = _mm512_setzero_si512();
  const Vec difference = add(sub(x, y), positive);
  x = multiply(zero, add(x, y), tx, p);
  y = multiply(zero, difference, ty, p);
  x = _mm512_min_epu64(x, add(x, p.q));
  y = _mm512_min_epu64(y, add(y, p.q));
}

/// R stages on 2^R registers of each of W blocks; `twiddle(k, s, g)` is the factor of group g of the stage with 2^s
/// groups of block k. With `Last`, group 0 of the last stage has N^-1 in twiddle(0, -1, 0) too.
template <int R, int Room, bool Last, int W, class Twiddles>
[[gnu::always_inline]] inline void stages(Vec (&v)[W][1 << R], const Prime& p, Twiddles twiddle) {
  static constexpr Growth<R, Room> growth;
  unroll<R>([&](auto s) {
    constexpr int half = 1 << s, groups = 1 << (R - 1 - s);
    unroll<W * groups>([&](auto kg) {
      constexpr int k = kg % W, g = kg / W;
      const auto t = twiddle(k, R - 1 - s, g);
      unroll<half>([&](auto j) {
        constexpr int i = 2 * g * half + j, other = growth.bound[s][i + half];
        const Vec positive = _mm512_slli_epi64(p.q, static_cast<unsigned>(std::countr_zero(unsigned{other})));
        if constexpr (Last && s == R - 1) {
          last_butterfly(v[k][i], v[k][i + half], positive, twiddle(0, -1, 0), t, p);
        } else {
          butterfly<growth.bound[s][i] + other, growth.reduced[s][i]>(v[k][i], v[k][i + half], positive, t, p);
        }
      });
    });
  });
}

template <int Room>
class Inverse {
 public:
  explicit Inverse(const NttTables& t)
      : front_(t.inverse.data()),
        blocks_(front_ + front_words(t.degree)),
        log_degree_(std::countr_zero(t.degree)),
        p_(t.q) {}

  void run(Word* r, const Word* x) const { transform<true>(r, x, log_degree_, 0); }

 private:
  // Block `index` of 2^log_size words, from elsewhere to x.
  template <bool Last>
  void transform(Word* x, const Word* from, int log_size, std::size_t index) const {
    switch (pass_radix(log_size - 6)) {
      case 1:
        return combine<1, Last>(x, from, log_size, index);
      case 2:
        return combine<2, Last>(x, from, log_size, index);
      case 3:
        return combine<3, Last>(x, from, log_size, index);
      default:
        return combine<4, Last>(x, from, log_size, index);
    }
  }

  template <int R, bool Last>
  void combine(Word* x, const Word* from, int log_size, std::size_t index) const {
    const std::size_t stride = std::size_t{1} << (log_size - R), count = std::size_t{1} << R;
    if (stride == 64) {
      for (std::size_t i = 0; i < count; i += 2) first_six<2>(x + 64 * i, from + 64 * i, (index << R) + i);
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        transform<false>(x + i * stride, from + i * stride, log_size - R, (index << R) + i);
      }
    }
    pass<R, Last>(x, stride, (std::size_t{1} << (log_degree_ - log_size)) + index);
  }

  template <int R, bool Last>
  void pass(Word* x, std::size_t stride, std::size_t entry) const {
    const Prime p = p_;
    const Word* const pairs = front_;
    for (std::size_t j = 0; j < stride; j += kLanes) {
      Vec v[1][1 << R];
      unroll<1 << R>([&](auto i) { v[0][i] = load(x + static_cast<std::size_t>(i) * stride + j); });
      stages<R, Room, Last>(v, p, [&](int, int s, int g) {
        return splat_twiddle(pairs, s < 0 ? 0 : (entry << s) + static_cast<std::size_t>(g));
      });
      unroll<1 << R>([&](auto i) { store(x + static_cast<std::size_t>(i) * stride + j, v[0][i]); });
    }
  }

  template <int W>
  void first_six(Word* x, const Word* from, std::size_t index) const {
    const Prime p = p_;
    const Word* const table = blocks_ + index * kBlockTable;
    Vec v[W][8];
    unroll<W>([&](auto k) {
      unroll<8>([&](auto i) { v[k][i] = load(from + 64 * k + 8 * i); });
      transpose(v[k]);
    });
    stages<3, Room, false>(v, p, [&](int k, int s, int g) {
      return load_twiddle(table + kBlockTable * k + kPairWords, static_cast<std::size_t>((1 << s) - 1 + g));
    });
    unroll<W>([&](auto k) { transpose(v[k]); });
    stages<3, Room, false>(v, p, [&](int k, int s, int g) {
      return splat_twiddle(table + kBlockTable * k, static_cast<std::size_t>((1 << s) - 1 + g));
    });
    unroll<W>([&](auto k) { unroll<8>([&](auto i) { store(x + 64 * k + 8 * i, v[k][i]); }); });
  }

  const Word* front_;
  const Word* blocks_;
  int log_degree_;
  Prime p_;
};

}  // namespace

void inverse(const NttTables& t, Word* r, const Word* x) {
  const Word room = (Word{1} << 52) / t.q.value();
  if (room >= 32) return Inverse<32>(t).run(r, x);
  if (room >= 8) return Inverse<8>(t).run(r, x);
  Inverse<4>(t).run(r, x);
}

}  // namespace obscura::ring::ifma
