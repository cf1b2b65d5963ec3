#include "audit/security/toy.h"

#include <algorithm>
#include <cmath>

#include "ring/primes.h"

namespace obscura::security {
namespace {

constexpr std::int64_t kMostError = 21;           // of the sampler
constexpr std::int64_t kScale = 1LL << 40;        // of a message
constexpr std::int64_t kMostMessage = 1LL << 56;  // scaled, with its noise

enum Stream : std::uint64_t { kSecretStream = 1, kErrorStream = 2, kUniformStream = 16 };

ToyRing::Residues lifted_message(const ToyRing& ring, const ToyMessage& message) {
  ToyRing::Residues plain{};
  for (std::size_t i = 0; i < ToyRing::kPrimes; ++i) {
    for (std::size_t k = 0; k < ToyRing::kDegree; ++k) {
      plain[i][k] = ring.primes()[i].modulus().reduce_signed(message[k] * kScale);
    }
  }
  return plain;
}

ToyRing::Small negated(const ToyRing::Small& small) {
  ToyRing::Small minus{};
  std::transform(small.begin(), small.end(), minus.begin(), [](std::int8_t x) { return static_cast<std::int8_t>(-x); });
  return minus;
}

}  // namespace

ToyRing::ToyRing() {
  const auto primes = ring::ntt_primes(kPrimeBits, kDegree, kPrimes);
  for (const std::uint64_t q : primes) primes_.emplace_back(kDegree, q, ring::Isa::scalar);
  for (std::size_t i = 0; i < kPrimes; ++i) {
    const ring::Modulus& modulus = primes_[i].modulus();
    std::uint64_t others = 1;
    for (std::size_t j = 0; j < kPrimes; ++j) {
      if (j != i) others = modulus.mul(others, modulus.reduce(primes[j]));
    }
    inverse_.push_back(modulus.inverse(others));
  }
}

double ToyRing::log_q() const {
  double bits = 0;
  for (const auto& prime : primes_) bits += std::log2(static_cast<double>(prime.modulus().value()));
  return bits;
}

ToyRing::Residues ToyRing::uniform(const ring::Seed& seed, std::uint64_t stream) const {
  Residues r{};
  for (std::size_t i = 0; i < kPrimes; ++i) ring::sample_uniform(primes_[i], seed, stream + i, r[i].data());
  return r;
}

ToyRing::Residues ToyRing::lift(const Small& small) const {
  Residues r{};
  for (std::size_t i = 0; i < kPrimes; ++i) ring::to_residues(primes_[i], small.data(), r[i].data());
  return r;
}

ToyRing::Residues ToyRing::add(const Residues& a, const Residues& b) const {
  Residues r{};
  for (std::size_t i = 0; i < kPrimes; ++i) primes_[i].add(r[i].data(), a[i].data(), b[i].data());
  return r;
}

ToyRing::Residues ToyRing::multiply(const Residues& a, const Residues& b) const {
  Residues r{};
  for (std::size_t i = 0; i < kPrimes; ++i) {
    const ring::Modulus& q = primes_[i].modulus();
    for (std::size_t j = 0; j < kDegree; ++j) {
      for (std::size_t k = 0; k < kDegree; ++k) {
        const std::uint64_t product = q.mul(a[i][j], b[i][k]);
        std::uint64_t& to = r[i][(j + k) % kDegree];
        to = j + k < kDegree ? q.add(to, product) : q.sub(to, product);  // X^8 = -1
      }
    }
  }
  return r;
}

long double ToyRing::share_of_q(const Residues& a, std::size_t k) const {
  long double share = 0;
  for (std::size_t i = 0; i < kPrimes; ++i) {
    const ring::Modulus& q = primes_[i].modulus();
    share += static_cast<long double>(q.mul(a[i][k], inverse_[i])) / static_cast<long double>(q.value());
  }
  return share - std::floor(share);
}

std::optional<std::int64_t> ToyRing::small(const Residues& a, std::size_t k, std::int64_t most) const {
  const auto centred = [&](std::size_t i) {
    const auto q = static_cast<std::int64_t>(primes_[i].modulus().value());
    const auto x = static_cast<std::int64_t>(a[i][k]);
    return x > q / 2 ? x - q : x;
  };
  const std::int64_t first = centred(0);
  if (std::abs(first) > most) return std::nullopt;
  for (std::size_t i = 1; i < kPrimes; ++i) {
    if (centred(i) != first) return std::nullopt;
  }
  return first;
}

ToyKeys toy_keys(const ToyRing& ring, const ring::Seed& seed) {
  ToyKeys keys{};
  ring::RandomStream secret(seed, kSecretStream), error(seed, kErrorStream);
  ring::sample_ternary(ToyRing::kDegree, secret, keys.secret.data());
  ToyRing::Small e{};
  ring::sample_error(ToyRing::kDegree, error, e.data());
  keys.open.a = ring.uniform(seed, kUniformStream);
  keys.open.b = ring.add(ring.lift(e), ring.multiply(keys.open.a, ring.lift(negated(keys.secret))));
  return keys;
}

ToyCiphertext toy_encrypt(const ToyRing& ring, const ToyPublicKey& key, const ToyMessage& message,
                          const ring::Seed& seed) {
  ring::RandomStream random(seed, kErrorStream);
  ToyRing::Small u{}, e0{}, e1{};
  ring::sample_ternary(ToyRing::kDegree, random, u.data());
  ring::sample_error(ToyRing::kDegree, random, e0.data());
  ring::sample_error(ToyRing::kDegree, random, e1.data());
  const auto plain = lifted_message(ring, message);
  const auto mask = ring.lift(u);
  return {ring.add(ring.add(ring.multiply(key.b, mask), ring.lift(e0)), plain),
          ring.add(ring.multiply(key.a, mask), ring.lift(e1))};
}

ToyCiphertext toy_encrypt_by_owner(const ToyRing& ring, const ToyRing::Small& secret, const ToyMessage& message,
                                   const ring::Seed& seed) {
  ring::RandomStream random(seed, kErrorStream);
  ToyRing::Small e{};
  ring::sample_error(ToyRing::kDegree, random, e.data());
  ToyCiphertext ciphertext{{}, ring.uniform(seed, kUniformStream)};
  const auto masked = ring.multiply(ciphertext.c1, ring.lift(negated(secret)));
  ciphertext.c0 = ring.add(ring.add(masked, ring.lift(e)), lifted_message(ring, message));
  return ciphertext;
}

ToyMessage toy_decrypt(const ToyRing& ring, const ToyRing::Small& secret, const ToyCiphertext& ciphertext) {
  const auto plain = ring.add(ciphertext.c0, ring.multiply(ciphertext.c1, ring.lift(secret)));
  ToyMessage message{};
  for (std::size_t k = 0; k < message.size(); ++k) {
    const auto scaled = ring.small(plain, k, kMostMessage);
    if (scaled) message[k] = static_cast<int>(std::lround(static_cast<double>(*scaled) / static_cast<double>(kScale)));
  }
  return message;
}

bool explains(const ToyRing& ring, const ToyPublicKey& key, const ToyRing::Small& secret) {
  const auto error = ring.add(key.b, ring.multiply(key.a, ring.lift(secret)));
  for (std::size_t k = 0; k < ToyRing::kDegree; ++k) {
    if (!ring.small(error, k, kMostError)) return false;
  }
  return true;
}

}  // namespace obscura::security
