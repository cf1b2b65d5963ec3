#pragma once

#include <sodium.h>

#include <cstddef>
#include <cstdint>

#include "base/memory.h"
#include "ring/prime_ring.h"
#include "ring/random.h"

namespace obscura::ckks {

/// One secret seed from the operating system's generator: where the noise of one object comes from, never a public
/// seed. Wiped at the end.
class NoiseSeed {
 public:
  NoiseSeed() : seed_(ring::random_seed()) {}
  ~NoiseSeed() { sodium_memzero(seed_.data(), seed_.size()); }
  NoiseSeed(const NoiseSeed&) = delete;
  NoiseSeed& operator=(const NoiseSeed&) = delete;
  ring::RandomStream stream(std::uint64_t number) const { return {seed_, number}; }

 private:
  ring::Seed seed_;
};

/// Scratch memory that held a secret: wiped before it goes back.
class SecretScratch {
 public:
  SecretScratch(ScratchPool& pool, std::size_t words) : lease_(pool.take(words)), words_(words) {}
  ~SecretScratch() { sodium_memzero(lease_.data(), words_ * sizeof(std::uint64_t)); }
  SecretScratch(const SecretScratch&) = delete;
  SecretScratch& operator=(const SecretScratch&) = delete;
  std::uint64_t* words() { return lease_.data(); }
  double* doubles() { return reinterpret_cast<double*>(lease_.data()); }
  std::int8_t* small() { return reinterpret_cast<std::int8_t*>(lease_.data()); }

 private:
  ScratchPool::Lease lease_;
  std::size_t words_;
};

/// out = small in NTT form.
inline void small_to_ntt(const ring::PrimeRing& ring, const std::int8_t* small, std::uint64_t* out) {
  ring::to_residues(ring, small, out);
  ring.forward(out);
}

}  // namespace obscura::ckks
