#include "search/owner/encrypted_owner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "ckks/noise.h"
#include "ckks/residues.h"
#include "search/score_table.h"

namespace obscura::search {
namespace {

[[noreturn]] void refuse_noise() {
  throw MismatchError(
      "the answer decrypts to scores that no gallery can give: it is of another key, or was altered on its way");
}

double length_of(std::span<const float> vector) {
  double squares = 0;
  for (const float v : vector) squares += static_cast<double>(v) * v;
  return std::sqrt(squares);
}

ckks::SecretKey of_plan(const EncryptedScorePlan& plan, ckks::SecretKey key) {
  if (key.context()->parameters() == plan.parameters) return key;
  throw MismatchError("the secret key is of other parameters than those of encrypted galleries: " +
                      ckks::describe(key.context()->parameters()) + ", expected " + ckks::describe(plan.parameters));
}

}  // namespace

EncryptedGalleryOwner::EncryptedGalleryOwner(const EncryptedScorePlan& plan)
    : EncryptedGalleryOwner(plan, ckks::SecretKey(ckks::Context::create(plan.parameters))) {}

EncryptedGalleryOwner::EncryptedGalleryOwner(const EncryptedScorePlan& plan, ckks::SecretKey key)
    : plan_(plan), key_(of_plan(plan, std::move(key))), encryptor_(key_), decryptor_(key_) {}

ckks::SeededEvaluationKeys EncryptedGalleryOwner::evaluation_keys(ThreadPool* pool) const {
  return make_evaluation_keys(key_, plan_.keys(), pool);
}

/// The polynomial whose coefficients are the values times the scale, rounded.
ckks::SeededCiphertext EncryptedGalleryOwner::encrypt_coefficients(std::span<const double> values, double scale) const {
  const ckks::Context& context = *key_.context();
  ckks::SecretScratch scratch(context.scratch(), context.degree());
  auto* const rounded = reinterpret_cast<std::int64_t*>(scratch.words());
  std::fill_n(rounded, context.degree(), 0);
  for (std::size_t i = 0; i < values.size(); ++i) rounded[i] = std::llround(values[i] * scale);
  ckks::Plaintext plain{context.digest(), 1, ring::Polynomial(context.degree(), 1), scale};
  ckks::to_residues(context.q(0), rounded, ckks::largest_magnitude(rounded, context.degree()), plain.poly.limb(0));
  context.q(0).forward(plain.poly.limb(0));
  return encryptor_.encrypt(plain);
}

ckks::SeededCiphertext EncryptedGalleryOwner::encrypt_number(const FeatureTable& vectors, std::size_t first,
                                                             std::size_t number) const {
  ckks::WipedVector<double> column(std::min(plan_.block_rows(), vectors.rows() - first));
  for (std::size_t r = 0; r < column.size(); ++r) {
    column[r] = vectors.values[(first + r) * plan_.dimension + number];
  }
  return encrypt_coefficients(column, std::exp2(plan_.gallery_bits));
}

std::vector<ckks::SeededCiphertext> EncryptedGalleryOwner::encrypt_block(const FeatureTable& vectors, std::size_t block,
                                                                         ThreadPool& pool) const {
  if (vectors.columns != plan_.dimension || vectors.values.size() % plan_.dimension != 0) {
    throw MismatchError(
        fmt::format("a gallery of vectors of {} numbers where {} are expected", vectors.columns, plan_.dimension));
  }
  const std::size_t first = block * plan_.block_rows();
  if (first >= vectors.rows()) throw UsageError(fmt::format("{} vectors have no block {}", vectors.rows(), block));
  for (std::size_t r = first; r < std::min(first + plan_.block_rows(), vectors.rows()); ++r) {
    const auto row = vectors.values.subspan(r * plan_.dimension, plan_.dimension);
    const bool hole = std::ranges::all_of(row, [](float v) { return v == 0; });
    if (const auto problem = vector_problem(plan_.kind, row); !hole && !problem.empty()) {
      throw MismatchError(fmt::format("vector {} of a gallery is to be {}", r, problem));
    }
  }
  std::vector<ckks::SeededCiphertext> numbers(plan_.dimension);
  pool.parallel_for(numbers.size(), [&](std::size_t i) { numbers[i] = encrypt_number(vectors, first, i); });
  return numbers;
}

std::vector<ckks::SeededCiphertext> EncryptedGalleryOwner::encrypt(std::span<const float> vector) const {
  if (vector.size() != plan_.dimension) {
    throw MismatchError(
        fmt::format("a vector of {} numbers for a gallery of vectors of {}", vector.size(), plan_.dimension));
  }
  const double length = length_of(vector);
  if (!std::isfinite(length) || length == 0) throw MismatchError("a vector without a direction cannot be searched for");
  if (plan_.kind == VectorKind::code && !vector_problem(plan_.kind, vector).empty()) {
    throw MismatchError("a code has +1 and -1, nothing else");
  }
  ckks::WipedVector<double> numbers(vector.begin(), vector.end());
  if (plan_.kind == VectorKind::unit) {
    for (double& v : numbers) v /= length;
  }
  std::vector<ckks::SeededCiphertext> query;
  for (std::size_t piece = 0; piece < plan_.pieces(); ++piece) {
    const auto part = std::span(numbers).subspan(piece * plan_.spread(), plan_.numbers(piece));
    query.push_back(encrypt_coefficients(part, std::exp2(plan_.query_bits)));
  }
  return query;
}

std::vector<float> EncryptedGalleryOwner::read(std::span<const ckks::CompactCiphertext> replies,
                                               std::size_t rows) const {
  if (replies.size() != plan_.blocks(rows)) {
    throw MismatchError(fmt::format("an answer of {} ciphertexts for a gallery of {} vectors, expected {}",
                                    replies.size(), rows, plan_.blocks(rows)));
  }
  std::vector<float> scores(rows);
  for (std::size_t block = 0; block < replies.size(); ++block) {
    const std::size_t first = block * plan_.block_rows();
    read_block(replies[block], std::span(scores).subspan(first, std::min(plan_.block_rows(), rows - first)));
  }
  return scores;
}

void EncryptedGalleryOwner::read_block(const ckks::CompactCiphertext& reply, std::span<float> scores) const {
  const double scale = std::exp2(plan_.query_bits + plan_.gallery_bits);
  const double expected = scale * std::exp2(plan_.reply_bits) / static_cast<double>(context()->q(0).value());
  if (reply.context != context()->digest() || reply.gap != 1 || reply.bits != plan_.reply_bits ||
      !(std::abs(reply.scale / expected - 1) <= 1e-6)) {
    throw MismatchError("an answer of other parameters than the query's");
  }
  auto values = decryptor_.open_coefficients(reply);
  const double bound = score_bound(plan_);
  const double largest = plan_.kind == VectorKind::code ? static_cast<double>(plan_.dimension) : 1;
  const auto beyond = [](std::span<const double> part, double limit) {
    return std::ranges::any_of(part, [limit](double v) { return !(std::abs(v) <= limit); });
  };
  // Behind the last row there is nothing but noise.
  const std::span all(values);
  if (beyond(all.first(scores.size()), largest * 1.002 + bound) || beyond(all.subspan(scores.size()), bound)) {
    refuse_noise();
  }
  if (plan_.kind == VectorKind::unit) decryptor_.finish(reply, values, {}, score_error(plan_));
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] = plan_.kind == VectorKind::unit ? static_cast<float>(values[i]) : code_score(values[i]);
  }
}

/// Of the parity of the length, two apart; or nothing.
float EncryptedGalleryOwner::code_score(double value) const {
  const auto bits = static_cast<double>(plan_.dimension);
  const double bound = score_bound(plan_);
  const double distance = std::round((bits - value) / 2);
  const double score = bits - 2 * distance;
  if (std::abs(value - score) <= bound) return static_cast<float>(score);
  if (std::abs(value) > bound) refuse_noise();
  return 0;
}

}  // namespace obscura::search
