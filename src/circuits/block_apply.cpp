#include <algorithm>
#include <array>
#include <string>

#include "base/error.h"
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
constexpr std::size_t kColumnBlock = 64;

/// Words between arrays of a power of two: whole powers apart they would share a few sets of every cache.
constexpr std::size_t kOffStride = 40;

void run(ThreadPool* pool, std::size_t count, const std::function<void(std::size_t)>& body) {
  if (pool != nullptr) {
    pool->parallel_for(count, body);
  } else {
    for (std::size_t i = 0; i < count; ++i) body(i);
  }
}

/// A ciphertext in the making.
struct Parts {
  Polynomial c0, c1;

  static Parts of(std::size_t degree, std::size_t limbs) {
    return {Polynomial(degree, limbs), Polynomial(degree, limbs)};
  }
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
    multiply();
    return take_giant_steps();
  }

 private:
  std::int64_t baby(const BlockTransform::Cell& cell) const { return t_.plan_.babies[cell.baby]; }

  const ckks::GaloisKey& key(std::int64_t steps) const {
    return evaluator_.keys().galois(ring::galois_element(steps, n_), t_.limbs_);
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
  void multiply();
  void multiply_group(std::size_t row, const BlockTransform::Group& group);
  const std::uint8_t* streams_of(std::size_t row, const BlockTransform::Tile& tile, std::uint64_t* scratch) const;
  void multiply_tile(std::size_t row, const BlockTransform::Group& group, const BlockTransform::Tile& tile,
                     const std::uint8_t* streams, std::array<bool, BlockTransform::kGiants>& started);
  std::vector<std::vector<Ciphertext>> take_giant_steps();
  Parts chain(std::vector<Parts>& sums, const BlockTransform::Output& output, bool above) const;
  void giant_step(std::int64_t step, Parts& total, const Parts* next, Polynomial& spare) const;
  Parts middle(std::vector<Parts>& sums, const BlockTransform::Output& output) const;
  void add(Parts& total, const Parts& end) const;

  const BlockTransform& t_;
  const ckks::Evaluator& evaluator_;
  const ckks::Context& context_;
  Images images_;
  ThreadPool* pool_;
  std::size_t n_;
  std::vector<AlignedWords> rotated_;     // by image
  std::vector<std::vector<Parts>> sums_;  // by image
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
    rotated_.emplace_back(in_large_pages(cell_begin(0, t_.limbs_, 0)));
  }
  std::vector<ckks::Decomposition> digits(images_.size() * t_.plan_.inputs);
  run(pool_, digits.size(), [&](std::size_t d) {
    const std::size_t image = d / t_.plan_.inputs, input = d % t_.plan_.inputs;
    if (hoisted[input]) digits[d] = evaluator_.switcher().decompose(images_[image][input].parts[1]);
  });
  // Images innermost: they share the key while it is near.
  run(pool_, moving.size() * images_.size(), [&](std::size_t i) {
    const std::size_t image = i % images_.size(), cell = moving[i / images_.size()];
    rotate_cell(digits[image * t_.plan_.inputs + t_.cells_[cell].input], image, cell);
  });
}

void BlockRun::rotate_cell(const ckks::Decomposition& digits, std::size_t image, std::size_t cell) {
  const ckks::GaloisKey& galois = key(baby(t_.cells_[cell]));
  const Ciphertext& x = images_[image][t_.cells_[cell].input];
  std::uint64_t* const to = rotated_[image].data();
  evaluator_.switcher().apply(digits, galois.key, [&](std::size_t row, std::uint64_t* u0, const std::uint64_t* u1) {
    const auto& q = context_.q(row);
    q.add(u0, u0, x.parts[0].limb(row));
    q.permute(to + cell_begin(cell, row, 0), u0, galois.permutation.data());
    q.permute(to + cell_begin(cell, row, 1), u1, galois.permutation.data());
  });
}

/// Prime after prime, so that the cells of a prime are read from afar once.
void BlockRun::multiply() {
  sums_.resize(images_.size());
  for (auto& sums : sums_) {
    for (std::size_t s = 0; s < t_.sums_; ++s) sums.push_back(Parts::of(n_, t_.limbs_));
  }
  run(pool_, t_.limbs_ * t_.groups_.size(),
      [&](std::size_t i) { multiply_group(i / t_.groups_.size(), t_.groups_[i % t_.groups_.size()]); });
}

void BlockRun::multiply_group(std::size_t row, const BlockTransform::Group& group) {
  std::size_t entries = 0;
  for (std::size_t i = group.first_tile; i < group.last_tile; ++i) {
    entries = std::max(entries, t_.tiles_[i].entries() + 1);
  }
  const std::size_t stream_words = (entries * half_stream_bytes(context_.q(row)) + ring::kStreamSlack) / 8 + 8;
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
  if (row < tile.prepared_rows) {
    std::size_t at = tile.stream_begin;
    for (std::size_t r = 0; r < row; ++r) at += tile.entries() * half_stream_bytes(context_.q(r));
    return reinterpret_cast<const std::uint8_t*>(t_.stream_.data()) + at;
  }
  auto* const streams = reinterpret_cast<std::uint8_t*>(scratch + n_);
  const ring::PrimeRing& q = context_.q(row);
  const std::size_t bytes = half_stream_bytes(q);
  for (std::size_t p = 0; p < tile.pairs(); ++p) {
    const std::uint64_t* const from = t_.coefficients_.data() + (tile.first_pair + p) * t_.pair_words(n_);
    t_.transform_pair(q, from, t_.largest_, scratch, streams + 2 * p * bytes, streams + (2 * p + 1) * bytes);
  }
  return streams;
}

void BlockRun::multiply_tile(std::size_t row, const BlockTransform::Group& group, const BlockTransform::Tile& tile,
                             const std::uint8_t* streams, std::array<bool, BlockTransform::kGiants>& started) {
  const ring::PrimeRing& q = context_.q(row);
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
    for (std::size_t g = 0; g < group.giants; ++g) {
      const std::size_t first = tile.begin[g] - tile.first(), count = tile.begin[g + 1] - tile.begin[g];
      for (std::size_t k = 0; count > 0 && k < images_.size(); ++k) {
        Parts& sum = sums_[k][group.first_sum + g];
        const std::size_t from = k * entries + first;
        palindrome_product(q, at, block, sum.c0.limb(row), sum.c1.limb(row), a0.data() + from, a1.data() + from,
                           b.data() + first, count, started[g]);
      }
    }
  }
  for (std::size_t g = 0; g < group.giants; ++g) started[g] = started[g] || tile.begin[g + 1] > tile.begin[g];
}

/// Both chains of every output of every image at once, then their ends together.
std::vector<std::vector<Ciphertext>> BlockRun::take_giant_steps() {
  const std::size_t outputs = t_.outputs_.size(), chains = images_.size() * outputs;
  std::vector<Parts> ends(2 * chains);
  run(pool_, 2 * chains,
      [&](std::size_t i) { ends[i] = chain(sums_[i / 2 / outputs], t_.outputs_[i / 2 % outputs], i % 2 == 0); });
  std::vector<std::vector<Ciphertext>> results(images_.size(), std::vector<Ciphertext>(outputs));
  run(pool_, chains, [&](std::size_t i) {
    const std::size_t image = i / outputs;
    const Ciphertext& x = images_[image].front();
    Ciphertext& result = results[image][i % outputs];
    result.context = x.context;
    result.scale = x.scale * t_.scales_.front();
    Parts total = middle(sums_[image], t_.outputs_[i % outputs]);
    for (const Parts* end : {&ends[2 * i], &ends[2 * i + 1]}) add(total, *end);
    result.parts = {std::move(total.c0), std::move(total.c1)};
  });
  return results;
}

/// The sums of giants above (below) zero, all rotated to zero: from the outermost inwards, each step takes along what
/// is beyond it. Nothing where there are none.
Parts BlockRun::chain(std::vector<Parts>& sums, const BlockTransform::Output& output, bool above) const {
  const auto& giants = t_.plan_.giants;
  std::vector<std::size_t> order;  // inwards
  for (std::size_t k = 0; k < output.used.size(); ++k) {
    const std::int64_t giant = giants[output.used[k]];
    if (above ? giant > 0 : giant < 0) order.push_back(k);
  }
  if (above) std::reverse(order.begin(), order.end());
  if (order.empty()) return {};
  Parts total = std::move(sums[output.first_sum + order.front()]);
  Polynomial spare(n_, t_.limbs_);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Parts* const next = i + 1 < order.size() ? &sums[output.first_sum + order[i + 1]] : nullptr;
    giant_step(t_.plan_.step_inwards(output.used, order[i]), total, next, spare);
  }
  return total;
}

/// total = rotated total + next.
void BlockRun::giant_step(std::int64_t step, Parts& total, const Parts* next, Polynomial& spare) const {
  const ckks::GaloisKey& galois = key(step);
  evaluator_.switcher().apply(total.c1, galois.key, [&](std::size_t row, std::uint64_t* u0, const std::uint64_t* u1) {
    const auto& q = context_.q(row);
    std::uint64_t *const c0 = total.c0.limb(row), *const c1 = spare.limb(row);
    q.add(u0, u0, c0);
    q.permute(c0, u0, galois.permutation.data());
    q.permute(c1, u1, galois.permutation.data());
    if (next == nullptr) return;
    q.add(c0, c0, next->c0.limb(row));
    q.add(c1, c1, next->c1.limb(row));
  });
  std::swap(total.c1, spare);
}

/// The sum of giant zero, or nothing.
Parts BlockRun::middle(std::vector<Parts>& sums, const BlockTransform::Output& output) const {
  for (std::size_t k = 0; k < output.used.size(); ++k) {
    if (t_.plan_.giants[output.used[k]] == 0) return std::move(sums[output.first_sum + k]);
  }
  return {};
}

void BlockRun::add(Parts& total, const Parts& end) const {
  if (end.c0.limbs() == 0) return;
  if (total.c0.limbs() == 0) {
    total = end;
    return;
  }
  for (std::size_t row = 0; row < t_.limbs_; ++row) {
    const auto& q = context_.q(row);
    q.add(total.c0.limb(row), total.c0.limb(row), end.c0.limb(row));
    q.add(total.c1.limb(row), total.c1.limb(row), end.c1.limb(row));
  }
}

std::vector<std::vector<Ciphertext>> BlockTransform::apply(const ckks::Evaluator& evaluator, Images images,
                                                           ThreadPool* pool) const {
  for (const auto& inputs : images) {
    if (inputs.size() != plan_.inputs) {
      throw MismatchError("block transform of " + std::to_string(plan_.inputs) + " inputs got " +
                          std::to_string(inputs.size()));
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Ciphertext& x = inputs[i];
      check_ciphertext(evaluator.context(), x);
      if (x.limbs() != limbs_ || x.parts.size() != 2) {
        throw MismatchError("block transform made for two parts of " + std::to_string(limbs_) + " limbs got " +
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
