#include "audit/randomness/universal.h"

#include <cmath>
#include <cstdint>
#include <vector>

namespace obscura::randomness {
namespace {

constexpr int kShortest = 6, kLongest = 16;
/// Of L = 6 to 16: Menezes, van Oorschot, Vanstone, Handbook of Applied Cryptography, table 5.3, as in 2.9.4.
constexpr double kExpected[] = {5.2177052, 6.1962507, 7.1836656, 8.1764248, 9.1723243, 10.170032,
                                11.168765, 12.168070, 13.167693, 14.167488, 15.167379};
constexpr double kVariance[] = {2.954, 3.125, 3.238, 3.311, 3.356, 3.384, 3.401, 3.410, 3.416, 3.419, 3.421};

/// The longest block for which there are 1,000 2^L blocks behind the first 10 2^L (2.9.7).
int block_length(std::size_t bits) {
  int length = 0;
  for (int l = kShortest; l <= kLongest; ++l) {
    if (bits >= (std::size_t{1010} << l) * static_cast<std::size_t>(l)) length = l;
  }
  return length;
}

}  // namespace

Outcome universal(const BitSequence& bits) {
  const int length = block_length(bits.size());
  if (length == 0) return not_applicable("needs 387,840 bits");
  const auto step = static_cast<std::size_t>(length);
  const std::size_t first = std::size_t{10} << length, blocks = bits.size() / step;
  std::vector<std::size_t> last(std::size_t{1} << length);  // where each pattern was, counted from 1
  double sum = 0;
  for (std::size_t i = 1; i <= blocks; ++i) {
    std::size_t& seen = last[bits.word_at((i - 1) * step) >> (64 - length)];
    if (i > first) sum += std::log2(static_cast<double>(i - seen));
    seen = i;
  }
  const auto tested = static_cast<double>(blocks - first);
  const double l = length, index = length - kShortest;
  const double c = 0.7 - 0.8 / l + (4 + 32 / l) * std::pow(tested, -3 / l) / 15;
  const double sigma = c * std::sqrt(kVariance[static_cast<int>(index)] / tested);
  return with_p(std::erfc(std::abs(sum / tested - kExpected[static_cast<int>(index)]) / (std::sqrt(2.0) * sigma)));
}

}  // namespace obscura::randomness
