#include "search/encrypted_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "ring/packed_stream.h"
#include "search/encrypted_query.h"

namespace obscura::search {
namespace {

/// Words of each number of the query that are worked on at a time, so that all of them stay in a core's cache: half a
/// megabyte for both parts.
constexpr std::size_t kCachedWords = std::size_t{1} << 15;
constexpr std::size_t kFewestWords = 16;  // of a product
constexpr std::size_t kGroup = 8;         // words of a packed stream's block

/// Pointers to word `from` on of one part of all.
std::vector<const std::uint64_t*> pointers(std::span<const ckks::Ciphertext> all, std::size_t part, std::size_t from) {
  std::vector<const std::uint64_t*> out;
  out.reserve(all.size());
  for (const auto& one : all) out.push_back(one.parts[part].limb(0) + from);
  return out;
}

}  // namespace

/// Of one block: the gallery's first parts times both parts of the query, and its second ones.
struct EncryptedScoreTable::Sums {
  explicit Sums(std::size_t words) : first{AlignedWords(words), AlignedWords(words)}, second(first) {}
  std::array<AlignedWords, 2> first, second;
};

EncryptedScoreTable::EncryptedScoreTable(const EncryptedScorePlan& plan, const ckks::KeyId& key, std::size_t rows)
    : plan_(plan),
      context_(ckks::Context::create(plan.parameters)),
      key_(key),
      rows_(rows),
      word_bytes_(ring::stream_word_bytes(context_->q(0))),
      blocks_(plan.blocks(rows)) {}

std::size_t EncryptedScoreTable::part_bytes() const {
  return plan_.dimension * context_->degree() * word_bytes_;
}

std::size_t EncryptedScoreTable::memory_bytes() const {
  std::size_t bytes = 0;
  for (const auto& block : blocks_) bytes += block.size();
  return bytes;
}

void EncryptedScoreTable::resize(std::size_t rows) {
  rows_ = rows;
  blocks_.resize(plan_.blocks(rows));
}

void EncryptedScoreTable::put(std::size_t block, std::span<const ckks::SeededCiphertext> numbers, ThreadPool& pool) {
  if (block >= blocks_.size()) {
    throw UsageError(fmt::format("a gallery of {} blocks has no block {}", blocks_.size(), block));
  }
  if (numbers.size() != plan_.dimension) {
    throw MismatchError(fmt::format("block {} of an encrypted gallery has {} ciphertexts, expected {}: one a number",
                                    block, numbers.size(), plan_.dimension));
  }
  for (const auto& one : numbers) {
    if (one.c0.limbs() != 1 || !ckks::same_scale(one.scale, std::exp2(plan_.gallery_bits))) {
      throw MismatchError(fmt::format("block {} of an encrypted gallery was made for vectors of another kind", block));
    }
  }
  std::vector<std::uint8_t> stream(2 * part_bytes() + ring::kStreamSlack, 0);
  pool.parallel_for(numbers.size(), [&](std::size_t i) {
    const auto one = expand(*context_, numbers[i]);
    for (std::size_t part = 0; part < 2; ++part) {
      std::uint8_t* const at = stream.data() + part * part_bytes();
      for (std::size_t g = 0; g < context_->degree() / kGroup; ++g) {
        ring::write_stream_block(one.parts[part].limb(0) + kGroup * g, word_bytes_,
                                 at + (g * plan_.dimension + i) * kGroup * word_bytes_);
      }
    }
  });
  blocks_[block] = std::move(stream);
}

void EncryptedScoreTable::check(const ckks::Evaluator& evaluator) const {
  require_context(*context_, evaluator.context().digest(), "evaluator");
  if (evaluator.keys().key() != key_) {
    throw MismatchError(
        "the evaluation keys are of another secret key than the one that the gallery is encrypted under");
  }
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    if (blocks_[block].empty()) {
      throw MismatchError(fmt::format("block {} of {} of the encrypted gallery is not there", block, blocks_.size()));
    }
  }
}

void EncryptedScoreTable::add_products(std::span<const ckks::Ciphertext> query, std::size_t from, std::size_t words,
                                       std::vector<Sums>& sums) const {
  const auto q0 = pointers(query, 0, from), q1 = pointers(query, 1, from);
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    const std::uint8_t* stream = blocks_[block].data() + from * plan_.dimension * word_bytes_;
    for (auto* to : {&sums[block].first, &sums[block].second}) {
      ring::plaintext_product(context_->q(0), words, (*to)[0].data() + from, (*to)[1].data() + from, q0.data(),
                              q1.data(), stream, query.size());
      stream += part_bytes();
    }
  }
}

ckks::CompactCiphertext EncryptedScoreTable::reply(const Sums& sums, const ckks::Evaluator& evaluator) const {
  const std::size_t n = context_->degree();
  ckks::Ciphertext product;
  product.context = context_->digest();
  product.scale = std::exp2(plan_.query_bits + plan_.gallery_bits);
  for (std::size_t part = 0; part < 3; ++part) product.parts.emplace_back(n, 1);
  std::copy_n(sums.first[0].data(), n, product.parts[0].limb(0));
  context_->q(0).add(product.parts[1].limb(0), sums.first[1].data(), sums.second[0].data());
  std::copy_n(sums.second[1].data(), n, product.parts[2].limb(0));
  return ckks::compact(*context_, evaluator.relinearize(product), 1, plan_.reply_bits);
}

std::vector<ckks::CompactCiphertext> EncryptedScoreTable::scores(std::span<const ckks::SeededCiphertext> query,
                                                                 const ckks::Evaluator& evaluator,
                                                                 ThreadPool& pool) const {
  check(evaluator);
  const auto numbers = expand_query(plan_, query, evaluator, pool);
  std::vector<Sums> sums;
  for (std::size_t block = 0; block < blocks_.size(); ++block) sums.emplace_back(context_->degree());
  // All blocks by one piece of the query, then the next piece.
  const std::size_t words =
      std::clamp(std::bit_floor(kCachedWords / plan_.dimension), kFewestWords, context_->degree());
  pool.parallel_for(context_->degree() / words,
                    [&](std::size_t piece) { add_products(numbers, piece * words, words, sums); });
  std::vector<ckks::CompactCiphertext> replies(blocks_.size());
  pool.parallel_for(blocks_.size(), [&](std::size_t block) { replies[block] = reply(sums[block], evaluator); });
  return replies;
}

}  // namespace obscura::search
