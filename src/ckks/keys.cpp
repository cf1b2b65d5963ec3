#include "ckks/keys.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/share.h"
#include "ring/automorphism.h"
#include "ring/packed_stream.h"

namespace obscura::ckks {
namespace {

constexpr std::size_t kBlock = 8;  // residues, of a packed stream

void check_shape(const Context& context, const SeededKeySwitchKey& seeded) {
  bool good =
      seeded.limbs >= 1 && seeded.limbs <= context.max_limbs() && seeded.b.size() == context.digits(seeded.limbs);
  for (const auto& b : seeded.b) {
    good = good && b.degree() == context.degree() && b.limbs() == context.extended(seeded.limbs).rows();
  }
  if (!good) throw MismatchError("key-switching key does not have the shape of these parameters");
}

/// Writes one component of one digit into the blocks of a row.
void interleave(const std::uint64_t* from, std::size_t n, std::size_t block, std::size_t blocks, std::size_t bytes,
                std::uint8_t* row) {
  for (std::size_t i = 0; i < n; i += kBlock) {
    ring::write_stream_block(from + i, bytes, row + (i / kBlock * blocks + block) * kBlock * bytes);
  }
}

}  // namespace

std::uint64_t key_stream(std::size_t digit, ring::RnsPrime prime) {
  return digit * 256 + (prime.special ? 128 : 0) + prime.index;
}

KeySwitchKey::KeySwitchKey(const Context& context, const SeededKeySwitchKey& seeded, ThreadPool* pool)
    : KeySwitchKey(
          context, (check_shape(context, seeded), seeded.limbs), seeded.seed,
          [&seeded](std::size_t j, std::size_t r, std::uint64_t*) { return seeded.b[j].limb(r); }, pool) {}

KeySwitchKey::KeySwitchKey(const Context& context, std::size_t limbs, const ring::Seed& seed, const RowsOfB& b,
                           ThreadPool* pool)
    : context_(context.digest()), basis_(context.extended(limbs)), digits_(context.digits(limbs)) {
  const std::size_t n = context.degree();
  std::size_t size = 0;
  for_rows(context, basis_, [&](const ring::PrimeRing& ring, std::size_t) {
    begin_.push_back(size);
    size += (n * digits_ * 2 * ring::stream_word_bytes(ring) + 63) / 64 * 64;
  });
  words_ = AlignedWords(in_large_pages((size + ring::kStreamSlack) / sizeof(std::uint64_t) + 1));
  auto* const stream = reinterpret_cast<std::uint8_t*>(words_.data());
  share(pool, basis_.rows(), [&](std::size_t r) {
    auto scratch = context.scratch().take(n);
    std::uint8_t* const row = stream + begin_[r];
    const ring::RnsPrime prime = basis_.prime(r);
    const ring::PrimeRing& ring = context.ring(prime);
    const std::size_t bytes = ring::stream_word_bytes(ring);
    for (std::size_t j = 0; j < digits_; ++j) {
      interleave(b(j, r, scratch.data()), n, 2 * j, 2 * digits_, bytes, row);
      ring::sample_uniform(ring, seed, key_stream(j, prime), scratch.data());
      interleave(scratch.data(), n, 2 * j + 1, 2 * digits_, bytes, row);
    }
  });
}

void KeyRequest::rotation(std::int64_t steps, std::size_t limbs, std::size_t degree) {
  const std::uint64_t element = ring::galois_element(steps, degree);
  if (element == 1) return;
  galois[element] = std::max(galois[element], limbs);
}

void KeyRequest::conjugation(std::size_t limbs, std::size_t degree) {
  const std::uint64_t element = ring::conjugation_element(degree);
  galois[element] = std::max(galois[element], limbs);
}

void KeyRequest::relinearisation(std::size_t limbs) {
  relin_limbs = std::max(relin_limbs, limbs);
}

EvaluationKeys::EvaluationKeys(const Context& context, const SeededEvaluationKeys& seeded, ThreadPool* pool)
    : context_(seeded.context), key_(seeded.key) {
  require_context(context, seeded.context, "set of evaluation keys");
  if (seeded.relin) relin_.emplace(context, *seeded.relin, pool);
  for (const auto& [element, key] : seeded.galois) {
    galois_.emplace(element,
                    GaloisKey{KeySwitchKey(context, key, pool), ring::ntt_automorphism(element, context.degree())});
  }
}

const KeySwitchKey& EvaluationKeys::relin(std::size_t limbs) const {
  if (!relin_) throw MismatchError("the evaluation keys hold no relinearisation key");
  if (relin_->limbs() < limbs) {
    throw MismatchError("the relinearisation key serves values of up to " + std::to_string(relin_->limbs()) +
                        " limbs, not " + std::to_string(limbs));
  }
  return *relin_;
}

const GaloisKey& EvaluationKeys::galois(std::uint64_t element, std::size_t limbs) const {
  const auto found = galois_.find(element);
  if (found == galois_.end()) {
    throw MismatchError("the evaluation keys hold no key for a rotation that is needed (Galois element " +
                        std::to_string(element) + "): they were made for another network");
  }
  if (found->second.key.limbs() < limbs) {
    throw MismatchError("the key for Galois element " + std::to_string(element) + " serves values of up to " +
                        std::to_string(found->second.key.limbs()) + " limbs, not " + std::to_string(limbs));
  }
  return found->second;
}

std::size_t EvaluationKeys::memory_bytes() const {
  std::size_t bytes = relin_ ? relin_->memory_bytes() : 0;
  for (const auto& [element, key] : galois_) {
    bytes += key.key.memory_bytes() + key.permutation.size() * sizeof(key.permutation[0]);
  }
  return bytes;
}

}  // namespace obscura::ckks
