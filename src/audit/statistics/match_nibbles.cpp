#include "audit/statistics/match_nibbles.h"

#include <algorithm>
#include <numeric>

#include "audit/statistics/block_statistics.h"
#include "audit/statistics/feature_statistics.h"
#include "audit/statistics/low_halves.h"
#include "audit/statistics/placed_samples.h"

namespace obscura::audit {
namespace {

// More make a match no better that is exact already.
constexpr std::size_t kMostPictures = 2000;
constexpr float kMeanWeight = 3;
constexpr int kMostSweeps = 30;

std::vector<FeatureStatistics> statistics(const PlacedSamples& samples) {
  std::vector<FeatureStatistics> out;
  for (const Feature& feature : half_byte_features()) {
    const auto read = [&](std::size_t first, PlacedBlocks& blocks) {
      for (std::size_t b = 0; b < blocks.size(); ++b) {
        for (Eigen::Index n = 0; n < blocks[b].rows(); ++n) {
          const std::uint8_t* from = samples.block(first + static_cast<std::size_t>(n), b);
          for (Eigen::Index i = 0; i < blocks[b].cols(); ++i) {
            blocks[b](n, i) = static_cast<double>(feature.table[from[i]]);
          }
        }
      }
    };
    const BlockStatistics s = block_statistics(samples.count, samples.rows, samples.columns, samples.size, read);
    FeatureStatistics one{feature.odd, {s.covariance.cast<float>()}, s.mean.cast<float>()};
    if (out.empty()) one.means = imbalance(samples);
    for (const Matrix& m : s.lagged) one.matrices.push_back(m.cast<float>());
    out.push_back(std::move(one));
  }
  return out;
}

SignedPermutation sweep(const std::vector<FeatureStatistics>& x, const std::vector<FeatureStatistics>& y,
                        const SignedPermutation& q) {
  const Eigen::Index size = x[0].means.rows();
  MatrixF gain[2] = {MatrixF::Zero(size, size), MatrixF::Zero(size, size)};  // even, odd
  for (std::size_t f = 0; f < x.size(); ++f) {
    MatrixF& g = gain[x[f].odd ? 1 : 0];
    g += kMeanWeight * x[f].means * y[f].means.transpose();
    for (std::size_t d = 0; d < x[f].matrices.size(); ++d) {
      const MatrixF &mx = x[f].matrices[d], &my = y[f].matrices[d];
      g += q.columns(mx, x[f].odd) * my.transpose() + q.columns(mx.transpose(), x[f].odd) * my;
    }
  }
  return best_signed_permutation(gain[1], gain[0]);
}

double residual(const std::vector<FeatureStatistics>& x, const std::vector<FeatureStatistics>& y,
                const SignedPermutation& q) {
  double difference = 0, whole = 0;
  for (std::size_t f = 0; f < x.size(); ++f) {
    for (std::size_t d = 0; d < x[f].matrices.size(); ++d) {
      const MatrixF half = q.columns(x[f].matrices[d], x[f].odd).transpose();
      const MatrixF there = q.columns(half, x[f].odd).transpose();
      difference += static_cast<double>((there - y[f].matrices[d]).squaredNorm());
      whole += static_cast<double>(there.squaredNorm() + y[f].matrices[d].squaredNorm());
    }
  }
  return whole > 0 ? difference / whole : 1;
}

PlacedSamples some(std::span<const image::Image> pictures, std::size_t block) {
  return read_blocks(pictures.first(std::min(pictures.size(), kMostPictures)), block, Unit::halves);
}

}  // namespace

Recovered match_le(std::span<const image::Image> ciphers, const image::Dataset& publics, std::size_t block) {
  const auto x = statistics(read_blocks(publics, std::min(publics.count, kMostPictures), block, Unit::halves));
  const auto y = statistics(some(ciphers, block));
  SignedPermutation q = match_rows(signatures(x), signatures(y));
  choose_signs(x, y, q);
  if (agreement_of_means(x, y, q) < 0) turn_over(q);
  for (int i = 0; i < kMostSweeps; ++i) {
    SignedPermutation next = sweep(x, y, q);
    const bool same = next == q;
    q = std::move(next);
    if (same) break;
  }
  if (agreement_of_means(x, y, q) < 0) turn_over(q);
  Recovered out;
  const PlacedSamples hidden = read_blocks(ciphers, block, Unit::halves);
  std::vector<std::size_t> places(hidden.places());
  std::iota(places.begin(), places.end(), 0);
  settle_low_halves(hidden, places, block, q);
  const PlacedSamples plain = with_half_bytes_in_order(hidden, q);
  for (std::size_t n = 0; n < hidden.count; ++n) out.images.push_back(write_blocks(plain, n, block, Unit::halves));
  out.figures = {{"residual", residual(x, y, q)}};
  return out;
}

}  // namespace obscura::audit
