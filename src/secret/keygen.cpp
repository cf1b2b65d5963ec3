#include <algorithm>
#include <bit>
#include <functional>

#include "base/error.h"
#include "base/share.h"
#include "ckks/noise.h"
#include "ckks/wire_key_file.h"
#include "ckks/wire_pack.h"
#include "ring/automorphism.h"
#include "secret/secret_key.h"
#include "secret/wire.h"

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
  std::size_t limbs = 0;
  ring::Seed seed{};
  const NoiseSeed* noise = nullptr;
  std::vector<std::uint32_t> to;
};

/// Gets N words of b_digit at a row; they are scratch memory.
using RowSink = std::function<void(std::size_t digit, std::size_t row, const std::uint64_t* words)>;

/// b_j = -a_j s_to + e_j + P W_j s_from, see ckks/keys.h. Prime after prime: all digits share what the secret becomes.
void make_key(const SecretKey& secret, const Task& task, const RowSink& sink) {
  const Context& context = *secret.context();
  const ring::RnsBasis basis = context.extended(task.limbs);
  const std::size_t n = context.degree(), digits = context.digits(task.limbs);
  SecretScratch errors(context.scratch(), digits * n / 8), scratch(context.scratch(), 3 * n);
  std::uint64_t *const a = scratch.words(), *const s = a + n, *const b = s + n;
  for (std::size_t j = 0; j < digits; ++j) {
    ring::RandomStream stream = task.noise->stream(j);
    ring::sample_error(n, stream, errors.small() + j * n);
  }
  for_rows(context, basis, [&](const ring::PrimeRing& ring, std::size_t r) {
    const ring::RnsPrime prime = basis.prime(r);
    const std::uint64_t* const own = secret.limb(prime);
    const std::uint64_t* to = own;
    if (!task.to.empty()) {
      ring.permute(s, own, task.to.data());
      to = s;
    }
    for (std::size_t j = 0; j < digits; ++j) {
      encrypt_zero(ring, task.seed, key_stream(j, prime), to, errors.small() + j * n, a, b);
      if (!prime.special && r / context.parameters().digit_size == j) {
        ring.mul_scalar(a, own, context.key_factor(r));
        if (task.to.empty()) {
          ring.mul_add(b, a, own);
        } else {
          ring.add(b, b, a);
        }
      }
      sink(j, r, b);
    }
  });
}

/// Draws the key's own public seed.
Task task_of(const Context& context, const KeyName& name, const NoiseSeed& noise) {
  const std::size_t n = context.degree();
  Task task{name.limbs, ring::random_seed(), &noise, {}};
  if (name.element != 0) task.to = ring::ntt_automorphism(ring::inverse_element(name.element, n), n);
  return task;
}

SeededKeySwitchKey seeded_key(const SecretKey& secret, const KeyName& name) {
  const Context& context = *secret.context();
  const std::size_t n = context.degree(), rows = context.extended(name.limbs).rows();
  const NoiseSeed noise;
  const Task task = task_of(context, name, noise);
  SeededKeySwitchKey key{task.seed, name.limbs, {}};
  for (std::size_t j = 0; j < context.digits(name.limbs); ++j) key.b.emplace_back(n, rows);
  make_key(secret, task,
           [&](std::size_t j, std::size_t r, const std::uint64_t* words) { std::copy_n(words, n, key.b[j].limb(r)); });
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
  const auto names = names_of(request);
  for (const KeyName& name : names) KeyLayout(context.parameters(), name.limbs);  // that there are such limbs
  std::vector<SeededKeySwitchKey> made(names.size());
  share(pool, names.size(), [&](std::size_t i) { made[i] = seeded_key(secret, names[i]); });
  SeededEvaluationKeys keys;
  keys.context = context.digest();
  keys.key = secret.id();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].element == 0) {
      keys.relin = std::move(made[i]);
    } else {
      keys.galois.emplace(names[i].element, std::move(made[i]));
    }
  }
  return keys;
}

void write_evaluation_keys(const SecretKey& secret, const KeyRequest& request, const ByteSink& sink, ThreadPool* pool) {
  const Context& context = *secret.context();
  const auto make = [&](const KeyName& name, const KeyLayout& layout, std::span<std::uint8_t> bytes) {
    const NoiseSeed noise;
    const Task task = task_of(context, name, noise);
    bytes[0] = static_cast<std::uint8_t>(name.limbs);
    bytes[1] = static_cast<std::uint8_t>(name.limbs >> 8);
    std::ranges::copy(task.seed, bytes.begin() + 2);
    make_key(secret, task, [&](std::size_t j, std::size_t r, const std::uint64_t* words) {
      const std::uint64_t prime = layout.primes[r];
      if (!pack_words(words, context.degree(), std::bit_width(prime), prime, bytes.data() + layout.row(j, r))) {
        throw FormatError("evaluation keys hold a residue that is not below its prime");
      }
    });
  };
  write_made_keys(context, secret.id(), request, make, sink, pool);
}

}  // namespace obscura::ckks
