#include "search/score_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "ring/packed_stream.h"

namespace obscura::search {
namespace {

/// Words of each rotated query that are worked on at a time, so that all of them stay in a core's cache: half a
/// megabyte for both parts.
constexpr std::size_t kCachedWords = std::size_t{1} << 15;

/// Both sums of a giant step of one block.
struct Sums {
  explicit Sums(std::size_t words) : first(words), second(words) {}
  AlignedWords first, second;
};

/// A query and its rotations, as plaintext_product wants them.
class Rotations {
 public:
  Rotations(const ckks::Ciphertext& query, const ckks::Evaluator& evaluator, std::size_t count) {
    std::vector<std::int64_t> steps;
    for (std::size_t step = 1; step < count; ++step) steps.push_back(static_cast<std::int64_t>(step));
    rotated_ = evaluator.rotate_hoisted(query, steps);
    rotated_.insert(rotated_.begin(), query);
  }
  std::size_t count() const { return rotated_.size(); }
  /// Pointers to word `from` on of one part of all.
  std::vector<const std::uint64_t*> part(std::size_t part, std::size_t from) const {
    std::vector<const std::uint64_t*> out;
    for (const auto& one : rotated_) out.push_back(one.parts[part].limb(0) + from);
    return out;
  }

 private:
  std::vector<ckks::Ciphertext> rotated_;
};

ckks::Ciphertext ciphertext_of(const ckks::Context& context, const Sums& sums, double scale) {
  ckks::Ciphertext out;
  out.context = context.digest();
  out.scale = scale;
  for (const AlignedWords* words : {&sums.first, &sums.second}) {
    ring::Polynomial part(context.degree(), 1);
    std::copy_n(words->data(), context.degree(), part.limb(0));
    out.parts.push_back(std::move(part));
  }
  return out;
}

}  // namespace

std::string vector_problem(VectorKind kind, std::span<const float> row) {
  double squares = 0;
  for (const float v : row) {
    if (kind == VectorKind::code && v != 1 && v != -1) return fmt::format("of +1 and -1, not of {:g}", v);
    squares += static_cast<double>(v) * v;
  }
  const double length = std::sqrt(squares);
  if (kind == VectorKind::unit && !(std::abs(length - 1) < 1e-3)) return fmt::format("of length 1, not {:.4g}", length);
  return {};
}

std::size_t score_word_bytes(const ScorePlan& plan) {
  return ring::stream_word_bytes(ckks::Context::create(plan.parameters)->q(0));
}

std::size_t score_block_bytes(const ScorePlan& plan) {
  return plan.period * plan.degree() * score_word_bytes(plan) + ring::kStreamSlack;
}

ScoreTable::ScoreTable(const ScorePlan& plan, const FeatureTable& vectors, ThreadPool& pool, KeptBlocks kept)
    : plan_(plan),
      context_(ckks::Context::create(plan.parameters)),
      rows_(vectors.rows()),
      blocks_(std::move(kept.blocks)),
      keep_(std::move(kept.keep)) {
  if (vectors.columns != plan.dimension || vectors.values.size() % plan.dimension != 0) {
    throw MismatchError(
        fmt::format("a gallery of vectors of {} numbers where {} are expected", vectors.columns, plan.dimension));
  }
  for (std::size_t r = 0; r < rows_; ++r) {
    const auto row = vectors.values.subspan(r * plan.dimension, plan.dimension);
    const bool hole = plan.kind == VectorKind::unit && std::ranges::all_of(row, [](float v) { return v == 0; });
    if (const auto problem = vector_problem(plan.kind, row); !hole && !problem.empty())
      throw MismatchError(fmt::format("vector {} of a gallery is to be {}", r, problem));
  }
  word_bytes_ = ring::stream_word_bytes(context_->q(0));
  const std::size_t blocks = plan.blocks(rows_), bytes = plan.giants() * giant_bytes() + ring::kStreamSlack;
  const auto sound = [&](std::span<const std::uint8_t> block) { return block.empty() || block.size() == bytes; };
  if ((!blocks_.empty() && blocks_.size() != blocks) || !std::ranges::all_of(blocks_, sound)) {
    throw MismatchError("encoded vectors of another gallery");
  }
  blocks_.resize(blocks);
  own_.resize(blocks);
  const ckks::Encoder encoder(context_);
  pool.parallel_for(blocks, [&](std::size_t block) {
    if (blocks_[block].empty()) encode_block(encoder, vectors, block);
  });
}

std::size_t ScoreTable::giant_bytes() const {
  return plan_.baby * context_->degree() * word_bytes_;
}

std::size_t ScoreTable::memory_bytes() const {
  std::size_t bytes = 0;
  for (const auto& block : blocks_) bytes += block.size();
  return bytes;
}

void ScoreTable::encode_block(const ckks::Encoder& encoder, const FeatureTable& vectors, std::size_t block) {
  const std::size_t slots = plan_.slots(), degree = context_->degree(), first = block * slots;
  const double scale = std::exp2(plan_.gallery_bits);
  std::vector<std::uint8_t>& stream = own_[block];
  stream.assign(plan_.giants() * giant_bytes() + ring::kStreamSlack, 0);
  blocks_[block] = stream;
  std::vector<double> diagonal(slots);
  for (std::size_t k = 0; k < plan_.period; ++k) {
    const std::size_t giant = k / plan_.baby, baby = k % plan_.baby;
    std::ranges::fill(diagonal, 0.0);
    for (std::size_t j = 0; j < slots && first + j < rows_; ++j) {
      const std::size_t column = (j + k) % plan_.period;
      // Turned back by the giant step that will turn the sum.
      if (column < plan_.dimension) {
        diagonal[(j + giant * plan_.baby) % slots] = vectors.values[(first + j) * plan_.dimension + column];
      }
    }
    const auto plain = encoder.encode(std::span<const double>(diagonal), scale, 1);
    std::uint8_t* at = stream.data() + giant * giant_bytes();
    for (std::size_t i = 0; i < degree / 8; ++i) {
      ring::write_stream_block(plain.poly.limb(0) + 8 * i, word_bytes_, at + (i * plan_.baby + baby) * 8 * word_bytes_);
    }
  }
}

std::vector<ckks::CompactCiphertext> ScoreTable::scores(const ckks::Ciphertext& query, const ckks::Evaluator& evaluator,
                                                        ThreadPool& pool) const {
  check_ciphertext(*context_, query);
  if (query.parts.size() != 2 || !ckks::same_scale(query.scale, std::exp2(plan_.query_bits))) {
    throw MismatchError("a query whose scale is not that of vectors of this gallery");
  }
  const std::size_t degree = context_->degree(), giants = plan_.giants();
  const Rotations rotations(query, evaluator, plan_.baby);
  std::vector<Sums> sums;
  for (std::size_t i = 0; i < blocks_.size() * giants; ++i) sums.emplace_back(degree);
  // All blocks by one piece of the rotations, then the next piece.
  const std::size_t words = std::clamp<std::size_t>(kCachedWords / plan_.baby, 16, degree);
  pool.parallel_for(degree / words, [&](std::size_t piece) {
    const std::size_t from = piece * words;
    const auto first = rotations.part(0, from), second = rotations.part(1, from);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const std::uint8_t* stream =
          blocks_[i / giants].data() + i % giants * giant_bytes() + from * plan_.baby * word_bytes_;
      ring::plaintext_product(context_->q(0), words, sums[i].first.data() + from, sums[i].second.data() + from,
                              first.data(), second.data(), stream, rotations.count());
    }
  });
  std::vector<ckks::CompactCiphertext> replies(blocks_.size());
  const double scale = std::exp2(plan_.query_bits + plan_.gallery_bits);
  pool.parallel_for(blocks_.size(), [&](std::size_t block) {
    auto total = ciphertext_of(*context_, sums[(block + 1) * giants - 1], scale);
    for (std::size_t giant = giants - 1; giant-- > 0;) {
      total = evaluator.add(evaluator.rotate(total, static_cast<std::int64_t>(plan_.baby)),
                            ciphertext_of(*context_, sums[block * giants + giant], scale));
    }
    replies[block] = ckks::compact(*context_, total, 1, plan_.reply_bits);
  });
  return replies;
}

}  // namespace obscura::search
