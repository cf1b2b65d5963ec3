#include <algorithm>
#include <functional>
#include <string>

#include "base/error.h"
#include "ckks/noise.h"
#include "secret/secret_key.h"
#include "ring/automorphism.h"

namespace obscura::ckks {
namespace {

/// b = -a s + e, e as small coefficients; a and t are scratch, s is in NTT form.
void encrypt_zero(const ring::PrimeRing& ring, const ring::Seed& seed, std::uint64_t stream, const std::uint64_t* s,
                  const std::int8_t* e, std::uint64_t* a, std::uint64_t* b) {
  small_to_ntt(ring, e, b);
  ring::sample_uniform(ring, seed, stream, a);
  ring.mul(a, a, s);
  ring.sub(b, b, a);
}

/// One key to make: from s (Galois, `to` maps s to sigma^-1(s)) or from s^2 to s (relinearisation, `to` empty).
struct Task {
  SeededKeySwitchKey* key;
  const NoiseSeed* noise;
  std::vector<std::uint32_t> to;
};

/// b_j = -a_j s_to + e_j + P W_j s_from, see ckks/keys.h.
void make_digit(const SecretKey& secret, const Task& task, std::size_t digit) {
  const Context& context = *secret.context();
  const ring::RnsBasis basis = context.extended(task.key->limbs);
  const std::size_t n = context.degree(), first = digit * context.parameters().digit_size;
  const std::size_t last = std::min(first + context.parameters().digit_size, basis.limbs());
  SecretScratch error(context.scratch(), n / 8), scratch(context.scratch(), 2 * n);
  std::uint64_t *const a = scratch.words(), *const s = a + n;
  {
    ring::RandomStream stream = task.noise->stream(digit);
    ring::sample_error(n, stream, error.small());
  }
  ring::Polynomial& b = task.key->b[digit];
  b = ring::Polynomial(n, basis.rows());
  for_rows(context, basis, [&](const ring::PrimeRing& ring, std::size_t r) {
    const std::uint64_t* const own = secret.limb(basis.prime(r));
    const std::uint64_t* to = own;
    if (!task.to.empty()) {
      ring.permute(s, own, task.to.data());
      to = s;
    }
    encrypt_zero(ring, task.key->seed, key_stream(digit, basis.prime(r)), to, error.small(), a, b.limb(r));
    if (r < first || r >= last) return;
    ring.mul_scalar(a, own, context.p_mod_q(r));
    if (task.to.empty()) {
      ring.mul_add(b.limb(r), a, own);
    } else {
      ring.add(b.limb(r), b.limb(r), a);
    }
  });
}

SeededKeySwitchKey empty_key(const Context& context, std::size_t limbs) {
  if (limbs < 1 || limbs > context.max_limbs()) {
    throw ParameterError("key for values of " + std::to_string(limbs) + " limbs; these parameters have 1 to " +
                         std::to_string(context.max_limbs()));
  }
  SeededKeySwitchKey key;
  key.seed = ring::random_seed();
  key.limbs = limbs;
  key.b.resize(context.digits(limbs));
  return key;
}

}  // namespace

PublicKey make_public_key(const SecretKey& secret) {
  const Context& context = *secret.context();
  const std::size_t n = context.degree(), limbs = context.max_limbs();
  PublicKey key{context.digest(), ring::Polynomial(n, limbs), ring::random_seed(), secret.id()};
  SecretScratch error(context.scratch(), n / 8), scratch(context.scratch(), n);
  const NoiseSeed noise;
  {
    ring::RandomStream stream = noise.stream(0);
    ring::sample_error(n, stream, error.small());
  }
  for (std::size_t i = 0; i < limbs; ++i) {
    encrypt_zero(context.q(i), key.seed, i, secret.q_limb(i), error.small(), scratch.words(), key.b.limb(i));
  }
  return key;
}

SeededEvaluationKeys make_evaluation_keys(const SecretKey& secret, const KeyRequest& request, ThreadPool* pool) {
  const Context& context = *secret.context();
  SeededEvaluationKeys keys;
  keys.context = context.digest();
  keys.key = secret.id();
  const std::size_t count = request.galois.size() + (request.relin_limbs != 0 ? 1 : 0);
  const std::vector<NoiseSeed> noise(count);
  std::vector<Task> tasks;
  if (request.relin_limbs != 0) {
    keys.relin = empty_key(context, request.relin_limbs);
    tasks.push_back({&*keys.relin, &noise[0], {}});
  }
  for (const auto& [element, limbs] : request.galois) {
    SeededKeySwitchKey& key = keys.galois.emplace(element, empty_key(context, limbs)).first->second;
    tasks.push_back({&key, &noise[tasks.size()],
                     ring::ntt_automorphism(ring::inverse_element(element, context.degree()), context.degree())});
  }
  std::vector<std::pair<const Task*, std::size_t>> digits;
  for (const Task& task : tasks) {
    for (std::size_t j = 0; j < task.key->b.size(); ++j) digits.emplace_back(&task, j);
  }
  const auto make = [&](std::size_t i) { make_digit(secret, *digits[i].first, digits[i].second); };
  if (pool != nullptr) {
    pool->parallel_for(digits.size(), make);
  } else {
    for (std::size_t i = 0; i < digits.size(); ++i) make(i);
  }
  return keys;
}

}  // namespace obscura::ckks
