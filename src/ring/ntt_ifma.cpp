#if defined(__GNUC__) && !defined(__clang__)
// GCC keeps the order of the source otherwise, which is 5 to 8 % slower here.
#pragma GCC optimize("schedule-insns", "sched-pressure")
#endif

#include <bit>

#include "ring/ntt_core_ifma.h"

namespace obscura::ring::ifma {
namespace {

/// x +- y w. Montgomery's high half is added onto x, and the difference is 2x - sum.
template <class AnyTwiddle>
inline void butterfly(Vec& x, Vec& y, AnyTwiddle t, const Prime& p) {
  const Vec m = t.low(y, p), twice = add(x, x);
  const Vec sum = sub(madd_hi(x, y, t.w), mul_hi(m, p.q));
  x = sum;
  y = sub(twice, sum);
}

/// When the values that pass by a butterfly unmultiplied are reduced. A butterfly moves them by less than q to either
/// side, and multiplied ones must be in [0, 2^52).
enum class Policy {
  never,  // q small enough for the growth of all stages: 2 log2 N + 2 times q below 2^52
  six,    // once a pass and once for the last six stages: 14 q below 2^52
  three,  // once a pass of up to four stages, once every three of the last six: 10 q below 2^52
  stage,  // before every butterfly: 4 q below 2^52
};

/// What a run of stages does first to the values that its first stage does not multiply.
enum class Start { as_is, lift, reduce };

struct Constants {
  Prime p;
  Vec lift;
};

/// R stages on 2^R registers of each of W blocks, interleaved because a butterfly's latency is that of a dozen others;
/// `twiddle(k, s, g)` is the factor of group g of stage s of block k.
template <int R, Start S, bool EveryStage, int W, class Twiddles>
[[gnu::always_inline]] inline void stages(Vec (&v)[W][1 << R], const Constants& c, Twiddles twiddle) {
  if constexpr (S != Start::as_is) {
    unroll<W << (R - 1)>([&](auto i) {
      Vec& x = v[i % W][i / W];
      x = add(S == Start::reduce ? c.p.reduce(x) : x, c.lift);
    });
  }
  unroll<R>([&](auto s) {
    constexpr int half = 1 << (R - 1 - s);
    unroll<W << s>([&](auto kg) {
      constexpr int k = kg % W, g = kg / W;
      const auto t = twiddle(k, s, g);
      unroll<half>([&](auto j) {
        constexpr int i = 2 * g * half + j;
        if constexpr (EveryStage && (S == Start::as_is || s > 0)) v[k][i] = add(below(v[k][i], c.p.two_q), c.p.q);
        butterfly(v[k][i], v[k][i + half], t, c.p);
      });
    });
  });
}

template <Policy P>
class Forward {
 public:
  explicit Forward(const NttTables& t)
      : front_(t.forward.data()),
        blocks_(front_ + front_words(t.degree)),
        log_degree_(std::countr_zero(t.degree)),
        q_(t.q.value()),
        c_{Prime(t.q), _mm512_setzero_si512()} {}

  void run(Word* x) const {
    switch (pass_radix(log_degree_ - 6)) {
      case 1:
        return sub_transforms<1, true>(x, log_degree_, 0);
      case 2:
        return sub_transforms<2, true>(x, log_degree_, 0);
      case 3:
        return sub_transforms<3, true>(x, log_degree_, 0);
      default:
        return sub_transforms<4, true>(x, log_degree_, 0);
    }
  }

 private:
  // Block `index` of 2^log_size words.
  void transform(Word* x, int log_size, std::size_t index) const {
    switch (pass_radix(log_size - 6)) {
      case 0:
        return last_six<1>(x, index);
      case 1:
        return sub_transforms<1, false>(x, log_size, index);
      case 2:
        return sub_transforms<2, false>(x, log_size, index);
      case 3:
        return sub_transforms<3, false>(x, log_size, index);
      default:
        return sub_transforms<4, false>(x, log_size, index);
    }
  }

  template <int R, bool First>
  void sub_transforms(Word* x, int log_size, std::size_t index) const {
    const std::size_t stride = std::size_t{1} << (log_size - R);
    const std::size_t entry = (std::size_t{1} << (log_degree_ - log_size)) + index;
    pass<R, First>(x, stride, entry);
    if (stride == 64) {
      for (std::size_t i = 0; i < std::size_t{1} << R; i += 2) last_six<2>(x + 64 * i, (index << R) + i);
      return;
    }
    for (std::size_t i = 0; i < std::size_t{1} << R; ++i) {
      transform(x + i * stride, log_size - R, (index << R) + i);
    }
  }

  /// The constants for a run of stages that moves values by `growth` q to either side.
  Constants lifted(int growth) const {
    Constants c = c_;
    c.lift = splat(static_cast<Word>(growth) * q_);
    return c;
  }

  template <int R, bool First>
  void pass(Word* x, std::size_t stride, std::size_t entry) const {
    constexpr bool once = P == Policy::six || P == Policy::three;
    // Input is below q; what the first stage multiplies needs no offset.
    constexpr Start start = First ? Start::lift : once ? Start::reduce : Start::as_is;
    const Constants c = lifted(P == Policy::never ? log_degree_ : P == Policy::stage ? 1 : R);
    const Word* const pairs = front_;
    for (std::size_t j = 0; j < stride; j += kLanes) {
      Vec v[1][1 << R];
      unroll<1 << R>([&](auto i) { v[0][i] = load(x + static_cast<std::size_t>(i) * stride + j); });
      stages<R, start, P == Policy::stage>(
          v, c, [&](int, int s, int g) { return splat_twiddle(pairs, (entry << s) + static_cast<std::size_t>(g)); });
      unroll<1 << R>([&](auto i) { store(x + static_cast<std::size_t>(i) * stride + j, v[0][i]); });
    }
  }

  template <int W>
  void last_six(Word* x, std::size_t index) const {
    constexpr Start start = P == Policy::six || P == Policy::three ? Start::reduce : Start::as_is;
    constexpr Start middle = P == Policy::three ? Start::reduce : Start::as_is;
    const Constants c = lifted(P == Policy::six ? 6 : 3);
    const Word* const table = blocks_ + index * kBlockTable;
    Vec v[W][8];
    unroll<8>([&](auto i) { unroll<W>([&](auto k) { v[k][i] = load(x + 64 * k + 8 * i); }); });
    stages<3, start, P == Policy::stage>(v, c, [&](int k, int s, int g) {
      return splat_twiddle(table + kBlockTable * k, static_cast<std::size_t>((1 << s) - 1 + g));
    });
    unroll<W>([&](auto k) { transpose(v[k]); });
    stages<3, middle, P == Policy::stage>(v, c, [&](int k, int s, int g) {
      return load_twiddle(table + kBlockTable * k + kPairWords, static_cast<std::size_t>((1 << s) - 1 + g));
    });
    unroll<W>([&](auto k) {
      unroll<8>([&](auto i) {
        Vec& y = v[k][i];
        y = below(P == Policy::stage ? below(y, c.p.two_q) : c.p.reduce(y), c.p.q);
      });
      transpose(v[k]);
      unroll<8>([&](auto i) { store(x + 64 * k + 8 * i, v[k][i]); });
    });
  }

  const Word* front_;
  const Word* blocks_;
  int log_degree_;
  Word q_;
  Constants c_;
};

/// Pairs in Montgomery form from the powers in bit-reversed order.
class TableWriter {
 public:
  TableWriter(const Modulus& q, const AlignedWords& powers)
      : q_(q), inverse_(inverse_52(q.value())), radix_(q.reduce(Word{1} << 52)), powers_(powers) {}

  void put(std::size_t entry, Word* w, Word* w_low) const {
    *w = q_.mul(powers_[entry], radix_);
    *w_low = (*w * inverse_) & ((Word{1} << 52) - 1);
  }

 private:
  Modulus q_;
  Word inverse_;
  Word radix_;
  const AlignedWords& powers_;
};

AlignedWords layout(const NttTables& t, const AlignedWords& powers) {
  const TableWriter writer(t.q, powers);
  const std::size_t n = t.degree;
  AlignedWords table(front_words(n) + n / 64 * kBlockTable);
  for (std::size_t i = 0; i < n / 64; ++i) writer.put(i, &table[2 * i], &table[2 * i + 1]);
  for (std::size_t b = 0; b < n / 64; ++b) {
    Word* const block = table.data() + front_words(n) + b * kBlockTable;
    for (std::size_t s = 0; s < 3; ++s) {
      for (std::size_t g = 0; g < std::size_t{1} << s; ++g) {
        const std::size_t k = (std::size_t{1} << s) - 1 + g;
        writer.put(((n / 64 + b) << s) + g, block + 2 * k, block + 2 * k + 1);
        for (std::size_t lane = 0; lane < 8; ++lane) {
          Word unused = 0;
          writer.put(((n / 8 + 8 * b + lane) << s) + g, block + kPairWords + kLanes * k + lane, &unused);
        }
      }
    }
  }
  return table;
}

}  // namespace

// The last inverse stage multiplies both sides by N^-1: entry 0 holds it, entry 1 has it in its factor.
void prepare(NttTables& t) {
  t.forward = layout(t, bit_reversed_powers(t, false));
  AlignedWords powers = bit_reversed_powers(t, true);
  powers[0] = t.degree_inverse;
  powers[1] = t.q.mul(powers[1], t.degree_inverse);
  t.inverse = layout(t, powers);
}

void forward(const NttTables& t, Word* x) {
  const Word room = (Word{1} << 52) / t.q.value();
  if (room >= 2 * static_cast<Word>(std::countr_zero(t.degree)) + 2) return Forward<Policy::never>(t).run(x);
  if (room >= 14) return Forward<Policy::six>(t).run(x);
  if (room >= 10) return Forward<Policy::three>(t).run(x);
  Forward<Policy::stage>(t).run(x);
}

}  // namespace obscura::ring::ifma
