#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "circuits/block_transform.h"
#include "secret/encryptor.h"

namespace obscura::circuits {
namespace {

constexpr std::size_t kLimbs = 8;

/// A convolution of 5 x 5 over rows of 16 with channels 256 slots apart: 800 diagonals.
std::vector<BlockOffset> convolution(std::size_t slots) {
  const auto n = static_cast<std::int64_t>(slots);
  std::vector<BlockOffset> result;
  for (std::int64_t channel = -16; channel < 16; ++channel) {
    for (std::int64_t row = -2; row <= 2; ++row) {
      for (std::int64_t column = -2; column <= 2; ++column) {
        result.push_back({0, 0, (256 * channel + 16 * row + column + n) % n});
      }
    }
  }
  return result;
}

void random_diagonal(const BlockOffset& d, std::span<double> values) {
  std::mt19937_64 engine(static_cast<std::uint64_t>(d.offset));
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (double& v : values) v = uniform(engine);
}

/// N = 2^15, nine primes of 48 bits: what all benchmarks share.
struct Setting {
  Setting()
      : context(ckks::Context::create(ckks::make_parameters(15, std::vector<int>(9, 48), {49, 49, 49}, 3))),
        encoder(context),
        plan(plan_blocks(convolution(context->slots()), {1, 1}, context->slots(), step_costs(*context, kLimbs))) {
    ckks::KeyRequest request;
    request_keys(plan, kLimbs, context->degree(), request);
    const ckks::SecretKey secret(context, ring::Seed{1});
    auto keys = std::make_shared<const ckks::EvaluationKeys>(*context, make_evaluation_keys(secret, request));
    evaluator = std::make_unique<ckks::Evaluator>(context, std::move(keys));
    const std::vector<double> values(context->slots(), 0.5);
    const ckks::SecretEncryptor encryptor(secret);
    x = expand(*context, encryptor.encrypt(encoder, values, 0x1p40, kLimbs));
  }
  ckks::ContextPtr context;
  ckks::Encoder encoder;
  BlockPlan plan;
  std::unique_ptr<ckks::Evaluator> evaluator;
  ckks::Ciphertext x;
};

const Setting& setting() {
  static const Setting shared;
  return shared;
}

/// Arguments: images at once, threads, megabytes of plaintexts prepared.
void block_transform(benchmark::State& state) {
  const Setting& s = setting();
  ThreadPool pool(static_cast<std::size_t>(state.range(1)));
  const BlockTransform transform(s.encoder, *s.context, s.plan, random_diagonal, {0x1p22}, kLimbs,
                                 static_cast<std::size_t>(state.range(2)) << 20, &pool);
  const std::vector<std::vector<ckks::Ciphertext>> images(static_cast<std::size_t>(state.range(0)), {s.x});
  for (auto _ : state) benchmark::DoNotOptimize(transform.apply(*s.evaluator, images, &pool));
  state.SetLabel(std::to_string(s.plan.terms.size()) + " diagonals, " + std::to_string(s.plan.babies.size()) +
                 " babies, " + std::to_string(s.plan.giants.size()) + " giants, " +
                 std::to_string(transform.memory_bytes() >> 20) + " MiB");
}

BENCHMARK(block_transform)
    ->ArgNames({"images", "threads", "MiB"})
    ->ArgsProduct({{1, 2}, {1, 2}, {0, 1024}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void plan_block_transform(benchmark::State& state) {
  const Setting& s = setting();
  const auto offsets = convolution(s.context->slots());
  const StepCosts costs = step_costs(*s.context, kLimbs);
  for (auto _ : state) benchmark::DoNotOptimize(plan_blocks(offsets, {1, 1}, s.context->slots(), costs));
}

BENCHMARK(plan_block_transform)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace obscura::circuits
