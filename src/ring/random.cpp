#include "ring/random.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "ring/chacha.h"
#include "ring/sampling.h"

namespace obscura::ring {
namespace {

constexpr std::size_t kReadable = 64;  // what the sampling kernels may read behind their input

void need_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) throw Error("libsodium cannot start: no source of randomness");
}

// Bytes that decide noise and secrets, wiped when the scope ends.
template <std::size_t size>
struct SecretBytes {
  std::array<std::uint8_t, size> bytes;
  ~SecretBytes() { sodium_memzero(bytes.data(), size); }
};

}  // namespace

Seed random_seed() {
  need_sodium();
  Seed seed;
  randombytes_buf(seed.data(), seed.size());
  return seed;
}

RandomStream::RandomStream(const Seed& seed, std::uint64_t stream) : key_(seed), nonce_(stream) {
  need_sodium();
}

RandomStream::~RandomStream() {
  sodium_memzero(key_.data(), key_.size());
  sodium_memzero(rest_.data(), rest_.size());
}

void RandomStream::fill(std::span<std::uint8_t> out) {
  const ChachaKernel keystream = chacha20_kernel(selected_isa());
  const auto take_rest = [&] {
    const std::size_t n = std::min(left_, out.size());
    if (n == 0) return;
    std::memcpy(out.data(), rest_.data() + (kBlock - left_), n);
    left_ -= n;
    out = out.subspan(n);
  };
  take_rest();
  if (const std::size_t blocks = out.size() / kBlock; blocks != 0) {
    keystream(key_, nonce_, counter_, out.data(), blocks);
    counter_ += blocks;
    out = out.subspan(blocks * kBlock);
  }
  if (!out.empty()) {
    keystream(key_, nonce_, counter_++, rest_.data(), 1);
    left_ = kBlock;
    take_rest();
  }
}

std::uint64_t RandomStream::next_u64() {
  std::array<std::uint8_t, 8> bytes;
  fill(bytes);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) word |= std::uint64_t{bytes[i]} << (8 * i);
  return word;
}

void sample_uniform(const PrimeRing& ring, const Seed& seed, std::uint64_t stream, std::uint64_t* out) {
  need_sodium();
  // 1024 draws are a whole number of ChaCha20 blocks for every width, and stay in the first cache.
  constexpr std::size_t kDraws = 1024;
  const std::size_t n = ring.degree(), width = static_cast<std::size_t>((ring.modulus().bits() + 7) / 8);
  const std::uint64_t q = ring.value(), mask = ~std::uint64_t{0} >> (64 - ring.modulus().bits());
  const ChachaKernel keystream = chacha20_kernel(selected_isa());
  const SamplingKernels& kernels = sampling_kernels(selected_isa());
  alignas(64) std::array<std::uint8_t, kDraws * 8 + kReadable> bytes;
  std::uint64_t counter = 0;
  for (std::size_t done = 0; done < n;) {
    const std::size_t draws = std::min(kDraws, (n - done + 63) / 64 * 64);  // 64 draws are `width` whole blocks
    keystream(seed, stream, counter, bytes.data(), draws * width / 64);
    done += kernels.accept(bytes.data(), draws, width, mask, q, out + done, n - done);
    counter += draws * width / 64;
  }
}

void sample_ternary(std::size_t degree, RandomStream& stream, std::int8_t* out) {
  // A byte below 3^5 = 243 holds five trits. Only what is still missing is drawn, so the stream goes on at one place
  // whatever the machine.
  constexpr std::size_t kChunk = 512;
  SecretBytes<kChunk> draw;
  for (std::size_t done = 0; done < degree;) {
    const std::size_t count = std::min(kChunk, (degree - done + 4) / 5);
    stream.fill({draw.bytes.data(), count});
    for (std::size_t i = 0; i < count; ++i) {
      std::uint32_t x = draw.bytes[i];
      if (x >= 243) continue;
      for (int t = 0; t < 5 && done < degree; ++t) {
        const std::uint32_t third = x * 171 >> 9;  // x / 3 for x < 256
        out[done++] = static_cast<std::int8_t>(static_cast<int>(x - 3 * third) - 1);
        x = third;
      }
    }
  }
}

void sample_error(std::size_t degree, RandomStream& stream, std::int8_t* out) {
  constexpr std::size_t kChunk = 1024;
  const SamplingKernels& kernels = sampling_kernels(selected_isa());
  SecretBytes<6 * kChunk + kReadable> draw;
  for (std::size_t done = 0; done < degree; done += kChunk) {
    const std::size_t count = std::min(kChunk, degree - done);
    stream.fill({draw.bytes.data(), 6 * count});
    kernels.binomial(draw.bytes.data(), count, out + done);
  }
}

void to_residues(const PrimeRing& ring, const std::int8_t* small, std::uint64_t* out) {
  sampling_kernels(selected_isa()).lift(small, ring.degree(), ring.value(), out);
}

}  // namespace obscura::ring
