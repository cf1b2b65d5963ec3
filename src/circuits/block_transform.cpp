#include "circuits/block_transform.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <tuple>

#include "base/error.h"
#include "circuits/baby_giant.h"
#include "circuits/block_kernels.h"
#include "ckks/residues.h"
#include "ring/packed_stream.h"

namespace obscura::circuits {
namespace {

constexpr std::uint64_t kNarrow = std::uint64_t{1} << 31;

void run(ThreadPool* pool, std::size_t count, const std::function<void(std::size_t)>& body) {
  if (pool != nullptr) {
    pool->parallel_for(count, body);
  } else {
    for (std::size_t i = 0; i < count; ++i) body(i);
  }
}

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
  check_plan(context);
  for (const double scale : scales_) encoder.check_level(scale, limbs);
  lay_out();
  choose_prepared(context, memory_budget);
  for (std::size_t row = 0; row < limbs; ++row) narrow_ = narrow_ && context.q(row).value() > kNarrow;
  if (narrow_) narrow_ = encode_tiles(encoder, context, diagonal, pool);
  if (!narrow_) encode_tiles(encoder, context, diagonal, pool);
}

void BlockTransform::check_plan(const ckks::Context& context) const {
  const auto slots = static_cast<std::int64_t>(context.slots());
  if (scales_.size() != plan_.inputs) {
    throw ParameterError("block transform of " + std::to_string(plan_.inputs) + " inputs got " +
                         std::to_string(scales_.size()) + " scales");
  }
  const auto in_range = [&](std::int64_t step) { return std::abs(step) < slots; };
  bool good = !plan_.terms.empty() && std::all_of(plan_.babies.begin(), plan_.babies.end(), in_range) &&
              std::all_of(plan_.giants.begin(), plan_.giants.end(), in_range) &&
              std::is_sorted(plan_.giants.begin(), plan_.giants.end());
  std::size_t next_output = 0;
  for (std::size_t t = 0; good && t < plan_.terms.size(); ++t) {
    const auto& term = plan_.terms[t];
    good = term.giant < plan_.giants.size() && term.baby < plan_.babies.size() && term.input < plan_.inputs &&
           term.output <= next_output && plan_.giants[term.giant] + plan_.babies[term.baby] == term.offset;
    if (!good) break;
    next_output = term.output + 1;
    if (t == 0) continue;
    const auto& last = plan_.terms[t - 1];
    good = std::tie(last.output, last.giant, last.input, last.baby) <
           std::tie(term.output, term.giant, term.input, term.baby);
  }
  if (!good || next_output != plan_.outputs) throw ParameterError("the plan of a block transform contradicts itself");
}

/// Cells in use, and the entries of groups of giants in the order of work.
void BlockTransform::lay_out() {
  std::vector<std::int64_t> cells;
  const std::size_t babies = plan_.babies.size();
  for (const auto& term : plan_.terms) cells.push_back(static_cast<std::int64_t>(term.input * babies + term.baby));
  std::vector<std::int64_t> used = cells;
  make_set(used);
  for (const std::int64_t c : used) {
    cells_.push_back({static_cast<std::size_t>(c) / babies, static_cast<std::size_t>(c) % babies});
  }
  for (std::size_t t = 0; t < cells.size(); ++t) entries_.push_back({t, index_in(used, cells[t])});
  std::size_t term = 0;
  for (std::size_t o = 0; o < plan_.outputs; ++o) {
    const Output& output = outputs_.emplace_back(Output{plan_.giants_of(o), sums_});
    sums_ += output.used.size();
    for (std::size_t g = 0; g < output.used.size(); g += kGiants) {
      lay_out_group(output, term, g);
      term = tiles_.back().begin.back();
    }
  }
}

/// Tiles of the group of giants used[first_giant] and following, whose terms begin at `first_term`.
void BlockTransform::lay_out_group(const Output& output, std::size_t first_term, std::size_t first_giant) {
  const std::size_t giants = std::min(kGiants, output.used.size() - first_giant), o = plan_.terms[first_term].output;
  const std::size_t last_giant = output.used[first_giant + giants - 1];
  std::size_t last_term = first_term;
  std::vector<std::int64_t> cells;
  for (; last_term < plan_.terms.size(); ++last_term) {
    const auto& term = plan_.terms[last_term];
    if (term.output != o || term.giant > last_giant) break;
    cells.push_back(static_cast<std::int64_t>(entries_[last_term].cell));
  }
  make_set(cells);
  const auto column = [&](const Entry& e) { return index_in(cells, static_cast<std::int64_t>(e.cell)) / kCells; };
  const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(first_term);
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(last_term);
  // Within a tile by giant, then cell: the order they are in already.
  std::stable_sort(begin, end, [&](const Entry& a, const Entry& b) { return column(a) < column(b); });
  Group group{tiles_.size(), 0, output.first_sum + first_giant, giants};
  for (std::size_t e = first_term; e < last_term;) {
    Tile& tile = tiles_.emplace_back();
    const std::size_t at = column(entries_[e]);
    for (std::size_t g = 0; g < giants; ++g) {
      tile.begin.push_back(e);
      while (e < last_term && column(entries_[e]) == at &&
             plan_.terms[entries_[e].term].giant == output.used[first_giant + g]) {
        ++e;
      }
    }
    tile.begin.push_back(e);
  }
  group.last_tile = tiles_.size();
  groups_.push_back(group);
}

/// The first tiles, prime by prime, as long as they fit.
void BlockTransform::choose_prepared(const ckks::Context& context, std::size_t memory_budget) {
  std::size_t size = 0;
  bool fits = memory_budget > ring::kStreamSlack;
  for (Tile& tile : tiles_) {
    tile.stream_begin = size;
    for (std::size_t row = 0; fits && row < limbs_; ++row) {
      const std::size_t bytes = tile.entries() * half_stream_bytes(context.q(row));
      fits = size + bytes + ring::kStreamSlack <= memory_budget;
      if (fits) size += bytes, ++tile.prepared_rows;
    }
  }
  if (size == 0) return;
  const std::size_t words = (size + ring::kStreamSlack + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
  stream_ = AlignedWords(in_large_pages(words));
}

bool BlockTransform::encode_tiles(const ckks::Encoder& encoder, const ckks::Context& context, const Diagonal& diagonal,
                                  ThreadPool* pool) {
  std::size_t pairs = 0;
  for (Tile& tile : tiles_) {
    tile.first_pair = pairs;
    if (tile.prepared_rows < limbs_) pairs += tile.pairs();
  }
  coefficients_ = pairs == 0 ? AlignedWords() : AlignedWords(in_large_pages(pairs * pair_words(context.degree())));
  std::vector<std::uint64_t> largest(tiles_.size());
  std::atomic<bool> fits{true};
  run(pool, tiles_.size(), [&](std::size_t t) {
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
  auto scratch = context.scratch().take(5 * n);
  auto *const a = reinterpret_cast<std::int64_t*>(scratch.data()), *const b = a + n;
  std::uint64_t *const packed = scratch.data() + 2 * n, *const words = packed + n;
  auto* const unused = reinterpret_cast<std::uint8_t*>(words + n);
  std::uint64_t most = 0;
  for (std::size_t p = 0; p < tile.pairs(); ++p) {
    const std::size_t e = 2 * p;
    const bool single = e + 1 == tile.entries();
    const std::span<const Entry> pair(entries_.data() + tile.first() + e, single ? 1 : 2);
    const std::uint64_t largest = encode_pair(encoder, context, diagonal, pair, a, b);
    most = std::max(most, largest);
    const bool kept = tile.prepared_rows < limbs_;
    std::uint64_t* const to = kept ? coefficients_.data() + (tile.first_pair + p) * pair_words(n) : packed;
    if (narrow_) {
      std::copy(a, a + n, reinterpret_cast<std::int32_t*>(to));
    } else {
      std::copy(a, a + n, reinterpret_cast<std::int64_t*>(to));
    }
    std::size_t at = tile.stream_begin;
    for (std::size_t row = 0; row < tile.prepared_rows; ++row) {
      const std::size_t bytes = half_stream_bytes(context.q(row));
      std::uint8_t* const stream = reinterpret_cast<std::uint8_t*>(stream_.data()) + at + e * bytes;
      transform_pair(context.q(row), to, largest, words, stream, single ? unused : stream + bytes);
      at += tile.entries() * bytes;
    }
  }
  return most;
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
  return (stream_.size() + coefficients_.size()) * sizeof(std::uint64_t);
}

}  // namespace obscura::circuits
