#include "audit/pictures/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/randomness/special.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kBytes = 256;
constexpr std::size_t kLeastExpected = 2;

}  // namespace

ByteCounts count_bytes(const image::Image& image, std::size_t channel) {
  if (image.empty()) throw ParameterError("an empty picture has no histogram");
  if (channel >= image.channels) {
    throw ParameterError(fmt::format("channel {} of a picture that has {}", channel, image.channels));
  }
  ByteCounts counts;
  for (std::size_t i = channel; i < image.pixels.size(); i += image.channels) ++counts.of[image.pixels[i]];
  counts.total = image.height * image.width;
  return counts;
}

double entropy(const ByteCounts& counts) {
  const auto total = static_cast<double>(counts.total);
  double bits = 0;
  for (const std::size_t count : counts.of) {
    const double share = static_cast<double>(count) / total;
    if (count > 0) bits -= share * std::log2(share);
  }
  return std::max(bits, 0.0);
}

double largest_entropy(std::size_t samples) {
  return samples == 0 ? 0 : std::log2(static_cast<double>(std::min(samples, kBytes)));
}

double uniform_entropy(std::size_t samples) {
  if (samples == 0) return 0;
  const auto n = static_cast<double>(samples);
  const double odds = 1.0 / (kBytes - 1);
  // Terms far from the mean n / 256 are below any double.
  const double mean = n / kBytes, reach = 40 * std::sqrt(mean) + 400;
  double sum = 0, log_chance = n * std::log1p(-1.0 / kBytes);
  for (std::size_t k = 0; k <= samples && static_cast<double>(k) <= mean + reach; ++k) {
    const auto count = static_cast<double>(k);
    if (k > 1) sum += std::exp(log_chance) * count * std::log2(count);
    log_chance += std::log((n - count) / (count + 1) * odds);
  }
  return std::log2(n) - kBytes / n * sum;
}

Uniformity uniformity(const ByteCounts& counts) {
  Uniformity result;
  const double expected = static_cast<double>(counts.total) / kBytes;
  if (counts.total == 0) return result;
  for (const std::size_t count : counts.of) {
    const double off = static_cast<double>(count) - expected;
    result.chi2 += off * off / expected;
  }
  result.p = randomness::chi2_tail(kBytes - 1, result.chi2);
  result.enough = counts.total >= kLeastExpected * kBytes;
  return result;
}

}  // namespace obscura::audit
