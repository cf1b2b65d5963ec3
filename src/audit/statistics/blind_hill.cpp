#include "audit/statistics/blind_hill.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "audit/algebra/pixel_lattice.h"
#include "audit/statistics/hill_blocks.h"
#include "audit/statistics/smooth_pixels.h"
#include "audit/statistics/stationary.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

// Learning goes on while covariances change; every so often it is tried whether the map can be made exact.
constexpr int kRounds = 120, kAttemptEvery = 20;
constexpr double kSettled = 1e-7;
// Residual of the first match above which pictures have nothing in common: each has a key of its own, say.
constexpr double kHopeless = 0.3;
// Of photographs: the deviation of their pixels.
constexpr double kContrast = 60;
constexpr std::size_t kMostBlocks = 40'000;
// How much rougher joints of blocks may be than their inside.
constexpr double kRougher = 1.1;
// Pixels a side: the work grows with the sixth power of it and more.
constexpr std::size_t kLargestBlock = 4;

/// What is being found out about one channel.
struct Guess {
  OrthogonalMatch match;
  Matrix inverse;  ///< up to scale
};

class Channel {
 public:
  Channel(std::span<const shield::RealImage> pictures, std::size_t block, std::size_t channel, std::uint64_t seed)
      : pictures_(pictures, block, channel),
        block_(block),
        seed_(seed),
        moments_(pictures_.moments()),
        statistics_(pictures_.statistics()),
        whitening_(statistics_.covariance) {}

  /// From statistics that are about right.
  Guess start(const BlockStatistics& plain) const {
    return matched(plain, [&](const OrthogonalProblem& p) { return match_orthogonal(p, seed_); });
  }

  /// From nothing: the law of likeness that fits best is looked for, one number of it after the other.
  Guess start() const {
    Likeness best;
    Guess guess = start(Stationary(block_, best).statistics());
    if (guess.match.residual > kHopeless) return guess;
    for (double step = 1; step > 0.2; step /= 2) {
      for (int number = 0; number < 4; ++number) {
        for (const double way : {step, -step}) climb(best, guess, number, way);
      }
    }
    return guess;
  }

  /// One round: the covariances that the guess gives become what is looked for.
  Guess learned(const Guess& guess) const {
    return matched(Stationary(block_, recovered(guess.inverse)).statistics(),
                   [&](const OrthogonalProblem& p) { return refine_orthogonal(p, guess.match.rotation); });
  }

  /// The key's inverse itself, if the guess is near enough.
  std::optional<Matrix> exact(const Guess& guess) const {
    if (differences_.size() == 0) differences_ = pictures_.differences();
    const auto whole = whole_inverse(differences_, in_pixels(guess.inverse));
    if (!whole) return std::nullopt;
    Matrix inverse = smoothest(moments_, *whole);
    return is_proven(inverse) ? std::optional(std::move(inverse)) : std::nullopt;
  }

  /// Statistics of what `inverse` makes of the pictures.
  BlockStatistics recovered(const Matrix& inverse) const {
    BlockStatistics out = statistics_;
    out.covariance = inverse.transpose() * out.covariance * inverse;
    for (Matrix& m : out.lagged) m = inverse.transpose() * m * inverse;
    out.mean = inverse.transpose() * out.mean;
    out.means *= inverse;
    return out;
  }

  HillChannel result(const Guess& guess, const std::optional<Matrix>& exact) const {
    const Matrix inverse = exact ? *exact : in_pixels(guess.inverse);
    HillChannel out;
    out.residual = guess.match.residual;
    out.exact = exact.has_value();
    out.inverse = shield::RealMatrix(static_cast<std::size_t>(inverse.rows()));
    Eigen::Map<Rows>(out.inverse.values.data(), inverse.rows(), inverse.cols()) = inverse;
    const Vector mean = inverse.transpose() * statistics_.mean;
    out.plain_mean.assign(mean.begin(), mean.end());
    out.cipher_mean.assign(statistics_.mean.begin(), statistics_.mean.end());
    return out;
  }

 private:
  template <typename Match>
  Guess matched(BlockStatistics plain, Match match) const {
    const Whitening whitening(plain.covariance);
    // How bright pictures are is not known: as bright as the protected ones, which whitening does not change.
    plain.mean *= (statistics_.mean.transpose() * whitening_.forward).norm() /
                  (plain.mean.transpose() * whitening.forward).norm();
    Guess out{match(whitened_problem(plain, whitening, statistics_, whitening_)), {}};
    out.inverse = whitening_.forward * out.match.rotation.transpose() * whitening.back;
    return out;
  }

  void climb(Likeness& best, Guess& guess, int number, double way) const {
    constexpr int kMost = 8;
    for (int i = 0; i < kMost; ++i) {
      Likeness next = best;
      if (number == 0) next.power *= std::exp(0.3 * way);
      if (number == 1) next.length *= std::exp(0.7 * way);
      if (number == 2) next.norm = std::clamp(next.norm + 0.4 * way, 1.0, 2.0);
      if (number == 3) next.aspect *= std::exp(0.1 * way);
      Guess other = start(Stationary(block_, next).statistics());
      if (!(other.match.residual < guess.match.residual - 1e-6)) return;
      best = next;
      guess = std::move(other);
    }
  }

  /// Scaled so that pixels have the contrast of photographs.
  Matrix in_pixels(const Matrix& inverse) const {
    Matrix pixels = pictures_.blocks(kMostBlocks) * inverse;
    pixels.rowwise() -= pixels.colwise().mean().eval();
    return inverse * (kContrast / std::sqrt(pixels.squaredNorm() / static_cast<double>(pixels.size())));
  }

  /// Whether all pixels are in the range of bytes, and joints of blocks no rougher than their inside: neither is so if
  /// pixels have changed places or have others added to them.
  bool is_proven(const Matrix& inverse) const {
    const Matrix pixels = pictures_.blocks(kMostBlocks) * inverse;
    if (pixels.minCoeff() < -0.5 || pixels.maxCoeff() > 255.5) return false;
    const Roughness roughness = roughness_of(moments_, inverse);
    return roughness.joints > 0 && roughness.joints < kRougher * roughness.inside;
  }

  CipherBlocks pictures_;
  std::size_t block_;
  std::uint64_t seed_;
  PixelMoments moments_;
  BlockStatistics statistics_;
  Whitening whitening_;
  mutable Matrix differences_;  // made when first wanted
};

/// Learns until the key is found or nothing changes any more.
std::optional<Matrix> learn(const Channel& channel, Guess& guess) {
  if (guess.match.residual > kHopeless) return std::nullopt;
  for (int round = 1; round <= kRounds; ++round) {
    if (round % kAttemptEvery == 1) {
      if (auto exact = channel.exact(guess)) return exact;
    }
    Guess next = channel.learned(guess);
    const double change = (next.match.rotation - guess.match.rotation).squaredNorm();
    guess = std::move(next);
    if (change < kSettled) break;
  }
  return channel.exact(guess);
}

}  // namespace

HillGuess blind_hill(std::span<const shield::RealImage> ciphers, std::size_t block, std::uint64_t seed) {
  check_hill_pictures(ciphers, block);
  if (block > kLargestBlock) {
    throw UnsupportedError(
        fmt::format("hill's key is found blindly for blocks of up to {} pixels a side, not of {}: with "
                    "public images larger ones can be matched",
                    kLargestBlock, block));
  }
  const std::size_t count = ciphers[0].channels;
  HillGuess out{block, std::vector<HillChannel>(count)};
  std::optional<BlockStatistics> sibling;
  for (std::size_t c = 0; c < count && !sibling; ++c) {
    const Channel channel(ciphers, block, c, seed + c);
    Guess guess = channel.start();
    const auto exact = learn(channel, guess);
    out.channels[c] = channel.result(guess, exact);
    if (exact) sibling = channel.recovered(*exact);
  }
  // Channels of photographs are much alike: one that is known is as good as public images for the others.
  for (std::size_t c = 0; c < count && sibling; ++c) {
    if (out.channels[c].exact) continue;
    const Channel channel(ciphers, block, c, seed + c);
    Guess guess = channel.start(*sibling);
    const auto exact = channel.exact(guess);
    out.channels[c] = channel.result(guess, exact);
  }
  return out;
}

}  // namespace obscura::audit
