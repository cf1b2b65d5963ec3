#include "audit/randomness/excursions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "audit/randomness/special.h"

namespace obscura::randomness {
namespace {

constexpr int kNear = 4, kFar = 9;

/// What 2.14 and 2.15 count of a walk.
struct Walk {
  std::size_t cycles = 0;
  /// near[x + 4][k]: cycles with k visits of x, 5 standing for more as well.
  std::array<std::array<double, 6>, 2 * kNear + 1> near{};
  std::array<double, 2 * kFar + 1> visits{};  ///< of x + 9, in all
};

Walk walk_of(const BitSequence& bits) {
  Walk walk;
  std::array<std::uint32_t, 2 * kNear + 1> here{};
  const auto close = [&] {
    ++walk.cycles;
    for (std::size_t x = 0; x < here.size(); ++x) ++walk.near[x][std::min<std::uint32_t>(here[x], 5)];
    here.fill(0);
  };
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    sum += bits[i] ? 1 : -1;
    if (sum >= -kFar && sum <= kFar) ++walk.visits[static_cast<std::size_t>(sum + kFar)];
    if (sum >= -kNear && sum <= kNear) ++here[static_cast<std::size_t>(sum + kNear)];
    if (sum == 0) close();
  }
  if (sum != 0) close();  // a last one that does not return, 2.14.4 (3)
  return walk;
}

/// "-3", "+3".
std::string state_text(int x) {
  return fmt::format("{:+}", x);
}

/// Calls of(x) for x = -most..most without 0, or says why there is nothing to tell.
template <typename Of>
Outcomes of_states(const BitSequence& bits, const Walk& walk, int most, const Of& of) {
  std::string reason;
  const double least = std::max(500.0, 0.005 * std::sqrt(static_cast<double>(bits.size())));
  if (bits.size() < 1'000'000) {
    reason = "needs 1,000,000 bits";
  } else if (static_cast<double>(walk.cycles) < least) {
    reason = fmt::format("fewer than {:.0f} cycles", std::ceil(least));
  }
  Outcomes out;
  for (int x = -most; x <= most; ++x) {
    if (x == 0) continue;
    out.push_back(reason.empty() ? with_p(of(x), state_text(x)) : not_applicable(reason, state_text(x)));
  }
  return out;
}

/// The chances of 0, 1, ..., 4, and 5 or more visits of x in a cycle, 3.14.
std::array<double, 6> visit_chances(int x) {
  const double distance = std::abs(x), again = 1 - 1 / (2 * distance);
  std::array<double, 6> chances{again};
  for (std::size_t k = 1; k < 5; ++k) {
    chances[k] = std::pow(again, static_cast<double>(k) - 1) / (4 * distance * distance);
  }
  chances[5] = std::pow(again, 4) / (2 * distance);
  return chances;
}

/// 2.13.4, with its bounds of summation cut to whole numbers towards zero, as NIST's program has them.
double largest_sum_p(std::int64_t largest, std::int64_t n) {
  const double z = static_cast<double>(largest) / std::sqrt(static_cast<double>(n));
  // Beyond forty standard deviations there is nothing to add.
  const std::int64_t ratio = std::min(n / largest, static_cast<std::int64_t>(40 / z) + 8);
  double p = 1;
  for (std::int64_t k = (1 - ratio) / 4; k <= (ratio - 1) / 4; ++k) {
    const auto at = static_cast<double>(4 * k);
    p -= normal_cdf((at + 1) * z) - normal_cdf((at - 1) * z);
  }
  for (std::int64_t k = (-ratio - 3) / 4; k <= (ratio - 1) / 4; ++k) {
    const auto at = static_cast<double>(4 * k);
    p += normal_cdf((at + 3) * z) - normal_cdf((at + 1) * z);
  }
  return std::clamp(p, 0.0, 1.0);
}

}  // namespace

Outcomes cumulative_sums(const BitSequence& bits) {
  if (bits.size() < 100) {
    return {not_applicable("needs 100 bits", "forward"), not_applicable("needs 100 bits", "backward")};
  }
  std::int64_t sum = 0, highest = 0, lowest = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    sum += bits[i] ? 1 : -1;
    highest = std::max(highest, sum);
    lowest = std::min(lowest, sum);
  }
  // Backwards, the sums are the last one less each of these.
  const auto n = static_cast<std::int64_t>(bits.size());
  return {with_p(largest_sum_p(std::max(highest, -lowest), n), "forward"),
          with_p(largest_sum_p(std::max(sum - lowest, highest - sum), n), "backward")};
}

Outcomes random_excursions(const BitSequence& bits) {
  const Walk walk = walk_of(bits);
  return of_states(bits, walk, kNear, [&](int x) {
    return chi2_tail(
        5, chi2(walk.near[static_cast<std::size_t>(x + kNear)], visit_chances(x), static_cast<double>(walk.cycles)));
  });
}

Outcomes random_excursions_variant(const BitSequence& bits) {
  const Walk walk = walk_of(bits);
  const auto cycles = static_cast<double>(walk.cycles);
  return of_states(bits, walk, kFar, [&](int x) {
    const double off = std::abs(walk.visits[static_cast<std::size_t>(x + kFar)] - cycles);
    return std::erfc(off / std::sqrt(2 * cycles * (4 * std::abs(x) - 2)));
  });
}

}  // namespace obscura::randomness
