#include "ring/sampling.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace obscura::ring {
namespace {

std::uint64_t load_le(const std::uint8_t* bytes, std::size_t width) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < width; ++i) word |= std::uint64_t{bytes[i]} << (8 * i);
  return word;
}

// A load of eight bytes, of which the mask keeps the first.
std::uint64_t load_masked(const std::uint8_t* bytes, std::uint64_t mask) {
  if constexpr (std::endian::native == std::endian::little) {
    std::uint64_t word;
    std::memcpy(&word, bytes, 8);
    return word & mask;
  }
  return load_le(bytes, 8) & mask;
}

std::size_t accept(const std::uint8_t* bytes, std::size_t draws, std::size_t width, std::uint64_t mask, std::uint64_t q,
                   std::uint64_t* out, std::size_t room) {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < draws && taken < room; ++i) {
    const std::uint64_t x = load_masked(bytes + width * i, mask);
    out[taken] = x;  // overwritten by the next if it is rejected
    taken += x < q ? 1 : 0;
  }
  return taken;
}

void binomial(const std::uint8_t* bytes, std::size_t n, std::int8_t* out) {
  constexpr std::uint64_t kHalf = (std::uint64_t{1} << 21) - 1;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t x = load_masked(bytes + 6 * i, ~std::uint64_t{0});
    out[i] = static_cast<std::int8_t>(std::popcount(x & kHalf) - std::popcount((x >> 21) & kHalf));
  }
}

void lift(const std::int8_t* small, std::size_t n, std::uint64_t q, std::uint64_t* out) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t x = small[i];
    out[i] = static_cast<std::uint64_t>(x) + (q & static_cast<std::uint64_t>(x >> 63));
  }
}

constexpr SamplingKernels kScalar{&accept, &binomial, &lift};

}  // namespace

const SamplingKernels& sampling_kernels([[maybe_unused]] Isa isa) {
  return kScalar;
}

}  // namespace obscura::ring
