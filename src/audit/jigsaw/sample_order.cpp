#include "audit/jigsaw/sample_order.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "audit/algebra/graph_matching.h"
#include "audit/algebra/soft_matching.h"
#include "base/error.h"
#include "base/progress.h"
#include "image/random.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kMostBlocks = 20'000;
// Grey levels of contrast below which blocks say little: noise and rounding.
constexpr float kFlat = 3;
// Likenesses nearer to 1 are no better known.
constexpr float kMostAlike = 0.9995F;
constexpr int kMostRounds = 20;

Eigen::Index index(std::size_t v) {
  return static_cast<Eigen::Index>(v);
}

/// How alike two samples of a photograph are: exp(-(distance / length)^power), and `colours` of that for red and green
/// and for green and blue, which are nearer to each other than red and blue.
struct Law {
  double length = 9, power = 1.1, colours = 0.9;
};
constexpr std::array<Law, 2> kLaws = {{{9, 0.8, 0.75}, {9, 1.1, 0.8}}};
constexpr std::size_t kFewStarts = 6, kMostStarts = 24;
constexpr Eigen::Index kLarge = 100;  ///< samples, from which on starts take seconds
constexpr double kSame = 1e-6;

/// Of a sample by its number.
struct Site {
  std::ptrdiff_t channel, y, x;
};

Site site_of(std::size_t sample, std::size_t block) {
  const std::size_t area = block * block;
  return {static_cast<std::ptrdiff_t>(sample / area), static_cast<std::ptrdiff_t>(sample % area / block),
          static_cast<std::ptrdiff_t>(sample % block)};
}

/// A row a block, around zero.
MatrixF samples_of(std::span<const image::Image> pictures, std::size_t block) {
  const std::size_t channels = pictures[0].channels, area = block * block;
  const shield::Grid grid(pictures[0].height, pictures[0].width, block);
  const std::size_t all = pictures.size() * grid.count(), count = std::min(all, kMostBlocks);
  MatrixF out(count, channels * area);
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t chosen = n * all / count, b = chosen % grid.count();
    const image::Image& picture = pictures[chosen / grid.count()];
    for (std::size_t i = 0; i < channels * area; ++i) {
      const std::size_t y = grid.top(b) + i % area / block, x = grid.left(b) + i % block;
      out(index(n), index(i)) = static_cast<float>(picture.at(y, x, i / area)) - 127.5F;
    }
  }
  return out;
}

MatrixF correlations(MatrixF samples) {
  samples.rowwise() -= samples.colwise().mean().eval();
  const VectorF scale = samples.colwise().norm().cwiseMax(1e-3F).cwiseInverse();
  return scale.asDiagonal() * (samples.transpose() * samples) * scale.asDiagonal();
}

/// All samples of a block rise and fall with its brightness: those against the others are negative.
VectorF signs_of(const MatrixF& samples) {
  const Eigen::SelfAdjointEigenSolver<MatrixF> solver(correlations(samples));
  return solver.eigenvectors().rightCols(1).unaryExpr([](float v) { return v < 0 ? -1.0F : 1.0F; });
}

/// Fisher's z, whose error is the same for every likeness.
MatrixF scores_of(const MatrixF& likeness) {
  MatrixF out = likeness.unaryExpr([](float r) { return std::atanh(std::clamp(r, -kMostAlike, kMostAlike)); });
  out.diagonal().setZero();
  return out;
}

/// Of samples that are all positive, with the brightness and contrast of blocks taken away.
MatrixF seen_scores(MatrixF samples) {
  samples.colwise() -= samples.rowwise().mean().eval();
  const VectorF contrast =
      (samples.rowwise().squaredNorm() / static_cast<float>(samples.cols())).cwiseSqrt().array() + kFlat;
  samples = contrast.cwiseInverse().asDiagonal() * samples;
  return scores_of(correlations(std::move(samples)));
}

MatrixF law_scores(const Law& law, std::size_t channels, std::size_t block) {
  const std::size_t size = channels * block * block;
  MatrixF likeness(size, size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      const Site a = site_of(i, block), b = site_of(j, block);
      const double far = std::hypot(static_cast<double>(a.y - b.y), static_cast<double>(a.x - b.x));
      likeness(index(i), index(j)) = static_cast<float>(std::pow(law.colours, std::abs(a.channel - b.channel)) *
                                                        std::exp(-std::pow(far / law.length, law.power)));
    }
  }
  // Less the mean of the block, as seen_scores has it.
  likeness.rowwise() -= likeness.colwise().mean().eval();
  likeness.colwise() -= likeness.rowwise().mean().eval();
  const VectorF scale = likeness.diagonal().cwiseSqrt().cwiseInverse();
  return scores_of(scale.asDiagonal() * likeness * scale.asDiagonal());
}

/// What samples in these places have in common: the mean over all pairs of an offset and two colours.
MatrixF stationary_scores(const MatrixF& seen, const Places& places, std::size_t channels, std::size_t block) {
  const auto k = static_cast<std::ptrdiff_t>(block), c = static_cast<std::ptrdiff_t>(channels);
  const std::size_t size = places.size();
  const auto kind_of = [&](std::size_t i, std::size_t j) {
    Site a = site_of(i, block), b = site_of(j, block);
    if (a.channel > b.channel) std::swap(a, b);
    std::ptrdiff_t down = b.y - a.y, right = b.x - a.x;
    // The likeness of two is that of the two the other way round.
    if (a.channel == b.channel && (down < 0 || (down == 0 && right < 0))) down = -down, right = -right;
    return static_cast<std::size_t>((((a.channel * c + b.channel) * 2 * k + down + k) * 2 * k) + right + k);
  };
  std::vector<float> sum(channels * channels * 4 * block * block), pairs(sum.size());
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      sum[kind_of(i, j)] += seen(index(places[i]), index(places[j]));
      pairs[kind_of(i, j)] += 1;
    }
  }
  MatrixF out = MatrixF::Zero(index(size), index(size));
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const std::size_t kind = kind_of(i, j);
      out(index(i), index(j)) = out(index(j), index(i)) = sum[kind] / pairs[kind];
    }
  }
  return out;
}

struct Found {
  Places places;
  double residual = 1;
};

/// Puts samples by the law that they have by themselves, as long as that changes anything.
Found settle(const MatrixF& seen, Places places, std::size_t channels, std::size_t block) {
  Found best;
  for (int round = 0; round < kMostRounds; ++round) {
    const MatrixF law = stationary_scores(seen, places, channels, block);
    const double residual = graph_residual(law, seen, places);
    if (!best.places.empty() && residual >= best.residual - 1e-9) break;
    best = {places, residual};
    places = improve_matching(law, seen, std::move(places));
  }
  return best;
}

/// The laws first, then some that are drawn around them: starts of one law mostly come to one end.
Law law_of(std::size_t start, std::uint64_t seed) {
  if (start < kLaws.size()) return kLaws[start];
  image::SplitMix random(seed, start);
  return {random.between(4, 20), random.between(0.7, 1.2), random.between(0.65, 0.9)};
}

/// From one law after the other, until the best end has been reached twice and not by the first few starts alone:
/// nothing else tells that it is the right one.
Found best_of_starts(const MatrixF& seen, std::size_t channels, std::size_t block, std::uint64_t seed) {
  const bool large = seen.rows() > kLarge;
  const std::size_t least = large ? kFewStarts / 2 : kFewStarts, most = large ? kMostStarts / 2 : kMostStarts;
  Found best;
  int reached = 0;
  Progress progress("putting samples in order", 0, "starts");
  for (std::size_t start = 0; start < most && (start < least || reached < 2); ++start, progress.advance()) {
    const MatrixF law = law_scores(law_of(start, seed), channels, block);
    Found found = settle(seen, match_softly(law, seen, seed + start), channels, block);
    if (!best.places.empty() && std::abs(found.residual - best.residual) < kSame) {
      ++reached;
    } else if (best.places.empty() || found.residual < best.residual) {
      best = std::move(found);
      reached = 1;
    }
  }
  return best;
}

void check(std::span<const image::Image> pictures, std::size_t block) {
  for (const image::Image& p : pictures) {
    const image::Image& first = pictures[0];
    if (p.height != first.height || p.width != first.width || p.channels != first.channels ||
        !shield::is_whole(p.channels, p.height, p.width, block)) {
      throw MismatchError("samples of blocks are put in order where pictures are of one shape, in whole blocks");
    }
  }
  if (pictures.empty() || pictures.size() * (pictures[0].height / block) * (pictures[0].width / block) < 2) {
    throw MismatchError("samples of blocks are put in order where there are two blocks or more");
  }
}

}  // namespace

SampleOrder find_sample_order(std::span<const image::Image> pictures, std::size_t block, std::uint64_t seed) {
  check(pictures, block);
  return find_sample_order(samples_of(pictures, block), pictures[0].channels, block, seed);
}

SampleOrder find_sample_order(MatrixF samples, std::size_t channels, std::size_t side, std::uint64_t seed) {
  const VectorF signs = signs_of(samples);
  samples = samples * signs.asDiagonal();
  const MatrixF seen = seen_scores(samples);
  const Found best = best_of_starts(seen, channels, side, seed);
  SampleOrder out{{best.places, {}}, best.residual, static_cast<std::size_t>(samples.rows())};
  for (const std::size_t place : best.places) out.key.sign.push_back(signs[index(place)]);
  return out;
}

image::Image with_samples_in_order(const SampleOrder& order, const image::Image& picture, std::size_t block) {
  const shield::Grid grid(picture.height, picture.width, block);
  const std::size_t area = block * block;
  if (order.key.place.size() != picture.channels * area ||
      !shield::is_whole(picture.channels, picture.height, picture.width, block)) {
    throw MismatchError("an order of samples is for pictures of its own channels, in blocks of its own size");
  }
  image::Image out = picture;
  for (std::size_t b = 0; b < grid.count(); ++b) {
    for (std::size_t i = 0; i < order.key.place.size(); ++i) {
      const std::size_t from = order.key.place[i];
      const auto at = [&](std::size_t s) {
        return std::array<std::size_t, 3>{grid.top(b) + s % area / block, grid.left(b) + s % block, s / area};
      };
      const auto [y, x, c] = at(i);
      const auto [v, u, d] = at(from);
      const std::uint8_t sample = picture.at(v, u, d);
      out.at(y, x, c) = order.key.sign[i] < 0 ? static_cast<std::uint8_t>(255 - sample) : sample;
    }
  }
  return out;
}

}  // namespace obscura::audit
