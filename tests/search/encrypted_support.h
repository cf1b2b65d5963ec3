#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include "search/drawn_row.h"
#include "search/encrypted_table.h"
#include "search/owner/encrypted_owner.h"

/// Vectors to fill galleries with, and both sides of an encrypted one.
namespace obscura::search::encrypted_test {

using Rows = std::vector<std::vector<float>>;

inline Rows drawn_rows(VectorKind kind, std::size_t dimension, std::size_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Rows out;
  for (std::size_t r = 0; r < rows; ++r) out.push_back(drawn_row(kind, dimension, random));
  return out;
}

inline double product(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// One behind the other.
inline std::vector<float> values_of(const Rows& rows) {
  std::vector<float> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  return values;
}

/// What the server was given: nothing but ciphertexts and evaluation keys.
struct Sides {
  Sides(VectorKind kind, std::size_t dimension, Rows rows)
      : pool(2), owner(plan_encrypted_scores(kind, dimension)), gallery(std::move(rows)) {
    const auto values = values_of(gallery);
    table = std::make_unique<EncryptedScoreTable>(owner.plan(), owner.key().id(), gallery.size());
    for (std::size_t b = 0; b < owner.plan().blocks(gallery.size()); ++b) {
      table->put(b, owner.encrypt_block({values, dimension}, b, pool), pool);
    }
    keys = std::make_shared<ckks::EvaluationKeys>(*owner.context(), owner.evaluation_keys(&pool));
    evaluator = std::make_unique<ckks::Evaluator>(table->context(), keys);
  }
  Sides(VectorKind kind, std::size_t dimension, std::size_t rows, std::uint64_t seed)
      : Sides(kind, dimension, drawn_rows(kind, dimension, rows, seed)) {}
  std::vector<ckks::CompactCiphertext> answer(std::span<const float> query) {
    return table->scores(owner.encrypt(query), *evaluator, pool);
  }
  std::vector<float> search(std::span<const float> query) { return owner.read(answer(query), gallery.size()); }

  ThreadPool pool;
  EncryptedGalleryOwner owner;
  Rows gallery;
  std::unique_ptr<EncryptedScoreTable> table;
  std::shared_ptr<const ckks::EvaluationKeys> keys;
  std::unique_ptr<ckks::Evaluator> evaluator;
};

}  // namespace obscura::search::encrypted_test
