#include <algorithm>
#include <bit>
#include <cstdlib>

#include "ring/pointwise_ifma.h"

/// r = W x for real W, kept non-negative by an offset: r = sum_k (w_k + 2^b) x_k - 2^b sum_k x_k.
///
/// Panels of 64 columns are copied next to each other first (the arrays of x often stand a multiple of 4 KiB apart and
/// would push each other out of the caches), then every tile of rows by 16 columns stays in registers over all of x.
namespace obscura::ring::ifma {
namespace {

constexpr std::size_t kPanel = 64;  // words of each x_k in a panel
constexpr std::size_t kTile = 16;   // words of a tile: two registers

struct Shape {
  std::size_t n, outs, ins;
  std::size_t tile_rows;
};

/// The weights in the order of the inner loop: tile by tile, k by k, the rows of a tile side by side.
AlignedWords pack_weights(const Shape& s, const std::int32_t* weights, Word offset) {
  const std::size_t tiles = (s.outs + s.tile_rows - 1) / s.tile_rows;
  AlignedWords packed(tiles * s.tile_rows * s.ins);
  for (std::size_t row = 0; row < tiles * s.tile_rows; ++row) {
    Word* const to = packed.data() + row / s.tile_rows * s.tile_rows * s.ins + row % s.tile_rows;
    for (std::size_t k = 0; k < s.ins; ++k) {
      const auto w = row < s.outs ? static_cast<std::int64_t>(weights[row * s.ins + k]) : 0;
      to[k * s.tile_rows] = static_cast<Word>(w + static_cast<std::int64_t>(offset));
    }
  }
  return packed;
}

/// Copies columns [i, i + kPanel) of x and returns nothing of them but their sums.
void pack_panel(const Shape& s, const Word* const* x, std::size_t i, Word* panel, Word* sums) {
  Vec total[kPanel / kLanes];
  for (Vec& t : total) t = _mm512_setzero_si512();
  for (std::size_t k = 0; k < s.ins; ++k) {
    unroll<kPanel / kLanes>([&](auto v) {
      const Vec word = load(x[k] + i + v * kLanes);
      total[v] = add(total[v], word);
      store(panel + (v / 2 * s.ins + k) * kTile + v % 2 * kLanes, word);
    });
  }
  unroll<kPanel / kLanes>([&](auto v) { store(sums + v * kLanes, total[v]); });
}

/// A tile of Rows by 16 sums. The running sums are locals, written to the tile once: members would be stored on every
/// step. This one is for products that fit 52 bits, whose low half is all.
template <int Rows>
struct OneWord {
  static constexpr int kRows = Rows;
  Vec lo[Rows][2];

  void run(std::size_t ins, const Word* x, const Word* w) {
    Vec l[Rows][2];
    unroll<Rows>([&](auto r) { l[r][0] = l[r][1] = _mm512_setzero_si512(); });
    for (std::size_t k = 0; k < ins; ++k, x += kTile, w += Rows) {
      const Vec a = load(x), b = load(x + kLanes);
      unroll<Rows>([&](auto r) {
        const Vec weight = splat(w[r]);
        l[r][0] = madd_lo(l[r][0], a, weight);
        l[r][1] = madd_lo(l[r][1], b, weight);
      });
    }
    unroll<Rows>([&](auto r) { lo[r][0] = l[r][0], lo[r][1] = l[r][1]; });
  }
  Vec close(const Closer& c, std::size_t row, std::size_t half) const { return c.reducer().reduce(lo[row][half]); }
};

/// The same with both halves of every product.
template <int Rows>
struct TwoWords {
  static constexpr int kRows = Rows;
  Vec lo[Rows][2], hi[Rows][2];

  void run(std::size_t ins, const Word* x, const Word* w) {
    Vec l[Rows][2], h[Rows][2];
    unroll<Rows>([&](auto r) { l[r][0] = l[r][1] = h[r][0] = h[r][1] = _mm512_setzero_si512(); });
    for (std::size_t k = 0; k < ins; ++k, x += kTile, w += Rows) {
      const Vec a = load(x), b = load(x + kLanes);
      unroll<Rows>([&](auto r) {
        const Vec weight = splat(w[r]);
        l[r][0] = madd_lo(l[r][0], a, weight);
        l[r][1] = madd_lo(l[r][1], b, weight);
        h[r][0] = madd_hi(h[r][0], a, weight);
        h[r][1] = madd_hi(h[r][1], b, weight);
      });
    }
    unroll<Rows>([&](auto r) {
      lo[r][0] = l[r][0], lo[r][1] = l[r][1];
      hi[r][0] = h[r][0], hi[r][1] = h[r][1];
    });
  }
  Vec close(const Closer& c, std::size_t row, std::size_t half) const {
    return c.close<false>(lo[row][half], hi[row][half]);
  }
};

template <class Tile>
void product(const Modulus& q, const Shape& s, Word* const* r, const Word* const* x, const std::int32_t* weights,
             Word offset) {
  const AlignedWords packed = pack_weights(s, weights, offset);
  AlignedWords panel(s.ins * kPanel), sums(kPanel);
  const Closer c(q, u128{1} << 44);
  const Reducer& p = c.reducer();
  const Constant shift(q, q.reduce(offset));
  for (std::size_t i = 0; i < s.n; i += kPanel) {
    pack_panel(s, x, i, panel.data(), sums.data());
    for (std::size_t t = 0; t < kPanel / kTile; ++t) {
      Vec excess[2];
      unroll<2>([&](auto h) { excess[h] = p.from_2q(p.times(p.fold(load(&sums[t * kTile + h * kLanes])), shift)); });
      for (std::size_t row = 0; row < s.outs; row += Tile::kRows) {
        Tile tile;
        tile.run(s.ins, panel.data() + t * s.ins * kTile, packed.data() + row * s.ins);
        Word* const* const to = r + row;
        unroll<Tile::kRows>([&](auto o) {
          if (row + o >= s.outs) return;
          unroll<2>(
              [&](auto h) { store(to[o] + i + t * kTile + h * kLanes, p.difference(tile.close(c, o, h), excess[h])); });
        });
      }
    }
  }
}

}  // namespace

void matrix_product(const Modulus& q, std::size_t n, Word* const* r, std::size_t outs, const Word* const* x,
                    std::size_t ins, const std::int32_t* weights) {
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < outs * ins; ++i) {
    const auto w = static_cast<std::int64_t>(weights[i]);
    largest = std::max(largest, static_cast<std::uint32_t>(std::abs(w)));
  }
  const int bits = std::bit_width(largest);
  const Word offset = Word{1} << bits;
  if (q.bits() + bits + 1 > 52) {
    product<TwoWords<4>>(q, {n, outs, ins, 4}, r, x, weights, offset);
  } else if (outs % 8 == 0 || outs > 24) {
    product<OneWord<8>>(q, {n, outs, ins, 8}, r, x, weights, offset);
  } else {
    product<OneWord<4>>(q, {n, outs, ins, 4}, r, x, weights, offset);
  }
}

}  // namespace obscura::ring::ifma
