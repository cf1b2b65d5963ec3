// Encrypted scores against galleries, and private fetching: what docs/search.md quotes.
#include <benchmark/benchmark.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "ckks/wire.h"
#include "search/encrypted_gallery.h"
#include "search/encrypted_query.h"
#include "search/encrypted_table.h"
#include "search/owner/encrypted_owner.h"
#include "search/owner/fetch_owner.h"
#include "search/owner/score_owner.h"
#include "search/score_table.h"

namespace obscura::search {
namespace {

std::vector<float> drawn_vectors(VectorKind kind, std::size_t rows, std::size_t dimension) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(rows * dimension);
  for (std::size_t r = 0; r < rows; ++r) {
    double squares = 0;
    float* row = values.data() + r * dimension;
    for (std::size_t i = 0; i < dimension; ++i) row[i] = normal(random), squares += row[i] * row[i];
    for (std::size_t i = 0; i < dimension; ++i) {
      row[i] = kind == VectorKind::code ? (row[i] > 0 ? 1.0F : -1.0F) : row[i] / static_cast<float>(std::sqrt(squares));
    }
  }
  return values;
}

/// Arguments: vectors, numbers of each, kind; the server has one thread.
void scores(benchmark::State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0)), dimension = static_cast<std::size_t>(state.range(1));
  const auto kind = static_cast<VectorKind>(state.range(2));
  ThreadPool pool(1);
  const ScoreOwner owner(plan_scores(kind, dimension));
  const auto vectors = drawn_vectors(kind, rows, dimension);
  const ScoreTable table(owner.plan(), {vectors, dimension}, pool);
  const auto sent = owner.evaluation_keys();
  const ckks::Evaluator evaluator(table.context(), std::make_shared<ckks::EvaluationKeys>(*table.context(), sent));
  const auto query = owner.encrypt(std::span(vectors).first(dimension));
  const auto expanded = expand(*table.context(), query);
  std::vector<ckks::CompactCiphertext> reply;
  for (auto _ : state) benchmark::DoNotOptimize(reply = table.scores(expanded, evaluator, pool));
  const auto bytes = [](const ckks::Bytes& b) { return static_cast<double>(b.size()); };
  const ckks::Context& context = *table.context();
  state.counters["keys"] = bytes(ckks::write_evaluation_keys(context, sent));
  state.counters["up"] = bytes(ckks::write_seeded_ciphertexts(context, std::span(&query, 1)));
  state.counters["down"] = bytes(ckks::write_compact_ciphertexts(context, reply));
  state.counters["memory"] = static_cast<double>(table.memory_bytes());
}
BENCHMARK(scores)
    ->ArgsProduct({{50'000}, {64}, {0, 1}})
    ->Args({50'000, 600, 0})
    ->Args({200'000, 64, 0})
    ->Args({1'000'000, 64, 0})
    ->Unit(benchmark::kMillisecond);

/// What the owner does of it: encrypting and reading.
void scores_owner(benchmark::State& state) {
  constexpr std::size_t kRows = 50'000;
  const auto dimension = static_cast<std::size_t>(state.range(0));
  ThreadPool pool(1);
  const ScoreOwner owner(plan_scores(VectorKind::code, dimension));
  const auto vectors = drawn_vectors(VectorKind::code, kRows, dimension);
  const ScoreTable table(owner.plan(), {vectors, dimension}, pool);
  const ckks::Evaluator evaluator(table.context(),
                                  std::make_shared<ckks::EvaluationKeys>(*table.context(), owner.evaluation_keys()));
  const auto query = std::span(vectors).first(dimension);
  const auto reply = table.scores(expand(*table.context(), owner.encrypt(query)), evaluator, pool);
  for (auto _ : state) {
    benchmark::DoNotOptimize(owner.encrypt(query));
    benchmark::DoNotOptimize(owner.read(reply, kRows));
  }
}
BENCHMARK(scores_owner)->Arg(64)->Unit(benchmark::kMillisecond);

/// Both sides of an encrypted gallery; one thread.
struct EncryptedSides {
  EncryptedSides(VectorKind kind, std::size_t count, std::size_t dimension)
      : rows(count),
        owner(plan_encrypted_scores(kind, dimension)),
        vectors(drawn_vectors(kind, rows, dimension)),
        table(owner.plan(), owner.key().id(), rows),
        sent(owner.evaluation_keys()),
        evaluator(table.context(), std::make_shared<ckks::EvaluationKeys>(*table.context(), sent)),
        query(owner.encrypt(std::span(vectors).first(dimension))) {
    for (std::size_t b = 0; b < owner.plan().blocks(rows); ++b) table.put(b, block(b), pool);
  }
  std::vector<ckks::SeededCiphertext> block(std::size_t b) {
    return owner.encrypt_block({vectors, owner.plan().dimension}, b, pool);
  }

  ThreadPool pool{1};
  std::size_t rows;
  EncryptedGalleryOwner owner;
  std::vector<float> vectors;
  EncryptedScoreTable table;
  ckks::SeededEvaluationKeys sent;
  ckks::Evaluator evaluator;
  std::vector<ckks::SeededCiphertext> query;
};

/// Arguments: vectors, numbers of each, kind; the server has one thread.
void encrypted_scores(benchmark::State& state) {
  EncryptedSides s(static_cast<VectorKind>(state.range(2)), static_cast<std::size_t>(state.range(0)),
                   static_cast<std::size_t>(state.range(1)));
  std::vector<ckks::CompactCiphertext> reply;
  for (auto _ : state) benchmark::DoNotOptimize(reply = s.table.scores(s.query, s.evaluator, s.pool));
  const auto bytes = [](const ckks::Bytes& b) { return static_cast<double>(b.size()); };
  const ckks::Context& context = *s.table.context();
  const EncryptedScorePlan& plan = s.owner.plan();
  state.counters["keys"] = bytes(ckks::write_evaluation_keys(context, s.sent));
  state.counters["up"] = bytes(ckks::write_seeded_ciphertexts(context, s.query));
  state.counters["down"] = bytes(ckks::write_compact_ciphertexts(context, reply));
  state.counters["files"] = static_cast<double>(plan.blocks(s.rows) * gallery_block_bytes(plan));
  state.counters["memory"] = static_cast<double>(s.table.memory_bytes());
}
BENCHMARK(encrypted_scores)
    ->ArgsProduct({{50'000}, {64}, {0, 1}})
    ->Args({5'000, 600, 0})
    ->Args({50'000, 600, 0})
    ->Unit(benchmark::kMillisecond);

/// The part of it that does not depend on the gallery: a query's numbers, each a ciphertext.
void encrypted_query(benchmark::State& state) {
  EncryptedSides s(VectorKind::code, 1, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(expand_query(s.owner.plan(), s.query, s.evaluator, s.pool));
}
BENCHMARK(encrypted_query)->Arg(64)->Arg(600)->Unit(benchmark::kMillisecond);

/// What the owner does of a search: encrypting and reading.
void encrypted_owner(benchmark::State& state) {
  EncryptedSides s(VectorKind::code, static_cast<std::size_t>(state.range(0)),
                   static_cast<std::size_t>(state.range(1)));
  const auto reply = s.table.scores(s.query, s.evaluator, s.pool);
  const auto query = std::span(s.vectors).first(s.owner.plan().dimension);
  for (auto _ : state) {
    benchmark::DoNotOptimize(s.owner.encrypt(query));
    benchmark::DoNotOptimize(s.owner.read(reply, s.rows));
  }
}
BENCHMARK(encrypted_owner)->Args({50'000, 64})->Args({5'000, 600})->Unit(benchmark::kMillisecond);

/// Encrypting a block of 4,096 vectors of 64 numbers, and what the server does to take it.
void encrypted_block(benchmark::State& state) {
  EncryptedSides s(VectorKind::code, 4096, 64);
  for (auto _ : state) benchmark::DoNotOptimize(s.block(0));
}
BENCHMARK(encrypted_block)->Unit(benchmark::kMillisecond);

void encrypted_block_put(benchmark::State& state) {
  EncryptedSides s(VectorKind::code, 4096, 64);
  const auto block = s.block(0);
  for (auto _ : state) s.table.put(0, block, s.pool);
}
BENCHMARK(encrypted_block_put)->Unit(benchmark::kMillisecond);

struct Fetching {
  Fetching() : pool(2), table(fetch_shape(50'000, 3072)) {
    std::mt19937_64 random(1);
    std::vector<std::uint8_t> record(3072);
    for (std::size_t i = 0; i < 50'000; ++i) {
      for (auto& byte : record) byte = static_cast<std::uint8_t>(random());
      table.put(i, record);
    }
  }
  ThreadPool pool;
  FetchTable table;
};

Fetching& fetching() {
  static Fetching made;
  return made;
}

void fetch_hint(benchmark::State& state) {
  Fetching& f = fetching();
  for (auto _ : state) benchmark::DoNotOptimize(make_hint(f.table, ring::Seed{}, f.pool));
  state.counters["bytes"] = static_cast<double>(f.table.shape().hint_bytes());
}
BENCHMARK(fetch_hint)->Unit(benchmark::kMillisecond)->UseRealTime();

void fetch_answer(benchmark::State& state) {
  Fetching& f = fetching();
  FetchOwner owner(f.table.shape(), ring::Seed{});
  const auto queries = owner.ask(std::vector<std::size_t>{1, 2, 3, 4, 5});
  for (auto _ : state) benchmark::DoNotOptimize(f.table.answer(queries, f.pool));
  state.counters["up"] = static_cast<double>(kFetchCount * f.table.shape().query_bytes());
  state.counters["down"] = static_cast<double>(kFetchCount * f.table.shape().answer_bytes());
}
BENCHMARK(fetch_answer)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Asking for five and reading them.
void fetch_owner(benchmark::State& state) {
  Fetching& f = fetching();
  const auto hint = make_hint(f.table, ring::Seed{}, f.pool);
  FetchOwner owner(f.table.shape(), hint.seed);
  for (auto _ : state) {
    const auto queries = owner.ask(std::vector<std::size_t>{1, 2, 3, 4, 5});
    state.PauseTiming();
    const auto answers = f.table.answer(queries, f.pool);
    state.ResumeTiming();
    benchmark::DoNotOptimize(owner.read(hint, answers));
  }
}
BENCHMARK(fetch_owner)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace obscura::search
