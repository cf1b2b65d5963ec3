#include "audit/pairs/ridge_decoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "audit/pairs/pair_distances.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

using Index = Eigen::Index;
using Single = Eigen::MatrixXf;

constexpr std::array<float, 6> kRidges = {1e-4F, 1e-3F, 1e-2F, 3e-2F, 1e-1F, 3e-1F};
constexpr int kRounds = 20;

Patches mean_of(std::span<const Patches> pictures) {
  Patches sum = Patches::Zero(pictures.front().rows(), pictures.front().cols());
  for (const Patches& p : pictures) sum += p;
  return sum / static_cast<float>(pictures.size());
}

/// All patches of all pictures, less the mean of their position.
Patches stacked(std::span<const Patches> pictures, const Patches& mean) {
  Patches out(static_cast<Index>(pictures.size()) * mean.rows(), mean.cols());
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    out.middleRows(static_cast<Index>(i) * mean.rows(), mean.rows()) = pictures[i] - mean;
  }
  return out;
}

/// to = from * map, least squares with `ridge` times the mean variance added. The sums of `from` and `to` are given.
Single ridge_map(const Single& squares, const Single& products, float ridge) {
  Single a = squares;
  a.diagonal().array() += ridge * squares.trace() / static_cast<float>(squares.rows()) + 1e-9F;
  return a.ldlt().solve(products);
}

/// Ridge by leaving each pair out, with what it costs.
struct Choice {
  float ridge = kRidges.front();
  double error = std::numeric_limits<double>::infinity();  ///< mean squared, of samples from 0 to 1
};

/// Leaving picture i out changes the means, too: what is left of it is off by n / (n - 1) from the mean of the others.
Choice leave_one_out(const Patches& from, const Patches& to, std::size_t pictures) {
  const auto n = static_cast<Index>(pictures), rows = from.rows() / n;
  const Single squares = from.transpose() * from, products = from.transpose() * to;
  std::array<double, kRidges.size()> errors{};
  // A few are enough to tell ridges apart.
  const Index tried = std::min<Index>(n, 5);
  const float off = static_cast<float>(n) / static_cast<float>(n - 1);
  for (Index i = 0; i < tried; ++i) {
    const auto z = from.middleRows(i * rows, rows), x = to.middleRows(i * rows, rows);
    const Single less = squares - off * z.transpose() * z, less_products = products - off * z.transpose() * x;
    for (std::size_t k = 0; k < kRidges.size(); ++k) {
      errors[k] += off * off * (z * ridge_map(less, less_products, kRidges[k]) - x).squaredNorm();
    }
  }
  const auto best = std::min_element(errors.begin(), errors.end());
  return {kRidges[static_cast<std::size_t>(best - errors.begin())],
          *best / static_cast<double>(tried * rows * to.cols())};
}

Patches reordered(const Patches& m, const Order& order) {
  Patches out(m.rows(), m.cols());
  for (std::size_t p = 0; p < order.size(); ++p) {
    out.row(static_cast<Index>(p)) = m.row(static_cast<Index>(order[p]));
  }
  return out;
}

/// Which patch each row of the pictures is: by distances between the known images, then by how well one map for all
/// positions makes the rows from the patches, until nothing changes.
Order find_positions(const shield::Parameters& what, std::span<const image::Image> plain,
                     std::span<const Patches> images, std::span<const Patches> pictures, std::uint64_t seed) {
  Order identity(pictures.size());
  std::iota(identity.begin(), identity.end(), std::size_t{0});
  Order positions = match_positions(distances_of(pictures), expected_distances(what, plain, seed), identity);
  const Patches mean_image = mean_of(images), mean_picture = mean_of(pictures);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Patches> ordered;
    for (const Patches& image : images) ordered.push_back(reordered(image, positions));
    const Patches x = stacked(ordered, reordered(mean_image, positions)), z = stacked(pictures, mean_picture);
    const Single map = ridge_map(x.transpose() * x, x.transpose() * z, 1e-2F);
    Matrix cost = Matrix::Zero(mean_image.rows(), mean_image.rows());
    for (std::size_t i = 0; i < images.size(); ++i) {
      const Patches made = (images[i] - mean_image) * map, seen = pictures[i] - mean_picture;
      cost += squared_differences(seen.cast<double>(), made.cast<double>());
    }
    const Order next = assigned(cost);
    if (next == positions) break;
    positions = next;
  }
  return positions;
}

std::vector<Patches> patches_of(const shield::Parameters& what, std::span<const shield::Protected> known,
                                std::span<const shield::Protected> ciphers) {
  std::vector<Patches> out;
  for (const auto& set : {known, ciphers}) {
    for (const shield::Protected& cipher : set) {
      out.push_back(cipher_patches(cipher.picture, what));
      if (out.back().rows() != out.front().rows()) throw MismatchError("protected pictures are of different sizes");
    }
  }
  if (what.shield == "neuracrypt") align_rows(out);
  return out;
}

void check(const shield::Parameters& what, std::size_t plain, std::size_t known) {
  if (!shield::is_encoder(what.shield)) {
    throw UnsupportedError("patches are decoded by ridge regression for neuracrypt and color-neuracrypt, not for " +
                           what.shield);
  }
  if (plain != known || plain < 2) {
    throw MismatchError("known plaintext needs as many protected pictures as plain images, two or more");
  }
}

}  // namespace

Recovered decode_by_ridge(const shield::Parameters& wanted, std::span<const image::Image> plain,
                          std::span<const shield::Protected> known, std::span<const shield::Protected> ciphers,
                          const MatchOptions& options) {
  const shield::Parameters what = shield::complete(wanted);
  check(what, plain.size(), known.size());
  std::vector<Patches> all = patches_of(what, known, ciphers), images;
  for (const image::Image& image : plain) images.push_back(plain_patches(image, what.block));
  if (images.front().rows() != all.front().rows()) throw MismatchError("known images and pictures differ in size");
  const auto of_known = std::span(all).first(plain.size());
  Order positions(static_cast<std::size_t>(all.front().rows()));
  std::iota(positions.begin(), positions.end(), std::size_t{0});
  if (what.shield == "neuracrypt") positions = find_positions(what, plain, images, of_known, options.seed);

  // From here on the images' patches stand in the order of the pictures' rows.
  for (Patches& image : images) image = reordered(image, positions);
  const Patches mean_image = mean_of(images), mean_picture = mean_of(of_known);
  const Patches z = stacked(of_known, mean_picture), x = stacked(images, mean_image);
  const Choice choice = leave_one_out(z, x, plain.size());
  const Single map = ridge_map(z.transpose() * z, z.transpose() * x, choice.ridge);
  Recovered out;
  for (std::size_t i = 0; i < ciphers.size(); ++i) {
    const Patches decoded = (all[plain.size() + i] - mean_picture) * map + mean_image;
    Patches placed(decoded.rows(), decoded.cols());
    for (std::size_t p = 0; p < positions.size(); ++p) {
      placed.row(static_cast<Index>(positions[p])) = decoded.row(static_cast<Index>(p));
    }
    out.images.push_back(from_patches(placed, what.block, plain.front().channels, ciphers[i].height, ciphers[i].width));
  }
  out.figures = {{"ridge", choice.ridge}, {"left out dB", -10 * std::log10(std::max(choice.error, 1e-12))}};
  return out;
}

}  // namespace obscura::audit
