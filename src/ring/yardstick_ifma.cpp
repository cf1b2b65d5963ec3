#include "ring/yardstick.h"

#include "ring/ifma.h"

namespace obscura::ring {

void yardstick(std::uint64_t* words) {
  using namespace ifma;
  constexpr int kPasses = 13;
  constexpr std::size_t kHalf = kYardstickWords / 2;
  constexpr Word kPrime = (Word{1} << 49) - 8191 * 2 + 1;
  const Vec q = splat(kPrime), twice = splat(2 * kPrime), mask = splat((Word{1} << 52) - 1);
  const Vec w = splat(123456789), quotient = splat(987654321);  // a factor, and what its Shoup quotient would be
  for (int pass = 0; pass < kPasses; ++pass) {
    for (std::size_t i = 0; i < kHalf; i += kLanes) {
      const Vec x = below(load(words + i), twice);
      const Vec y = load(words + kHalf + i);
      const Vec product = _mm512_and_si512(sub(mul_lo(w, y), mul_lo(mul_hi(quotient, y), q)), mask);
      store(words + i, add(x, product));
      store(words + kHalf + i, add(sub(x, product), twice));
    }
  }
}

}  // namespace obscura::ring
