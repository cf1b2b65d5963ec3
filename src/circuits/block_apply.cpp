#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/share.h"
#include "circuits/block_kernels.h"
#include "circuits/block_transform.h"
#include "ring/automorphism.h"
#include "ring/packed_stream.h"

/// The work of BlockTransform::apply.
namespace obscura::circuits {
namespace {

using ckks::Ciphertext;
using ring::Polynomial;
using Images = std::span<const std::vector<Ciphertext>>;

/// Words of the arrays that are worked on together: cells of a tile stay in the first-level cache for all its giants.
constexpr std::size_t kColumnBlock = 256;

/// A ciphertext in the making.
struct Parts {
  Polynomial c0, c1;

  /// With whatever was in memory.
  static Parts of(std::size_t degree, std::size_t limbs) {
    return {Polynomial(degree, limbs), Polynomial(degree, limbs)};
  }
  static Parts zero(std::size_t degree, std::size_t limbs) {
    Parts parts = of(degree, limbs);
    for (Polynomial* c : {&parts.c0, &parts.c1}) std::fill_n(c->limb(0), degree * limbs, std::uint64_t{0});
    return parts;
  }
};

/// One chain of giant steps of one image.
struct Chain {
  /// Rotated to `giant`, nothing before the first sum. From the first step on c0 is P times as much and has the special
  /// primes, too: only c1 is divided by P for the next step, and c0 once, at the end.
  Parts total;
  std::int64_t giant = 0;
  Polynomial spare;
  std::vector<Parts> sums;  ///< of the phase

  bool started() const { return total.c0.limbs() > 0; }
};

}  // namespace

/// One call of apply: inputs rotated by baby steps, sums of products, chains of giant steps.
class BlockRun {
 public:
  BlockRun(const BlockTransform& transform, const ckks::Evaluator& evaluator, Images images, ThreadPool* pool)
      : t_(transform),
        evaluator_(evaluator),
        context_(evaluator.context()),
        images_(images),
        pool_(pool),
        n_(context_.degree()) {}

  std::vector<std::vector<Ciphertext>> result() {
    rotate_inputs();
    prepare_chains();
    for (const auto& phase : t_.phases_) {
      multiply(phase);
      take_giant_steps(phase);
    }
    return ends();
  }

 private:
  const ring::PrimeRing& ring_of(std::size_t row) const { return context_.ring(t_.basis_, row); }
  std::int64_t baby(const BlockTransform::Cell& cell) const { return t_.plan_.babies[cell.baby]; }

  const ckks::GaloisKey& key(std::int64_t steps) const {
    return evaluator_.keys().galois(ring::galois_element(steps, n_), t_.limbs());
  }

  /// Row `row` of a part of a cell: of the input itself where the baby step is zero.
  const std::uint64_t* cell_row(std::size_t image, std::size_t cell, std::size_t row, std::size_t part) const {
    const auto& c = t_.cells_[cell];
    if (baby(c) == 0) return images_[image][c.input].parts[part].limb(row);
    return rotated_[image].data() + cell_begin(cell, row, part);
  }
  /// All cells of a prime side by side.
  std::size_t cell_begin(std::size_t cell, std::size_t row, std::size_t part) const {
    return ((row * t_.cells_.size() + cell) * 2 + part) * (n_ + kOffStride);
  }

  void rotate_inputs();
  void rotate_cell(const ckks::Decomposition& digits, std::size_t image, std::size_t cell);
  void prepare_chains();
  void multiply(const BlockTransform::Phase& phase);
  void multiply_group(std::size_t row, const BlockTransform::Group& group);
  const std::uint8_t* streams_of(std::size_t row, const BlockTransform::Tile& tile, std::uint64_t* scratch) const;
  void multiply_tile(std::size_t row, const BlockTransform::Group& group, const BlockTransform::Tile& tile,
                     const std::uint8_t* streams, std::array<bool, BlockTransform::kGiants>& started);
  void take_giant_steps(const BlockTransform::Phase& phase);
  void extend(Polynomial& c0) const;
  void giant_step(std::int64_t step, Chain& chain, const Parts* sum) const;
  void close(Chain& chain) const;
  std::vector<std::vector<Ciphertext>> ends();
  Ciphertext end(std::size_t image, std::size_t output);

  Chain& chain(std::size_t image, std::size_t index) { return chains_[image * 2 * t_.plan_.outputs + index]; }

  const BlockTransform& t_;
  const ckks::Evaluator& evaluator_;
  const ckks::Context& context_;
  Images images_;
  ThreadPool* pool_;
  std::size_t n_;
  std::vector<AlignedWords> rotated_;  // by image
  std::vector<Chain> chains_;          // by image, output, side
};

/// Every cell whose baby step is not zero, by one decomposition an input.
void BlockRun::rotate_inputs() {
  std::vector<std::size_t> moving;
  std::vector<bool> hoisted(t_.plan_.inputs);
  for (std::size_t c = 0; c < t_.cells_.size(); ++c) {
    if (baby(t_.cells_[c]) == 0) continue;
    moving.push_back(c);
    hoisted[t_.cells_[c].input] = true;
  }
  if (moving.empty()) return;
  for (std::size_t k = 0; k < images_.size(); ++k) {
    rotated_.emplace_back(in_large_pages(cell_begin(0, t_.basis_.rows(), 0)));
  }
  std::vector<ckks::Decomposition> digits(images_.size() * t_.plan_.inputs);
  share(pool_, digits.size(), [&](std::size_t d) {
    const std::size_t image = d / t_.plan_.inputs, input = d % t_.plan_.inputs;
    if (hoisted[input]) digits[d] = evaluator_.switcher().decompose(images_[image][input].parts[1]);
  });
  // Images innermost: they share the key while it is near.
  share(pool_, moving.size() * images_.size(), [&](std::size_t i) {
    const std::size_t image = i % images_.size(), cell = moving[i / images_.size()];
    rotate_cell(digits[image * t_.plan_.inputs + t_.cells_[cell].input], image, cell);
  });
}

void BlockRun::rotate_cell(const ckks::Decomposition& digits, std::size_t image, std::size_t cell) {
  const ckks::GaloisKey& galois = key(baby(t_.cells_[cell]));
  const Ciphertext& x = images_[image][t_.cells_[cell].input];
  std::uint64_t* const to = rotated_[image].data();
  evaluator_.switcher().apply(digits, galois.key, [&](std::size_t row, std::uint64_t* u0, const std::uint64_t* u1) {
    const auto& q = ring_of(row);
    q.add(u0, u0, x.parts[0].limb(row));
    q.permute(to + cell_begin(cell, row, 0), u0, galois.permutation.data());
    q.permute(to + cell_begin(cell, row, 1), u1, galois.permutation.data());
  });
}

void BlockRun::prepare_chains() {
  chains_.resize(images_.size() * 2 * t_.plan_.outputs);
  for (const auto& phase : t_.phases_) {
    for (const auto& group : phase) {
      for (std::size_t k = 0; k < images_.size(); ++k) {
        auto& sums = chain(k, group.chain).sums;
        while (sums.size() < group.giants.size()) sums.push_back(Parts::of(n_, t_.limbs()));
      }
    }
  }
}

/// Prime after prime, so that the cells of a prime are read from afar once.
void BlockRun::multiply(const BlockTransform::Phase& phase) {
  share(pool_, t_.basis_.rows() * phase.size(),
        [&](std::size_t i) { multiply_group(i / phase.size(), phase[i % phase.size()]); });
}

void BlockRun::multiply_group(std::size_t row, const BlockTransform::Group& group) {
  std::size_t entries = 0;
  for (std::size_t i = group.first_tile; i < group.last_tile; ++i) {
    entries = std::max(entries, t_.tiles_[i].entries() + 1);
  }
  const std::size_t stream_words = (entries * half_stream_bytes(ring_of(row)) + ring::kStreamSlack) / 8 + 8;
  auto scratch = context_.scratch().take(n_ + stream_words);
  std::array<bool, BlockTransform::kGiants> started{};
  for (std::size_t i = group.first_tile; i < group.last_tile; ++i) {
    const auto& tile = t_.tiles_[i];
    multiply_tile(row, group, tile, streams_of(row, tile, scratch.data()), started);
  }
}

/// Half streams of the entries of a tile, one behind the other: prepared, or made in the scratch memory behind its
/// first N words.
const std::uint8_t* BlockRun::streams_of(std::size_t row, const BlockTransform::Tile& tile,
                                         std::uint64_t* scratch) const {
  if (tile.prepared) {
    return reinterpret_cast<const std::uint8_t*>(t_.stream_.data()) + t_.stream_begin(context_, tile, row);
  }
  auto* const streams = reinterpret_cast<std::uint8_t*>(scratch + n_);
  const ring::PrimeRing& q = ring_of(row);
  const std::size_t bytes = half_stream_bytes(q);
  for (std::size_t p = 0; p < tile.pairs(); ++p) {
    const std::uint64_t* const from = t_.pair_coefficients(tile.first_pair + p, n_);
    t_.transform_pair(q, from, t_.largest_, scratch, streams + 2 * p * bytes, streams + (2 * p + 1) * bytes);
  }
  return streams;
}

void BlockRun::multiply_tile(std::size_t row, const BlockTransform::Group& group, const BlockTransform::Tile& tile,
                             const std::uint8_t* streams, std::array<bool, BlockTransform::kGiants>& started) {
  const ring::PrimeRing& q = ring_of(row);
  const std::size_t bytes = half_stream_bytes(q), entries = tile.entries();
  std::vector<const std::uint8_t*> b(entries);
  std::vector<const std::uint64_t*> a0(entries * images_.size()), a1(entries * images_.size());
  for (std::size_t e = 0; e < entries; ++e) {
    b[e] = streams + e * bytes;
    for (std::size_t k = 0; k < images_.size(); ++k) {
      a0[k * entries + e] = cell_row(k, t_.entries_[tile.first() + e].cell, row, 0);
      a1[k * entries + e] = cell_row(k, t_.entries_[tile.first() + e].cell, row, 1);
    }
  }
  const std::size_t block = std::min(kColumnBlock, n_ / 2);
  for (std::size_t at = 0; at < n_ / 2; at += block) {
    for (std::size_t g = 0; g < group.giants.size(); ++g) {
      const std::size_t first = tile.begin[g] - tile.first(), count = tile.begin[g + 1] - tile.begin[g];
      for (std::size_t k = 0; count > 0 && k < images_.size(); ++k) {
        Parts& sum = chain(k, group.chain).sums[g];
        const std::size_t from = k * entries + first;
        palindrome_product(q, at, block, sum.c0.limb(row), sum.c1.limb(row), a0.data() + from, a1.data() + from,
                           b.data() + first, count, started[g]);
      }
    }
  }
  for (std::size_t g = 0; g < group.giants.size(); ++g) started[g] = started[g] || tile.begin[g + 1] > tile.begin[g];
}

/// Every chain that has sums in this phase; images innermost, which take the same steps.
void BlockRun::take_giant_steps(const BlockTransform::Phase& phase) {
  share(pool_, phase.size() * images_.size(), [&](std::size_t i) {
    const auto& group = phase[i / images_.size()];
    Chain& own = chain(i % images_.size(), group.chain);
    for (std::size_t g = 0; g < group.giants.size(); ++g) {
      const std::int64_t giant = t_.plan_.giants[group.giants[g]];
      if (own.started()) {
        giant_step(own.giant - giant, own, &own.sums[g]);
      } else {
        own.total = std::exchange(own.sums[g], Parts::of(n_, t_.limbs()));
        own.spare = Polynomial(n_, t_.limbs());
      }
      own.giant = giant;
    }
  });
}

/// P c0, over the special primes, too.
void BlockRun::extend(Polynomial& c0) const {
  const ring::RnsBasis basis = context_.extended(t_.limbs());
  Polynomial result(n_, basis.rows());
  for (std::size_t row = 0; row < t_.limbs(); ++row) {
    ring_of(row).mul_scalar(result.limb(row), c0.limb(row), context_.p_mod_q(t_.limbs(), row));
  }
  std::fill(result.limb(t_.limbs()), result.limb(0) + n_ * basis.rows(), std::uint64_t{0});
  c0 = std::move(result);
}

/// total = rotated total + sum, if any.
void BlockRun::giant_step(std::int64_t step, Chain& chain, const Parts* sum) const {
  const ckks::GaloisKey& galois = key(step);
  const ring::RnsBasis basis = context_.extended(t_.limbs());
  Parts& total = chain.total;
  if (total.c0.limbs() == t_.limbs()) extend(total.c0);
  auto scaled = context_.scratch().take(n_);
  const auto sink = [&](std::size_t row, std::uint64_t* u0, const std::uint64_t* u1) {
    const auto& q = context_.ring(basis, row);
    std::uint64_t* const c0 = total.c0.limb(row);
    q.add(u0, u0, c0);
    q.permute(c0, u0, galois.permutation.data());
    if (basis.is_special(row)) return;
    std::uint64_t* const c1 = chain.spare.limb(row);
    q.permute(c1, u1, galois.permutation.data());
    if (sum == nullptr) return;
    q.mul_scalar(scaled.data(), sum->c0.limb(row), context_.p_mod_q(t_.limbs(), row));
    q.add(c0, c0, scaled.data());
    q.add(c1, c1, sum->c1.limb(row));
  };
  evaluator_.switcher().apply_half_extended(total.c1, galois.key, sink);
  std::swap(total.c1, chain.spare);
}

/// The last step, to giant zero, and the division of c0 by P.
void BlockRun::close(Chain& chain) const {
  chain.sums.clear();
  if (!chain.started()) return;
  if (chain.giant != 0) giant_step(chain.giant, chain, nullptr);
  if (chain.total.c0.limbs() == t_.limbs()) return;
  evaluator_.switcher().mod_down(chain.total.c0, context_.extended(t_.limbs()), chain.spare);
  std::swap(chain.total.c0, chain.spare);
}

/// The ends of all chains, then both chains of an output together.
std::vector<std::vector<Ciphertext>> BlockRun::ends() {
  share(pool_, chains_.size(), [&](std::size_t i) { close(chains_[i]); });
  const std::size_t outputs = t_.plan_.outputs;
  std::vector<std::vector<Ciphertext>> results(images_.size(), std::vector<Ciphertext>(outputs));
  share(pool_, images_.size() * outputs,
        [&](std::size_t i) { results[i / outputs][i % outputs] = end(i / outputs, i % outputs); });
  return results;
}

Ciphertext BlockRun::end(std::size_t image, std::size_t output) {
  const Ciphertext& x = images_[image].front();
  Chain &above = chain(image, 2 * output), &below = chain(image, 2 * output + 1);
  Parts& total = above.started() || !below.started() ? above.total : below.total;
  if (!above.started() && !below.started()) total = Parts::zero(n_, t_.limbs());  // no diagonal leads here
  for (std::size_t row = 0; above.started() && below.started() && row < t_.basis_.rows(); ++row) {
    const auto& q = ring_of(row);
    q.add(total.c0.limb(row), total.c0.limb(row), below.total.c0.limb(row));
    q.add(total.c1.limb(row), total.c1.limb(row), below.total.c1.limb(row));
  }
  Ciphertext result;
  result.context = x.context;
  result.scale = x.scale * t_.scales_.front();
  result.parts = {std::move(total.c0), std::move(total.c1)};
  return result;
}

std::vector<std::vector<Ciphertext>> BlockTransform::apply(const ckks::Evaluator& evaluator, Images images,
                                                           ThreadPool* pool) const {
  require_context(evaluator.context(), context_, "block transform");
  for (const auto& inputs : images) {
    if (inputs.size() != plan_.inputs) {
      throw MismatchError("block transform of " + std::to_string(plan_.inputs) + " inputs got " +
                          std::to_string(inputs.size()));
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Ciphertext& x = inputs[i];
      check_ciphertext(evaluator.context(), x);
      if (x.limbs() != limbs() || x.parts.size() != 2) {
        throw MismatchError("block transform made for two parts of " + std::to_string(limbs()) + " limbs got " +
                            std::to_string(x.parts.size()) + " of " + std::to_string(x.limbs()));
      }
      if (!ckks::same_scale(x.scale * scales_[i], inputs.front().scale * scales_.front())) {
        throw MismatchError("block transform: the scale of input " + std::to_string(i) + " does not fit the others");
      }
    }
  }
  if (images.empty()) return {};
  return BlockRun(*this, evaluator, images, pool).result();
}

}  // namespace obscura::circuits
