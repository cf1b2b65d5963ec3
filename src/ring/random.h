#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ring/prime_ring.h"

namespace obscura::ring {

/// A 256-bit seed. Public seeds stand for the uniform half of keys and ciphertexts and may be sent; secret seeds feed
/// noise and secret keys and must never be derived from a public one.
using Seed = std::array<std::uint8_t, 32>;

/// From the operating system's generator (libsodium).
Seed random_seed();

/// The ChaCha20 stream (RFC 8439's block function with libsodium's 64-bit nonce and counter) of a seed and a stream
/// number, read from its start in pieces of any size. Not thread-safe; cheap to make. Wiped on destruction.
class RandomStream {
 public:
  RandomStream(const Seed& seed, std::uint64_t stream);
  ~RandomStream();
  RandomStream(const RandomStream&) = delete;
  RandomStream& operator=(const RandomStream&) = delete;

  void fill(std::span<std::uint8_t> out);
  std::uint64_t next_u64();

 private:
  static constexpr std::size_t kBlock = 64;
  Seed key_;
  std::uint64_t nonce_;
  std::uint64_t counter_ = 0;                // of the next 64-byte block
  std::array<std::uint8_t, kBlock> rest_{};  // a started block
  std::size_t left_ = 0;
};

/// N residues uniform in [0, q): from the stream, groups of ceil(bits(q) / 8) bytes little-endian, cut to bits(q)
/// bits, those >= q rejected. Part of the wire format: a seed expands to the same residues everywhere.
void sample_uniform(const PrimeRing& ring, const Seed& seed, std::uint64_t stream, std::uint64_t* out);

/// N secret coefficients, uniform in {-1, 0, 1}, branch-free apart from rejection of whole draws.
void sample_ternary(std::size_t degree, RandomStream& stream, std::int8_t* out);

/// N coefficients of the centred binomial distribution with parameter 21: variance 10.5, sigma 3.24, |e| <= 21.
/// Constant time (Alkim et al., NewHope 2016; SEAL uses the same).
void sample_error(std::size_t degree, RandomStream& stream, std::int8_t* out);

/// Small signed coefficients as residues of one prime, constant time.
void to_residues(const PrimeRing& ring, const std::int8_t* small, std::uint64_t* out);

}  // namespace obscura::ring
