#include "secret/secret_key.h"

#include <sodium.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "ckks/noise.h"

namespace obscura::ckks {
namespace {

/// BLAKE2b of the key's parameters, its coefficients and some further bytes, keyed with a word for the purpose.
void hash_key(std::string_view word, const Digest& parameters, std::span<const std::int8_t> coefficients,
              std::span<const std::uint8_t> more, std::span<std::uint8_t> out) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, reinterpret_cast<const unsigned char*>(word.data()), word.size(), out.size());
  crypto_generichash_update(&state, parameters.data(), parameters.size());
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(coefficients.data()), coefficients.size());
  crypto_generichash_update(&state, more.data(), more.size());
  crypto_generichash_final(&state, out.data(), out.size());
  sodium_memzero(&state, sizeof(state));
}

}  // namespace

SecretKey::SecretKey(ContextPtr context) : context_(std::move(context)) {
  ring::Seed seed = ring::random_seed();
  draw(seed);
  sodium_memzero(seed.data(), seed.size());
}

SecretKey::SecretKey(ContextPtr context, const ring::Seed& seed) : context_(std::move(context)) {
  draw(seed);
}

SecretKey::SecretKey(ContextPtr context, std::span<const std::int8_t> coefficients)
    : context_(std::move(context)), coefficients_(coefficients.begin(), coefficients.end()) {
  bool good = coefficients_.size() == context_->degree();
  for (const std::int8_t c : coefficients_) good = good & (c >= -1) & (c <= 1);
  if (!good) {
    throw FormatError("secret key is not " + std::to_string(context_->degree()) + " coefficients of -1, 0 and 1");
  }
  transform();
}

void SecretKey::draw(const ring::Seed& seed) {
  coefficients_.resize(context_->degree());
  ring::RandomStream stream(seed, 0);
  ring::sample_ternary(context_->degree(), stream, coefficients_.data());
  transform();
}

ring::Seed SecretKey::derived_seed(std::span<const std::uint8_t> purpose) const {
  ring::Seed seed;
  hash_key("obscura derived seed", context_->digest(), coefficients_, purpose, seed);
  return seed;
}

void SecretKey::transform() {
  hash_key("obscura secret key id", context_->digest(), coefficients_, {}, id_);
  const ring::RnsBasis basis = context_->all_primes();
  ntt_.resize(basis.rows() * context_->degree());
  for_rows(*context_, basis, [&](const ring::PrimeRing& ring, std::size_t row) {
    small_to_ntt(ring, coefficients_.data(), ntt_.data() + row * context_->degree());
  });
}

}  // namespace obscura::ckks
