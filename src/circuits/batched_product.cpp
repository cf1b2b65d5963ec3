#include "circuits/batched_product.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/error.h"

namespace obscura::circuits {
namespace {

/// Words of a column block. The residues of all inputs are copied together for it, tile by tile of kTile words: arrays
/// that stand a power of two apart would push each other out of every cache.
constexpr std::size_t kBlock = 64;
constexpr std::size_t kTile = ring::PackedMatrix::kColumns;
/// Arrays ahead whose words are asked for while one is copied: pieces of 512 bytes, each far from the last, are too
/// short for the processor to see the next one coming.
constexpr std::size_t kAhead = 8;
constexpr std::size_t kWordsOfLine = 8;
/// Blocks of one task of the thread pool.
constexpr std::size_t kBlocksPerTask = 16;

/// Rows by the columns they read, in the order they come.
std::map<std::vector<std::uint32_t>, std::vector<std::uint32_t>> group_rows(
    std::size_t columns, const std::vector<std::vector<IntegerEntry>>& rows) {
  std::map<std::vector<std::uint32_t>, std::vector<std::uint32_t>> groups;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::vector<std::uint32_t> key;
    for (const IntegerEntry& e : rows[r]) {
      if (e.column >= columns) {
        throw ParameterError("batched product: column " + std::to_string(e.column) + " is outside");
      }
      key.push_back(e.column);
    }
    groups[key].push_back(static_cast<std::uint32_t>(r));
  }
  return groups;
}

}  // namespace

BatchedProduct::BatchedProduct(std::size_t columns, const std::vector<std::vector<IntegerEntry>>& rows)
    : columns_(columns), row_count_(rows.size()) {
  constexpr std::size_t widest = ring::PackedMatrix::kMaxInputs;
  for (auto& [key, members] : group_rows(columns, rows)) {
    Group group{members, {}};
    for (std::size_t first = 0; first == 0 || first < key.size(); first += widest) {
      const std::size_t last = std::min(first + widest, key.size());
      std::vector<std::int32_t> weights;
      for (const std::uint32_t r : members) {
        for (std::size_t k = first; k < last; ++k) weights.push_back(rows[r][k].value);
      }
      group.slabs.push_back(
          {{key.begin() + static_cast<std::ptrdiff_t>(first), key.begin() + static_cast<std::ptrdiff_t>(last)},
           ring::PackedMatrix(members.size(), last - first, weights.data())});
    }
    if (group.slabs.size() > 1) most_split_rows_ = std::max(most_split_rows_, members.size());
    groups_.push_back(std::move(group));
  }
}

std::vector<ckks::Ciphertext> BatchedProduct::apply(const ckks::Context& context,
                                                    const std::vector<ckks::Ciphertext>& inputs, double weight_scale,
                                                    ThreadPool* pool) const {
  if (inputs.size() != columns_ || inputs.empty()) {
    throw MismatchError("batched product of " + std::to_string(columns_) + " columns got " +
                        std::to_string(inputs.size()) + " ciphertexts");
  }
  const ckks::Ciphertext& first = inputs.front();
  for (const auto& x : inputs) {
    check_ciphertext(context, x);
    if (x.limbs() != first.limbs() || x.parts.size() != first.parts.size() || x.scale != first.scale) {
      throw MismatchError("batched product: the inputs differ in level, parts or scale");
    }
  }
  const std::size_t n = context.degree(), limbs = first.limbs(), parts = first.parts.size();
  std::vector<ckks::Ciphertext> results(row_count_);
  for (auto& r : results) {
    r.context = first.context;
    r.scale = first.scale * weight_scale;
    for (std::size_t p = 0; p < parts; ++p) r.parts.emplace_back(n, limbs);
  }
  const std::size_t block = std::min(kBlock, n), task = std::min(n, block * kBlocksPerTask), tasks = n / task;
  const auto body = [&](std::size_t index) {
    const std::size_t row = index / tasks, part = row / limbs, limb = row % limbs;
    std::vector<const std::uint64_t*> from;
    std::vector<std::uint64_t*> to;
    for (const auto& x : inputs) from.push_back(x.parts[part].limb(limb));
    for (auto& r : results) to.push_back(r.parts[part].limb(limb));
    auto scratch = context.scratch().take(columns_ * block + most_split_rows_ * kTile);
    const std::size_t begin = index % tasks * task;
    for (std::size_t at = begin; at < begin + task; at += block) {
      run_block(context.q(limb), from, to, at, scratch.data());
    }
  };
  if (pool != nullptr) {
    pool->parallel_for(parts * limbs * tasks, body);
  } else {
    for (std::size_t i = 0; i < parts * limbs * tasks; ++i) body(i);
  }
  return results;
}

void BatchedProduct::run_block(const ring::PrimeRing& q, const std::vector<const std::uint64_t*>& from,
                               const std::vector<std::uint64_t*>& to, std::size_t at, std::uint64_t* scratch) const {
  const std::size_t tiles = std::min(kBlock, q.degree()) / kTile;
  for (std::size_t c = 0; c < columns_; ++c) {
    for (std::size_t i = 0; c + kAhead < columns_ && i < tiles * kTile; i += kWordsOfLine) {
      __builtin_prefetch(from[c + kAhead] + at + i);
    }
    for (std::size_t t = 0; t < tiles; ++t) {
      std::memcpy(scratch + (t * columns_ + c) * kTile, from[c] + at + t * kTile, kTile * sizeof(std::uint64_t));
    }
  }
  std::uint64_t* const partial = scratch + columns_ * tiles * kTile;
  std::vector<const std::uint64_t*> x;
  std::vector<std::uint64_t*> r;
  for (const Group& group : groups_) {
    for (std::size_t t = 0; t < tiles; ++t) {
      for (const Slab& slab : group.slabs) {
        const bool first = &slab == &group.slabs.front();
        x.clear();
        r.clear();
        for (const std::uint32_t c : slab.columns) x.push_back(scratch + (t * columns_ + c) * kTile);
        for (std::size_t o = 0; o < group.rows.size(); ++o) {
          r.push_back(first ? to[group.rows[o]] + at + t * kTile : partial + o * kTile);
        }
        slab.matrix.multiply(q, r.data(), x.data());
        if (first) continue;
        for (std::size_t o = 0; o < group.rows.size(); ++o) {
          std::uint64_t* const sum = to[group.rows[o]] + at + t * kTile;
          for (std::size_t i = 0; i < kTile; ++i) sum[i] = q.modulus().add(sum[i], r[o][i]);
        }
      }
    }
  }
}

}  // namespace obscura::circuits
