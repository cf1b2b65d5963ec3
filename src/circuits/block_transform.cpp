#include "circuits/block_transform.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <limits>
#include <string>
#include <tuple>

#include "base/error.h"
#include "base/share.h"
#include "circuits/baby_giant.h"
#include "circuits/block_kernels.h"
#include "ckks/residues.h"
#include "ring/packed_stream.h"

namespace obscura::circuits {
namespace {

constexpr std::uint64_t kNarrow = std::uint64_t{1} << 31;

/// What rounding of the transform may have broken: coefficient N - j of a real plaintext is minus coefficient j.
void make_antisymmetric(std::int64_t* c, std::size_t n) {
  c[n / 2] = 0;
  for (std::size_t j = 1; j < n / 2; ++j) c[n - j] = -c[j];
}

/// a + X^(N/2) b in place of a.
void join(std::int64_t* a, const std::int64_t* b, std::size_t n) {
  for (std::size_t j = 0; j < n / 2; ++j) {
    a[j] -= b[j + n / 2];
    a[j + n / 2] += b[j];
  }
}

}  // namespace

BlockTransform::BlockTransform(const ckks::Encoder& encoder, const ckks::Context& context, BlockPlan plan,
                               const Diagonal& diagonal, std::vector<double> scales, std::size_t limbs,
                               std::size_t memory_budget, ThreadPool* pool)
    : plan_(std::move(plan)), scales_(std::move(scales)), limbs_(limbs) {
  check(context);
  for (const double scale : scales_) encoder.check_level(scale, limbs);
  lay_out();
  choose_prepared(context, memory_budget);
  for (std::size_t row = 0; row < limbs; ++row) narrow_ = narrow_ && context.q(row).value() > kNarrow;
  if (narrow_) narrow_ = encode_tiles(encoder, context, diagonal, pool);
  if (!narrow_) encode_tiles(encoder, context, diagonal, pool);
}

void BlockTransform::check(const ckks::Context& context) const {
  if (scales_.size() != plan_.inputs) {
    throw ParameterError("block transform of " + std::to_string(plan_.inputs) + " inputs got " +
                         std::to_string(scales_.size()) + " scales");
  }
  circuits::check_plan(plan_, context.slots());
}

/// Cells in use, and phase after phase the next few giants of every chain.
void BlockTransform::lay_out() {
  std::vector<std::int64_t> used;
  const std::size_t babies = plan_.babies.size();
  const auto number = [&](const auto& term) { return static_cast<std::int64_t>(term.input * babies + term.baby); };
  for (const auto& term : plan_.terms) used.push_back(number(term));
  make_set(used);
  for (const std::int64_t c : used) {
    cells_.push_back({static_cast<std::size_t>(c) / babies, static_cast<std::size_t>(c) % babies});
  }
  std::vector<std::size_t> cell_of_term;
  for (const auto& term : plan_.terms) cell_of_term.push_back(index_in(used, number(term)));
  // Chain 2 o + 1: the giants of output o below zero.
  std::vector<std::vector<std::size_t>> chains(2 * plan_.outputs);
  for (std::size_t o = 0; o < plan_.outputs; ++o) {
    for (const std::size_t g : plan_.giants_of(o)) chains[2 * o + (plan_.giants[g] < 0)].push_back(g);
    std::reverse(chains[2 * o].begin(), chains[2 * o].end());
  }
  for (std::size_t at = 0; entries_.size() < plan_.terms.size(); at += kGiants) {
    Phase& phase = phases_.emplace_back();
    for (std::size_t c = 0; c < chains.size(); ++c) {
      if (at >= chains[c].size()) continue;
      const auto from = chains[c].begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = static_cast<std::ptrdiff_t>(std::min(kGiants, chains[c].size() - at));
      lay_out_group(phase.emplace_back(Group{c, {from, from + count}, 0, 0}), cell_of_term);
    }
  }
}

/// The tiles of a group, a few of its cells each.
void BlockTransform::lay_out_group(Group& group, const std::vector<std::size_t>& cell_of_term) {
  std::vector<std::vector<Entry>> by_giant;
  std::vector<std::int64_t> cells;
  for (const std::size_t giant : group.giants) {
    const auto key = std::tuple(group.chain / 2, giant);
    auto& entries = by_giant.emplace_back();
    const auto first = std::partition_point(plan_.terms.begin(), plan_.terms.end(),
                                            [&](const auto& t) { return std::tie(t.output, t.giant) < key; });
    for (auto t = first; t != plan_.terms.end() && std::tie(t->output, t->giant) == key; ++t) {
      const auto term = static_cast<std::size_t>(t - plan_.terms.begin());
      entries.push_back({term, cell_of_term[term]});
      cells.push_back(static_cast<std::int64_t>(cell_of_term[term]));
    }
  }
  make_set(cells);
  group.first_tile = tiles_.size();
  for (std::size_t c = 0; c < cells.size(); c += kCells) {
    Tile& tile = tiles_.emplace_back();
    const auto first = static_cast<std::size_t>(cells[c]);
    const auto last = static_cast<std::size_t>(cells[std::min(c + kCells, cells.size()) - 1]);
    for (const auto& entries : by_giant) {
      tile.begin.push_back(entries_.size());
      std::copy_if(entries.begin(), entries.end(), std::back_inserter(entries_),
                   [&](const Entry& e) { return e.cell >= first && e.cell <= last; });
    }
    tile.begin.push_back(entries_.size());
  }
  group.last_tile = tiles_.size();
}

/// As many tiles as fit, spread evenly: prepared ones wait for memory, the others for the processor, and threads should
/// not all wait for the same.
void BlockTransform::choose_prepared(const ckks::Context& context, std::size_t memory_budget) {
  std::size_t entry_bytes = 0;
  for (std::size_t row = 0; row < limbs_; ++row) entry_bytes += half_stream_bytes(context.q(row));
  const auto total = static_cast<double>(entries_.size() * entry_bytes + ring::kStreamSlack);
  const double share = std::min(1.0, static_cast<double>(memory_budget) / total);
  std::size_t size = 0, passed = 0;
  for (Tile& tile : tiles_) {
    const std::size_t bytes = tile.entries() * entry_bytes;
    passed += bytes;
    tile.prepared = static_cast<double>(size + bytes + ring::kStreamSlack) <=
                    share * static_cast<double>(passed + ring::kStreamSlack);
    tile.stream_begin = size;
    if (tile.prepared) size += bytes;
  }
  if (size == 0) return;
  const std::size_t words = (size + ring::kStreamSlack + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
  const std::size_t rounded = in_large_pages(words);
  stream_ = AlignedWords(rounded * sizeof(std::uint64_t) <= memory_budget ? rounded : words);
}

bool BlockTransform::encode_tiles(const ckks::Encoder& encoder, const ckks::Context& context, const Diagonal& diagonal,
                                  ThreadPool* pool) {
  std::size_t pairs = 0;
  for (Tile& tile : tiles_) {
    tile.first_pair = pairs;
    if (!tile.prepared) pairs += tile.pairs();
  }
  // Blocks of one size, which the next transform takes when this one is gone.
  const std::size_t block = kBlockPairs * pair_words(context.degree());
  coefficients_.clear();
  for (std::size_t first = 0; first < pairs; first += kBlockPairs) {
    coefficients_.emplace_back(std::min(block, (pairs - first) * pair_words(context.degree())));
  }
  std::vector<std::uint64_t> largest(tiles_.size());
  std::atomic<bool> fits{true};
  share(pool, tiles_.size(), [&](std::size_t t) {
    if (!fits) return;
    largest[t] = encode_tile(encoder, context, diagonal, tiles_[t]);
    if (narrow_ && largest[t] >= kNarrow) fits = false;
  });
  largest_ = *std::max_element(largest.begin(), largest.end());
  return fits;
}

std::uint64_t BlockTransform::encode_tile(const ckks::Encoder& encoder, const ckks::Context& context,
                                          const Diagonal& diagonal, const Tile& tile) {
  const std::size_t n = context.degree();
  auto scratch = context.scratch().take(3 * n);
  auto *const a = reinterpret_cast<std::int64_t*>(scratch.data()), *const b = a + n;
  std::uint64_t most = 0;
  for (std::size_t p = 0; p < tile.pairs(); ++p) {
    const bool single = 2 * p + 1 == tile.entries();
    const std::span<const Entry> pair(entries_.data() + tile.first() + 2 * p, single ? 1 : 2);
    const std::uint64_t largest = encode_pair(encoder, context, diagonal, pair, a, b);
    std::uint64_t* const to = tile.prepared ? scratch.data() + 2 * n : pair_coefficients(tile.first_pair + p, n);
    if (narrow_) {
      std::copy(a, a + n, reinterpret_cast<std::int32_t*>(to));
    } else {
      std::copy(a, a + n, reinterpret_cast<std::int64_t*>(to));
    }
    if (tile.prepared) prepare_pair(context, tile, p, to, largest);
    most = std::max(most, largest);
  }
  return most;
}

/// Half streams of a pair modulo every prime.
void BlockTransform::prepare_pair(const ckks::Context& context, const Tile& tile, std::size_t pair,
                                  const std::uint64_t* coefficients, std::uint64_t largest) {
  const std::size_t n = context.degree();
  auto scratch = context.scratch().take(2 * n);
  auto* const unused = reinterpret_cast<std::uint8_t*>(scratch.data() + n);
  auto* const stream = reinterpret_cast<std::uint8_t*>(stream_.data());
  for (std::size_t row = 0; row < limbs_; ++row) {
    const std::size_t bytes = half_stream_bytes(context.q(row));
    std::uint8_t* const first = stream + stream_begin(context, tile, row) + 2 * pair * bytes;
    const bool single = 2 * pair + 1 == tile.entries();
    transform_pair(context.q(row), coefficients, largest, scratch.data(), first, single ? unused : first + bytes);
  }
}

std::size_t BlockTransform::stream_begin(const ckks::Context& context, const Tile& tile, std::size_t row) const {
  std::size_t at = tile.stream_begin;
  for (std::size_t r = 0; r < row; ++r) at += tile.entries() * half_stream_bytes(context.q(r));
  return at;
}

/// One or two entries as one polynomial in `a`, and its largest coefficient.
std::uint64_t BlockTransform::encode_pair(const ckks::Encoder& encoder, const ckks::Context& context,
                                          const Diagonal& diagonal, std::span<const Entry> pair, std::int64_t* a,
                                          std::int64_t* b) const {
  const std::size_t n = context.degree();
  std::uint64_t largest = encode_entry(encoder, context, diagonal, pair[0], a);
  if (pair.size() > 1) {
    largest = std::max(largest, encode_entry(encoder, context, diagonal, pair[1], b));
    join(a, b, n);
  }
  encoder.check_fits(static_cast<double>(largest), limbs_);
  return ckks::largest_magnitude(a, n);
}

/// Coefficients of one diagonal, moved by its giant step, and their largest magnitude.
std::uint64_t BlockTransform::encode_entry(const ckks::Encoder& encoder, const ckks::Context& context,
                                           const Diagonal& diagonal, const Entry& entry,
                                           std::int64_t* coefficients) const {
  const auto slots = static_cast<std::int64_t>(context.slots());
  const auto& term = plan_.terms[entry.term];
  std::vector<double> values(context.slots()), shifted(context.slots());
  diagonal({term.output, term.input, (term.offset + slots) % slots}, values);
  // What the sum of a giant is rotated by afterwards, backwards: slot s gets value s - giant.
  const std::int64_t giant = (plan_.giants[term.giant] + slots) % slots;
  std::rotate_copy(values.begin(), values.end() - giant, values.end(), shifted.begin());
  encoder.encode_coefficients(shifted, scales_[term.input], coefficients);
  make_antisymmetric(coefficients, context.degree());
  return ckks::largest_magnitude(coefficients, context.degree());
}

void BlockTransform::transform_pair(const ring::PrimeRing& q, const std::uint64_t* coefficients, std::uint64_t largest,
                                    std::uint64_t* words, std::uint8_t* a, std::uint8_t* b) const {
  if (narrow_) {
    residues_of_narrow(q, reinterpret_cast<const std::int32_t*>(coefficients), words);
  } else {
    ckks::to_residues(q, reinterpret_cast<const std::int64_t*>(coefficients), largest, words);
  }
  q.forward(words);
  split_pair(q, words, split_constant(q), a, b);
}

std::size_t BlockTransform::memory_bytes() const {
  std::size_t words = stream_.size();
  for (const AlignedWords& block : coefficients_) words += block.size();
  return words * sizeof(std::uint64_t);
}

}  // namespace obscura::circuits
