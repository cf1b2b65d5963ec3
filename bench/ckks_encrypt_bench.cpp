#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "ckks/compact.h"
#include "ckks/fft.h"
#include "ckks/fft_kernels.h"
#include "ckks/public_encryptor.h"
#include "ckks/residues.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"

namespace obscura::ckks {
namespace {

/// Argument 0 of every benchmark with parameters.
enum Case : std::int64_t { kSevenLimbs, kFourLimbs };

ContextPtr context_of(std::int64_t which) {
  return Context::create(which == kSevenLimbs ? make_parameters(13, {30, 26, 26, 26, 26, 26, 26}, {27})
                                              : make_parameters(13, {41, 41, 41, 41}, {49}));
}

std::vector<double> values_for(std::size_t count) {
  std::mt19937_64 engine(1);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<double> values(count);
  for (double& v : values) v = uniform(engine);
  return values;
}

/// What every benchmark of one case shares.
struct Setting {
  explicit Setting(std::int64_t which)
      : context(context_of(which)),
        limbs(context->max_limbs()),
        scale(which == kSevenLimbs ? 0x1p26 : 0x1p41),
        values(values_for(context->slots())) {}
  ContextPtr context;
  std::size_t limbs;
  double scale;
  std::vector<double> values;
  Encoder encoder{context};
  SecretKey key{context};
  SecretEncryptor encryptor{key};
};

double* doubles(AlignedWords& words) {
  return reinterpret_cast<double*>(words.data());
}

void to_coefficients(benchmark::State& state) {
  const auto degree = static_cast<std::size_t>(state.range(0));
  const SlotFft fft(degree, static_cast<ring::Isa>(state.range(1)));
  const auto values = values_for(degree / 2);
  AlignedWords out(degree), scratch(degree);
  for (auto _ : state) fft.to_coefficients(values.data(), nullptr, doubles(out), doubles(scratch));
}
BENCHMARK(to_coefficients)->ArgsProduct({{8192, 16384, 32768, 65536}, {0, 1, 2}});

void to_slots(benchmark::State& state) {
  const auto degree = static_cast<std::size_t>(state.range(0));
  const SlotFft fft(degree, static_cast<ring::Isa>(state.range(1)));
  AlignedWords in(degree), out(degree), scratch(degree);
  std::fill(doubles(in), doubles(in) + degree, 0.5);
  for (auto _ : state) fft.to_slots(doubles(in), doubles(out), doubles(scratch));
}
BENCHMARK(to_slots)->ArgsProduct({{8192, 65536}, {0, 1, 2}});

void round_values(benchmark::State& state) {
  const Setting s(state.range(0));
  AlignedWords out(s.context->degree());
  for (auto _ : state) benchmark::DoNotOptimize(s.encoder.round_values(s.values, s.scale, s.limbs, doubles(out)));
}
BENCHMARK(round_values)->Arg(kSevenLimbs);

void residues(benchmark::State& state) {
  const Setting s(state.range(0));
  AlignedWords x(s.context->degree()), out(s.context->degree());
  const double largest = s.encoder.round_values(s.values, s.scale, s.limbs, doubles(x));
  for (auto _ : state) to_residues(s.context->q(1), doubles(x), largest, out.data());
}
BENCHMARK(residues)->Arg(kSevenLimbs);

void forward_ntt(benchmark::State& state) {
  const Setting s(state.range(0));
  AlignedWords x(s.context->degree());
  std::fill(x.data(), x.data() + x.size(), 1);
  for (auto _ : state) s.context->q(1).forward(x.data());
}
BENCHMARK(forward_ntt)->Arg(kSevenLimbs)->Arg(kFourLimbs);

void sample_uniform(benchmark::State& state) {
  const Setting s(state.range(0));
  AlignedWords x(s.context->degree());
  std::uint64_t stream = 0;
  for (auto _ : state) ring::sample_uniform(s.context->q(1), ring::Seed{}, ++stream, x.data());
}
BENCHMARK(sample_uniform)->Arg(kSevenLimbs)->Arg(kFourLimbs);

void sample_error(benchmark::State& state) {
  std::vector<std::int8_t> e(8192);
  ring::RandomStream stream(ring::Seed{}, 0);
  for (auto _ : state) ring::sample_error(e.size(), stream, e.data());
}
BENCHMARK(sample_error);

void encode(benchmark::State& state) {
  const Setting s(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(s.encoder.encode(s.values, s.scale, s.limbs));
}
BENCHMARK(encode)->Arg(kSevenLimbs)->Arg(kFourLimbs);

void encode_periodic(benchmark::State& state) {
  const Setting s(state.range(0));
  const std::vector<double> period(s.values.begin(), s.values.begin() + 1024);
  for (auto _ : state) benchmark::DoNotOptimize(s.encoder.encode_periodic(period, s.scale, s.limbs));
}
BENCHMARK(encode_periodic)->Arg(kSevenLimbs);

void encrypt_symmetric(benchmark::State& state) {
  const Setting s(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(s.encryptor.encrypt(s.encoder, s.values, s.scale, s.limbs));
}
BENCHMARK(encrypt_symmetric)->Arg(kSevenLimbs)->Arg(kFourLimbs);

void encrypt_public(benchmark::State& state) {
  const Setting s(state.range(0));
  const PublicEncryptor encryptor(s.context, make_public_key(s.key));
  for (auto _ : state) benchmark::DoNotOptimize(encryptor.encrypt(s.encoder.encode(s.values, s.scale, s.limbs)));
}
BENCHMARK(encrypt_public)->Arg(kSevenLimbs)->Arg(kFourLimbs);

void expand_seed(benchmark::State& state) {
  const Setting s(state.range(0));
  const auto seeded = s.encryptor.encrypt(s.encoder, s.values, s.scale, s.limbs);
  for (auto _ : state) benchmark::DoNotOptimize(expand(*s.context, seeded));
}
BENCHMARK(expand_seed)->Arg(kSevenLimbs)->Arg(kFourLimbs);

/// With decoding; argument 1: limbs.
void decrypt(benchmark::State& state) {
  const Setting s(state.range(0));
  const Decryptor decryptor(s.key);
  const auto limbs = static_cast<std::size_t>(state.range(1));
  const auto ciphertext = expand(*s.context, s.encryptor.encrypt(s.encoder, s.values, 0x1p26, limbs));
  for (auto _ : state) benchmark::DoNotOptimize(decryptor.decrypt_real(ciphertext));
}
BENCHMARK(decrypt)->Args({kSevenLimbs, 1})->Args({kSevenLimbs, 2})->Args({kSevenLimbs, 7})->Args({kFourLimbs, 4});

/// Argument 1: the period.
void compact_reply(benchmark::State& state) {
  const Setting s(state.range(0));
  const auto gap = s.context->slots() / static_cast<std::size_t>(state.range(1));
  const auto ciphertext = expand(*s.context, s.encryptor.encrypt(s.encoder, s.values, 0x1p26, 1));
  for (auto _ : state) benchmark::DoNotOptimize(compact(*s.context, ciphertext, gap, 28));
}
BENCHMARK(compact_reply)->Args({kSevenLimbs, 16});

void decrypt_compact(benchmark::State& state) {
  const Setting s(state.range(0));
  const Decryptor decryptor(s.key);
  const auto gap = s.context->slots() / static_cast<std::size_t>(state.range(1));
  const auto reply =
      compact(*s.context, expand(*s.context, s.encryptor.encrypt(s.encoder, s.values, 0x1p26, 1)), gap, 28);
  for (auto _ : state) benchmark::DoNotOptimize(decryptor.decrypt(reply));
}
BENCHMARK(decrypt_compact)->Args({kSevenLimbs, 16})->Args({kSevenLimbs, 1024});

/// One rotation key at the highest level, on one thread: made, and expanded.
void make_rotation_key(benchmark::State& state) {
  const Setting s(state.range(0));
  KeyRequest request;
  request.rotation(1, s.limbs, s.context->degree());
  for (auto _ : state) benchmark::DoNotOptimize(make_evaluation_keys(s.key, request));
}
BENCHMARK(make_rotation_key)->Arg(kSevenLimbs);

void expand_rotation_key(benchmark::State& state) {
  const Setting s(state.range(0));
  KeyRequest request;
  request.rotation(1, s.limbs, s.context->degree());
  const auto seeded = make_evaluation_keys(s.key, request);
  for (auto _ : state) benchmark::DoNotOptimize(EvaluationKeys(*s.context, seeded));
}
BENCHMARK(expand_rotation_key)->Arg(kSevenLimbs);

}  // namespace
}  // namespace obscura::ckks
