#include "search/owner/score_owner.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/error.h"

namespace obscura::search {
namespace {

[[noreturn]] void refuse_noise() {
  throw MismatchError(
      "the answer decrypts to scores that no gallery can give: it is of another key, or was altered on its way");
}

}  // namespace

ScoreOwner::ScoreOwner(const ScorePlan& plan)
    : plan_(plan),
      context_(ckks::Context::create(plan.parameters)),
      key_(context_),
      encoder_(context_),
      encryptor_(key_),
      decryptor_(key_) {}

ScoreOwner::ScoreOwner(const ScorePlan& plan, ckks::SecretKey key)
    : plan_(plan),
      context_(key.context()),
      key_(std::move(key)),
      encoder_(context_),
      encryptor_(key_),
      decryptor_(key_) {
  if (!(context_->parameters() == plan.parameters)) {
    throw MismatchError("the secret key is of other parameters than vectors of this gallery are compared with");
  }
}

ckks::SeededEvaluationKeys ScoreOwner::evaluation_keys(ThreadPool* pool) const {
  return make_evaluation_keys(key_, plan_.keys(), pool);
}

ckks::SeededCiphertext ScoreOwner::encrypt(std::span<const float> vector) const {
  if (vector.size() != plan_.dimension) {
    throw MismatchError("a vector of " + std::to_string(vector.size()) + " numbers for a gallery of vectors of " +
                        std::to_string(plan_.dimension));
  }
  double squares = 0;
  for (const float v : vector) {
    squares += static_cast<double>(v) * v;
    if (plan_.kind == VectorKind::code && v != 1 && v != -1) throw MismatchError("a code has +1 and -1, nothing else");
  }
  if (!std::isfinite(squares) || squares == 0)
    throw MismatchError("a vector without a direction cannot be searched for");
  ckks::WipedVector<double> period(plan_.period, 0);
  const double length = plan_.kind == VectorKind::code ? 1 : std::sqrt(squares);
  for (std::size_t i = 0; i < vector.size(); ++i) period[i] = vector[i] / length;
  return encryptor_.encrypt_periodic(encoder_, period, std::exp2(plan_.query_bits), 1);
}

std::vector<float> ScoreOwner::read(std::span<const ckks::CompactCiphertext> replies, std::size_t rows) const {
  if (replies.size() != plan_.blocks(rows)) {
    throw MismatchError("an answer of " + std::to_string(replies.size()) + " ciphertexts for a gallery of " +
                        std::to_string(rows) + " images, expected " + std::to_string(plan_.blocks(rows)));
  }
  std::vector<float> scores(rows);
  for (std::size_t block = 0; block < replies.size(); ++block) {
    const std::size_t first = block * plan_.slots();
    read_block(replies[block], std::span(scores).subspan(first, std::min(plan_.slots(), rows - first)));
  }
  return scores;
}

void ScoreOwner::read_block(const ckks::CompactCiphertext& reply, std::span<float> scores) const {
  const double scale = std::exp2(plan_.query_bits + plan_.gallery_bits);
  const double expected = scale * std::exp2(plan_.reply_bits) / static_cast<double>(context_->q(0).value());
  if (reply.context != context_->digest() || reply.gap != 1 || reply.bits != plan_.reply_bits ||
      std::abs(reply.scale / expected - 1) > 1e-6) {
    throw MismatchError("an answer of other parameters than the query's");
  }
  auto [real, imaginary] = decryptor_.open(reply);
  const double bound = score_bound(plan_);
  const double largest = plan_.kind == VectorKind::code ? static_cast<double>(plan_.dimension) : 1;
  const auto beyond = [](std::span<const double> values, double limit) {
    return std::ranges::any_of(values, [limit](double v) { return !(std::abs(v) <= limit); });
  };
  // Real vectors leave nothing but noise in imaginary parts.
  if (beyond(real, largest * 1.002 + bound) || beyond(imaginary, bound)) {
    refuse_noise();
  }
  if (plan_.kind == VectorKind::unit) decryptor_.finish(reply, real, {}, score_error(plan_));
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (plan_.kind == VectorKind::unit) {
      scores[i] = static_cast<float>(real[i]);
      continue;
    }
    // Of the parity of the length: two apart.
    const auto bits = static_cast<double>(plan_.dimension);
    const double distance = std::round((bits - real[i]) / 2);
    if (std::abs((bits - real[i]) / 2 - distance) > bound / 2) refuse_noise();
    scores[i] = static_cast<float>(bits - 2 * distance);
  }
}

}  // namespace obscura::search
