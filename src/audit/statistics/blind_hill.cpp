#include "audit/statistics/blind_hill.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "audit/algebra/pixel_lattice.h"
#include "audit/statistics/hill_blocks.h"
#include "audit/statistics/pixel_grid.h"
#include "audit/statistics/place_statistics.h"
#include "audit/statistics/rival_pixels.h"
#include "audit/statistics/smooth_pixels.h"
#include "audit/statistics/stationary.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

// Learning goes on while covariances change; every so often it is tried whether the map can be made exact.
constexpr int kRounds = 120, kAttemptEvery = 20;
// The first attempts: that many rounds from each of some laws. A law or the covariances of a sibling most often will
// do.
constexpr int kFewRounds = 12, kSoon = 4;
const std::array<Likeness, 5> kLaws = {{{}, {0.8, 14, 1.4, 1.1}, {1.4, 6, 1.6, 1.2}, {1.1, 9, 2, 1}, {1.8, 3, 2, 1.2}}};
// Attempts to find the lattice of pixels before it is given up; it hardly depends on the map.
constexpr int kLatticeAttempts = 6;
constexpr double kSettled = 1e-7;
// Residual of the first match above which pictures have nothing in common: each has a key of its own, say.
constexpr double kHopeless = 0.3;
// Of photographs: the deviation of their pixels.
constexpr double kContrast = 60;
constexpr std::size_t kMostBlocks = 40'000;
// How much rougher joints of blocks may be than their inside, by chance of the pictures: blocks that are mirrored or
// turned have joints of several times that.
constexpr double kRougher = 1.3;
// By how many standard deviations the nearest rivals have to be rougher, how many of those are looked at, and on how
// many blocks. Pictures that were enlarged have next to no detail of one pixel, and what was interpolated stands in the
// same way to all blocks: of 317 channels of such pictures 62 were wrong that looked right otherwise, by 5.6 at most.
constexpr double kSureLead = 2.5, kDetail = 0.22, kSureLeadWithoutDetail = 7;
constexpr std::size_t kRivals = 60, kRivalBlocks = 10'000;
// Of samples of single precision: the deviation of their rounding, as a share of the sample.
constexpr double kRounding = 0x1p-24;
// What scaling to [-1, 1] takes from pixels, in pixels.
constexpr double kShift = 127.5;
// Pixels a side. The work grows fastest in `smoothest`: 0.09 s of a core for blocks of 4 and 1.3 s for blocks of 5 were
// measured, which is the twelfth power of the side.
constexpr std::size_t kLargestBlock = 4;
constexpr double kTellingPixels = 0.09, kTellingPower = 12;

/// Pixels of a block in the orders that turning and mirroring it make of them, as they are first.
std::vector<std::vector<Eigen::Index>> block_symmetries(std::size_t block) {
  std::vector<std::vector<Eigen::Index>> out;
  for (const auto& places : grid_symmetries(block, block)) out.emplace_back(places.begin(), places.end());
  return out;
}

/// What is being found out about one channel.
struct Guess {
  OrthogonalMatch match;
  Matrix inverse;  ///< up to scale
};

/// The lattice that pixels are whole numbers in, as far as it is known.
struct WholePixels {
  bool shifted = false;  ///< that of differences: zero is no point of it
  Matrix differences;    ///< made when first wanted
  std::optional<Matrix> coordinates;
  PixelMoments moments;  ///< in whole coordinates
  int attempts = 0;
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
    for (const double step : {1.0, 0.5, 0.25}) {
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
  std::optional<Matrix> exact(const Guess& guess) {
    if (auto found = exact(guess, from_zero_)) return found;
    return exact(guess, shifted_);
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

  HillChannel result(const Guess& guess, bool exact) const {
    const Matrix inverse = likely_ ? *likely_ : in_pixels(guess.inverse);
    HillChannel out;
    out.residual = guess.match.residual;
    out.exact = exact;
    out.shifted = likely_ && is_shifted_;
    out.evidence = evidence(inverse, out.shifted ? kShift : 0);
    if (likely_) out.evidence.lead = likely_lead_;
    out.inverse = shield::RealMatrix(static_cast<std::size_t>(inverse.rows()));
    Eigen::Map<Rows>(out.inverse.values.data(), inverse.rows(), inverse.cols()) = inverse;
    const Vector mean = (inverse.transpose() * statistics_.mean).array() + (out.shifted ? kShift : 0);
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

  std::optional<Matrix> exact(const Guess& guess, WholePixels& whole) {
    find_lattice(guess, whole);
    if (!whole.coordinates) return std::nullopt;
    // Blocks that are turned or mirrored differ from right ones in little but their joints.
    const Matrix rough = whole.coordinates->inverse() * guess.inverse;
    std::optional<Matrix> best;
    double least = 0;
    for (const auto& order : block_symmetries(block_)) {
      const auto pixels = pixels_of(whole.moments, rough(Eigen::all, order));
      if (!pixels) continue;
      const Roughness roughness = roughness_of(whole.moments, *pixels);
      if (best && roughness.inside + roughness.joints >= least) continue;
      best = pixels;
      least = roughness.inside + roughness.joints;
    }
    if (!best) return std::nullopt;
    Matrix inverse = smoothest_of_rivals(moments_, smoothest(moments_, *whole.coordinates * *best));
    if (brightness(inverse, whole.shifted) < 0) inverse = -inverse;
    if (!is_plausible(inverse, whole.shifted)) return std::nullopt;
    const double over_rivals = lead(inverse);
    const bool proven = over_rivals > needed_lead(inverse);
    if (proven || !likely_ || over_rivals > likely_lead_) {
      likely_ = inverse;
      likely_lead_ = over_rivals;
      is_shifted_ = whole.shifted;
    }
    return proven ? likely_ : std::nullopt;
  }

  /// Negative where pictures come out negative. Of pixels from 0 on the mean says so; of others whether light comes
  /// from above, as it does in most photographs.
  double brightness(const Matrix& inverse, bool shifted) const {
    const Vector sums = inverse.rowwise().sum();
    if (!shifted) return statistics_.mean.dot(sums);
    const Vector places = statistics_.means * sums;
    return places.head(places.size() / 2).sum() - places.tail(places.size() / 2).sum();
  }

  /// Looks for the lattice in which pixels are whole numbers, with the guess for lengths that are about right.
  void find_lattice(const Guess& guess, WholePixels& whole) {
    if (whole.coordinates || whole.attempts == kLatticeAttempts) return;
    ++whole.attempts;
    if (whole.differences.size() == 0) whole.differences = pictures_.differences(!whole.shifted);
    const Matrix rough = in_pixels(guess.inverse);
    whole.coordinates = whole_coordinates(whole.differences, rough, 3 * rounding(rough));
    if (!whole.coordinates) return;
    whole.moments = moments_;
    for (PairMoments& m : whole.moments) {
      for (Matrix* part : {&m.first, &m.second, &m.both}) {
        *part = whole.coordinates->transpose() * *part * *whole.coordinates;
      }
    }
  }

  /// Of pixels, because protected samples were rounded to single precision.
  double rounding(const Matrix& inverse) const {
    const Vector squares = moments_[0].first.diagonal() * (kRounding * kRounding);
    return std::sqrt((squares.transpose() * inverse.cwiseAbs2()).mean());
  }

  HillEvidence evidence(const Matrix& inverse, double shift) const {
    const Matrix pixels = (pictures_.blocks(kMostBlocks) * inverse).array() + shift;
    const Roughness roughness = roughness_of(moments_, inverse);
    return {residue_of(pixels), pixels.minCoeff(), pixels.maxCoeff(),
            roughness.inside > 0 ? roughness.joints / roughness.inside : 0, 0};
  }

  /// Over the nearest rivals: of whole pixels, and of the same in blocks that are turned or mirrored.
  double lead(const Matrix& inverse) const {
    const Matrix pixels = pictures_.blocks(kRivalBlocks) * inverse;
    double least = HUGE_VAL;
    for (const Rival& rival : rivals_of(moments_, inverse, kRivals)) {
      least = std::min(least, lead_over(rival.change, pixels, pictures_.grid()));
    }
    const Matrix same = Matrix::Identity(inverse.rows(), inverse.cols());
    for (const auto& order : block_symmetries(block_)) {
      if (std::is_sorted(order.begin(), order.end())) continue;
      least = std::min(least, lead_over(same(Eigen::all, order), pixels, pictures_.grid()));
    }
    return least;
  }

  double needed_lead(const Matrix& inverse) const {
    return least_detail(moments_, inverse) < kDetail ? kSureLeadWithoutDetail : kSureLead;
  }

  /// Whether pixels are whole numbers in the range of bytes, and joints of blocks no rougher than their inside: none is
  /// so if pixels have changed places or have others added to them.
  bool is_plausible(const Matrix& inverse, bool shifted) const {
    const HillEvidence e = evidence(inverse, shifted ? kShift : 0);
    return e.residue < std::min(0.2, 0.01 + 3 * rounding(inverse)) && e.lowest > -0.5 && e.highest < 255.5 &&
           e.joints > 0 && e.joints < kRougher;
  }

  CipherBlocks pictures_;
  std::size_t block_;
  std::uint64_t seed_;
  PixelMoments moments_;
  BlockStatistics statistics_;
  Whitening whitening_;
  WholePixels from_zero_;
  WholePixels shifted_{true, {}, {}, {}, 0};
  // Whole numbers that look right, of all that were found those that lead their rivals by most: a guess, or proven.
  std::optional<Matrix> likely_;
  double likely_lead_ = 0;
  bool is_shifted_ = false;
};

/// What was found of a channel so far.
struct Found {
  Guess guess;
  std::optional<Matrix> exact;
};

/// Learns until the key is found or nothing changes any more.
Found learn(Channel& channel, Guess guess, int rounds, int attempt_every) {
  for (int round = 0; round < rounds; ++round) {
    if (round % attempt_every == 0) {
      if (auto exact = channel.exact(guess)) return {std::move(guess), std::move(exact)};
    }
    Guess next = channel.learned(guess);
    const double change = (next.match.rotation - guess.match.rotation).squaredNorm();
    guess = std::move(next);
    if (change < kSettled) break;
  }
  auto exact = channel.exact(guess);
  return {std::move(guess), std::move(exact)};
}

/// A few rounds from each of some laws.
Found soon(Channel& channel, std::size_t block) {
  Guess best;
  const auto keep = [&best](Guess& guess) {
    if (best.inverse.size() == 0 || guess.match.residual < best.match.residual) best = std::move(guess);
  };
  for (const Likeness& law : kLaws) {
    Guess guess = channel.start(Stationary(block, law).statistics());
    if (guess.match.residual > kHopeless) {
      keep(guess);
      continue;
    }
    Found found = learn(channel, std::move(guess), kFewRounds, kSoon);
    if (found.exact) return found;
    keep(found.guess);
  }
  return {std::move(best), std::nullopt};
}

/// From nothing: the law of likeness is looked for first, which takes long.
Found at_length(Channel& channel) {
  Guess guess = channel.start();
  if (guess.match.residual > kHopeless) return {std::move(guess), std::nullopt};
  return learn(channel, std::move(guess), kRounds, kAttemptEvery);
}

}  // namespace

HillGuess blind_hill(std::span<const shield::RealImage> ciphers, std::size_t block, std::uint64_t seed) {
  check_hill_pictures(ciphers, block);
  if (block > kLargestBlock) {
    const double seconds = kTellingPixels * std::pow(static_cast<double>(block) / kLargestBlock, kTellingPower);
    throw UnsupportedError(fmt::format(
        "hill's key is found blindly for blocks of up to {} pixels a side, not of {}: telling their pixels apart would "
        "take about {:.0f} minutes a try, and a dozen tries a channel; with public images larger ones can be matched",
        kLargestBlock, block, std::ceil(seconds / 60)));
  }
  std::vector<Channel> channels;
  std::vector<Found> found;
  std::optional<BlockStatistics> sibling;
  // Channels of photographs are much alike: one that is known is as good as public images for the others.
  const auto remember = [&](std::size_t c) {
    if (found[c].exact && !sibling) sibling = channels[c].recovered(*found[c].exact);
  };
  for (std::size_t c = 0; c < ciphers[0].channels; ++c) {
    channels.emplace_back(ciphers, block, c, seed + c);
    found.push_back(sibling ? learn(channels[c], channels[c].start(*sibling), 1, 1) : soon(channels[c], block));
    remember(c);
  }
  for (std::size_t c = 0; c < channels.size(); ++c) {
    if (found[c].exact) continue;
    if (sibling) {
      found[c] = learn(channels[c], channels[c].start(*sibling), kFewRounds, kSoon);
      if (!found[c].exact) found[c] = soon(channels[c], block);
    } else {
      found[c] = at_length(channels[c]);
    }
    remember(c);
  }
  HillGuess out{block, {}};
  for (std::size_t c = 0; c < channels.size(); ++c) {
    out.channels.push_back(channels[c].result(found[c].guess, found[c].exact.has_value()));
  }
  return out;
}

}  // namespace obscura::audit
