#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

#include "circuits/linear_transform.h"
#include "ckks/evaluator.h"
#include "secret/encryptor.h"

namespace obscura::ckks {
namespace {

/// Argument 0 of every benchmark: a chain at 128-bit security with the digits that make it fast.
enum Case : std::int64_t {
  kSevenLimbs,
  kSevenLimbsSeal,
  kFourLimbs,
  kFourteenLimbs,
  kFourteenShorter,
  kTwentyFourLimbs
};

Parameters parameters_of(std::int64_t which) {
  const auto chain = [](std::size_t count, int bits) { return std::vector<int>(count, bits); };
  switch (which) {
    case kSevenLimbs:  // N = 2^13: 213 bits
      return make_parameters(13, {25, 23, 23, 23, 23, 23, 23}, {50}, 2);
    case kSevenLimbsSeal:  // a digit a prime: 213 bits
      return make_parameters(13, {30, 26, 26, 26, 26, 26, 26}, {27}, 1);
    case kFourLimbs:
      return make_parameters(13, {41, 41, 41, 41}, {49}, 1);
    case kFourteenLimbs:  // N = 2^15: 14 times 50 and three special primes, 850 bits
      return make_parameters(15, chain(14, 50), {50, 50, 50}, 3);
    case kFourteenShorter:  // 14 times 45 leave room for five: 860 bits and three digits
      return make_parameters(15, chain(14, 45), chain(5, 46), 5);
    default:  // N = 2^16: 24 times 45 and twelve special primes, 1632 bits
      return make_parameters(16, chain(24, 45), chain(12, 46), 12);
  }
}

const std::vector<std::int64_t> kSteps{1, 2, 3, 4, 5, 6, 7, 8, 9};

/// What every benchmark of one case shares: keys are dear.
struct Setting {
  explicit Setting(std::int64_t which) : context(Context::create(parameters_of(which))) {
    KeyRequest request;
    for (const auto step : kSteps) request.rotation(step, context->max_limbs(), context->degree());
    request.relinearisation(context->max_limbs());
    const SecretKey secret(context, ring::Seed{1});
    auto keys = std::make_shared<const EvaluationKeys>(*context, make_evaluation_keys(secret, request));
    evaluator = std::make_unique<Evaluator>(context, std::move(keys));
    std::mt19937_64 engine(1);
    std::uniform_real_distribution<double> uniform(-1, 1);
    std::vector<double> values(context->slots());
    for (double& v : values) v = uniform(engine);
    const SecretEncryptor encryptor(secret);
    const Encoder encoder(context);
    x = expand(*context, encryptor.encrypt(encoder, values, 0x1p22, context->max_limbs()));
  }
  ContextPtr context;
  std::unique_ptr<Evaluator> evaluator;
  Ciphertext x;
};

const Setting& setting(const benchmark::State& state) {
  static std::map<std::int64_t, Setting> settings;
  return settings.try_emplace(state.range(0), state.range(0)).first->second;
}

void label(benchmark::State& state, const Setting& s) {
  state.SetLabel(describe(s.context->parameters()));
}

void rotate(benchmark::State& state) {
  const Setting& s = setting(state);
  for (auto _ : state) benchmark::DoNotOptimize(s.evaluator->rotate(s.x, 1));
  label(state, s);
}

/// Each further rotation of a ciphertext whose digits are there.
void rotate_hoisted_further(benchmark::State& state) {
  const Setting& s = setting(state);
  const Decomposition digits = s.evaluator->switcher().decompose(s.x.parts[1]);
  for (auto _ : state) benchmark::DoNotOptimize(s.evaluator->rotate(s.x, digits, 1));
  label(state, s);
}

void decompose(benchmark::State& state) {
  const Setting& s = setting(state);
  for (auto _ : state) benchmark::DoNotOptimize(s.evaluator->switcher().decompose(s.x.parts[1]));
}

void inner_product(benchmark::State& state) {
  const Setting& s = setting(state);
  const Decomposition digits = s.evaluator->switcher().decompose(s.x.parts[1]);
  const KeySwitchKey& key = s.evaluator->keys().relin(s.x.limbs());
  ring::Polynomial c0(s.x.degree(), digits.basis().rows()), c1 = c0;
  for (auto _ : state) {
    for (std::size_t row = 0; row < digits.basis().rows(); ++row) {
      s.evaluator->switcher().inner_product_row(digits, key, row, c0.limb(row), c1.limb(row));
    }
    benchmark::ClobberMemory();
  }
}

void mod_down(benchmark::State& state) {
  const Setting& s = setting(state);
  const ring::RnsBasis basis = s.context->extended(s.x.limbs());
  ring::Polynomial poly(s.x.degree(), basis.rows()), out;
  std::fill(poly.limb(0), poly.limb(0) + poly.degree() * poly.limbs(), 12345);
  for (auto _ : state) {
    s.evaluator->switcher().mod_down(poly, basis, out);
    benchmark::ClobberMemory();
  }
}

void multiply_relinearize_rescale(benchmark::State& state) {
  const Setting& s = setting(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(s.evaluator->rescale(s.evaluator->relinearize(s.evaluator->multiply(s.x, s.x))));
  }
  label(state, s);
}

void rescale(benchmark::State& state) {
  const Setting& s = setting(state);
  for (auto _ : state) benchmark::DoNotOptimize(s.evaluator->rescale(s.x));
  label(state, s);
}

void add(benchmark::State& state) {
  const Setting& s = setting(state);
  for (auto _ : state) benchmark::DoNotOptimize(s.evaluator->add(s.x, s.x));
  label(state, s);
}

void all_cases(benchmark::internal::Benchmark* b) {
  for (const auto which :
       {kSevenLimbs, kSevenLimbsSeal, kFourLimbs, kFourteenLimbs, kFourteenShorter, kTwentyFourLimbs})
    b->Arg(which);
  b->Unit(benchmark::kMicrosecond);
}

BENCHMARK(rotate)->Apply(all_cases);
BENCHMARK(rotate_hoisted_further)->Apply(all_cases);
BENCHMARK(decompose)->Apply(all_cases);
BENCHMARK(inner_product)->Apply(all_cases);
BENCHMARK(mod_down)->Apply(all_cases);
BENCHMARK(multiply_relinearize_rescale)->Apply(all_cases);
BENCHMARK(rescale)->Apply(all_cases);
BENCHMARK(add)->Apply(all_cases);

}  // namespace
}  // namespace obscura::ckks
