#include <memory>
#include <numeric>
#include <vector>

#include "ckks/encoder.h"
#include "ckks/evaluator.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"
#include "secret/secret_key.h"
#include "study/bench/bench_parts.h"

namespace obscura::study {
namespace {

/// An instance with its keys, both sides.
struct Instance {
  Instance(const ckks::Parameters& parameters, double scale_, std::size_t rotations_)
      : context(ckks::Context::create(parameters)),
        log_n(parameters.log_degree),
        limbs(parameters.q.size()),
        scale(scale_),
        secret(context),
        encoder(context),
        encryptor(secret),
        values(context->slots()) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 17) / 17 - 0.5;
    for (std::size_t i = 1; i <= rotations_; ++i) steps.push_back(static_cast<std::int64_t>(i));
    ckks::KeyRequest request;
    for (const auto step : steps) request.rotation(step, limbs, context->degree());
    if (!steps.empty()) request.relinearisation(limbs);
    keys = std::make_shared<const ckks::EvaluationKeys>(*context, ckks::make_evaluation_keys(secret, request));
  }

  ckks::Ciphertext encrypted() const {
    return ckks::expand(*context, encryptor.encrypt(encoder, values, scale, limbs));
  }

  ckks::ContextPtr context;
  int log_n;
  std::size_t limbs;
  double scale;
  ckks::SecretKey secret;
  ckks::Encoder encoder;
  ckks::SecretEncryptor encryptor;
  std::vector<double> values;
  std::vector<std::int64_t> steps;  ///< that there are rotation keys for
  std::shared_ptr<const ckks::EvaluationKeys> keys;
};

std::vector<int> chain(int first, std::size_t count, int bits) {
  std::vector<int> result(count, bits);
  result.insert(result.begin(), first);
  return result;
}

/// What a further rotation of the same ciphertext costs once it is decomposed.
void bench_hoisting(BenchTable& table, const Instance& x, const ckks::Evaluator& evaluator, const ckks::Ciphertext& a) {
  const std::string name = "rotate_hoisted_further";
  if (!table.wants(name)) return;
  const std::span<const std::int64_t> all(x.steps), one = all.first(1);
  const BenchResult many = table.measure([&] { evaluator.rotate_hoisted(a, all); });
  const BenchResult single = table.measure([&] { evaluator.rotate_hoisted(a, one); });
  const auto further = static_cast<double>(all.size() - 1);
  table.add({name, x.log_n, x.limbs, (many.median_us - single.median_us) / further,
             (many.least_us - single.least_us) / further, many.runs});
}

void bench_rotations(BenchTable& table, const Instance& x) {
  const ckks::Evaluator evaluator(x.context, x.keys);
  const ckks::Ciphertext a = x.encrypted();
  table.add("rotate", x.log_n, x.limbs, [&] { evaluator.rotate(a, 1); });
  bench_hoisting(table, x, evaluator, a);
  table.add("multiply_relinearize_rescale", x.log_n, x.limbs,
            [&] { evaluator.rescale(evaluator.relinearize(evaluator.multiply(a, a))); });
}

void bench_arithmetic(BenchTable& table, const Instance& x) {
  const ckks::Evaluator evaluator(x.context, x.keys);
  const ckks::Ciphertext a = x.encrypted();
  const ckks::Plaintext p = x.encoder.encode(x.values, x.scale, x.limbs);
  table.add("add", x.log_n, x.limbs, [&] { evaluator.add(a, a); });
  table.add("multiply_plain", x.log_n, x.limbs, [&] { evaluator.multiply_plain(a, p); });
  table.add("rescale", x.log_n, x.limbs, [&] { evaluator.rescale(a); });
}

void bench_client(BenchTable& table, const Instance& x) {
  const ckks::Decryptor decryptor(x.secret);
  const ckks::SeededCiphertext seeded = x.encryptor.encrypt(x.encoder, x.values, x.scale, x.limbs);
  const ckks::Ciphertext a = ckks::expand(*x.context, seeded);
  table.add("encode", x.log_n, x.limbs, [&] { x.encoder.encode(x.values, x.scale, x.limbs); });
  table.add("encrypt_seeded", x.log_n, x.limbs, [&] { x.encryptor.encrypt(x.encoder, x.values, x.scale, x.limbs); });
  table.add("expand_seeded", x.log_n, x.limbs, [&] { ckks::expand(*x.context, seeded); });
  table.add("decrypt", x.log_n, x.limbs, [&] { decryptor.decrypt_real(a); });
}

/// Peers' usual chain at N = 2^13, one special prime for digits of one prime; then a chain of few, long primes.
void bench_small_clients(BenchTable& table) {
  if (!table.wants_any({"encode", "encrypt_seeded", "expand_seeded", "decrypt"})) return;
  bench_client(table, Instance(ckks::make_parameters(13, chain(31, 6, 25), {28}), 0x1p26, 0));
  bench_client(table, Instance(ckks::make_parameters(13, chain(46, 3, 40), {48}), 0x1p40, 0));
}

}  // namespace

void bench_ckks(BenchTable& table) {
  bench_small_clients(table);
  const bool rotations = table.wants_any({"rotate", "rotate_hoisted_further", "multiply_relinearize_rescale"});
  if (rotations || table.wants_any({"add", "multiply_plain", "rescale"})) {
    // Two primes a digit under one special prime: half the transforms of one prime a digit.
    const Instance x(ckks::make_parameters(13, chain(27, 6, 23), {49}, 2), 0x1p23, 9);
    bench_arithmetic(table, x);
    bench_rotations(table, x);
  }
  if (!rotations) return;
  bench_rotations(table, Instance(ckks::make_parameters(15, chain(45, 13, 45), std::vector<int>(5, 46), 5), 0x1p45, 4));
  bench_rotations(table, Instance(ckks::make_parameters(16, chain(45, 23, 45), std::vector<int>(8, 46), 8), 0x1p45, 3));
}

}  // namespace obscura::study
