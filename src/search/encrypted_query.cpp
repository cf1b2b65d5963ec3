#include "search/encrypted_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace obscura::search {
namespace {

/// X^-exponent, as what ciphertexts are multiplied by.
ckks::Plaintext monomial(const ckks::Context& context, std::size_t exponent) {
  const ring::PrimeRing& ring = context.q(0);
  ckks::Plaintext plain{context.digest(), 1, ring::Polynomial(context.degree(), 1), 1};
  std::fill_n(plain.poly.limb(0), context.degree(), 0);
  // X^N is -1.
  plain.poly.limb(0)[context.degree() - exponent] = ring.value() - 1;
  ring.forward(plain.poly.limb(0));
  return plain;
}

/// A tree of automorphisms. A node of level l encrypts the coefficients j, j + 2^l, j + 2 2^l, ... of the message from
/// its first on; X -> X^(N / 2^l + 1) leaves every second of those alone and negates the others, so that sum and
/// difference part them, doubled.
class QueryTree {
 public:
  QueryTree(const EncryptedScorePlan& plan, const ckks::Evaluator& evaluator)
      : evaluator_(evaluator), steps_(plan.steps()) {
    for (std::size_t level = 0; level < plan.levels; ++level) {
      monomials_.push_back(monomial(evaluator.context(), std::size_t{1} << level));
    }
    const ring::Modulus& q = evaluator.context().q(0).modulus();
    share_ = q.inverse(q.reduce(plan.spread()));
  }

  /// Coefficients 0 ... count - 1.
  std::vector<ckks::Ciphertext> leaves(ckks::Ciphertext root, std::size_t count, ThreadPool& pool) const {
    // Divided beforehand by what all the doubling comes to.
    const ring::PrimeRing& ring = evaluator_.context().q(0);
    for (auto& part : root.parts) ring.mul_scalar(part.limb(0), part.limb(0), share_);
    std::vector<ckks::Ciphertext> nodes{std::move(root)};
    for (std::size_t level = 0; level < steps_.size(); ++level) {
      const std::size_t width = nodes.size(), wider = std::min(2 * width, count);
      std::vector<ckks::Ciphertext> next(wider);
      pool.parallel_for(width, [&](std::size_t j) {
        const auto turned = evaluator_.rotate(nodes[j], steps_[level]);
        next[j] = evaluator_.add(nodes[j], turned);
        if (j + width < wider) {
          next[j + width] = evaluator_.multiply_plain(evaluator_.sub(nodes[j], turned), monomials_[level]);
        }
      });
      nodes = std::move(next);
    }
    return nodes;
  }

 private:
  const ckks::Evaluator& evaluator_;
  std::vector<std::int64_t> steps_;
  std::vector<ckks::Plaintext> monomials_;  // X^-(2^l)
  std::uint64_t share_ = 1;
};

void check_query(const EncryptedScorePlan& plan, std::span<const ckks::SeededCiphertext> query) {
  if (query.size() != plan.pieces()) {
    throw MismatchError(fmt::format("a query of {} ciphertexts for a gallery of vectors of {} numbers, expected {}",
                                    query.size(), plan.dimension, plan.pieces()));
  }
  for (const auto& piece : query) {
    if (!ckks::same_scale(piece.scale, std::exp2(plan.query_bits)) || piece.c0.limbs() != 1) {
      throw MismatchError("a query whose scale is not that of vectors of this gallery");
    }
  }
}

}  // namespace

std::vector<ckks::Ciphertext> expand_query(const EncryptedScorePlan& plan,
                                           std::span<const ckks::SeededCiphertext> query,
                                           const ckks::Evaluator& evaluator, ThreadPool& pool) {
  check_query(plan, query);
  const QueryTree tree(plan, evaluator);
  std::vector<ckks::Ciphertext> numbers(plan.dimension);
  pool.parallel_for(query.size(), [&](std::size_t piece) {
    auto leaves = tree.leaves(expand(evaluator.context(), query[piece]), plan.numbers(piece), pool);
    std::ranges::move(leaves, numbers.begin() + static_cast<std::ptrdiff_t>(piece * plan.spread()));
  });
  return numbers;
}

}  // namespace obscura::search
