#include "audit/pairs/patches.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/algebra/assignment.h"
#include "base/error.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

using Index = Eigen::Index;

Index index(std::size_t i) {
  return static_cast<Index>(i);
}

/// Calls at(patch, place in its row, y, x, channel) for every sample.
template <typename At>
void each_sample(const shield::Grid& grid, std::size_t channels, const At& at) {
  const std::size_t p = grid.side;
  for (std::size_t b = 0; b < grid.count(); ++b) {
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t y = 0; y < p; ++y) {
        for (std::size_t x = 0; x < p; ++x) at(b, (c * p + y) * p + x, grid.top(b) + y, grid.left(b) + x, c);
      }
    }
  }
}

/// A row a pixel.
Patches pixels_of(const shield::RealImage& picture) {
  const Index area = index(picture.height * picture.width);
  return Eigen::Map<const Patches>(picture.values.data(), index(picture.channels), area).transpose();
}

/// The row of `reference` that each row of `picture` is to stand in.
std::vector<std::size_t> nearest_rows(const Patches& reference, const Patches& picture) {
  const Eigen::MatrixXf product = picture * reference.transpose();
  const Eigen::VectorXf weight = reference.rowwise().squaredNorm();
  const auto rows = static_cast<std::size_t>(picture.rows());
  std::vector<double> cost(rows * rows);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < rows; ++j) cost[i * rows + j] = weight[index(j)] - 2 * product(index(i), index(j));
  }
  return assign(cost, rows, rows);
}

Patches reordered(const Patches& picture, const std::vector<std::size_t>& place) {
  Patches out(picture.rows(), picture.cols());
  for (std::size_t i = 0; i < place.size(); ++i) out.row(index(place[i])) = picture.row(index(i));
  return out;
}

}  // namespace

Patches plain_patches(const image::Image& image, std::size_t patch) {
  const image::Image padded = shield::pad(image, patch);
  const shield::Grid grid(padded.height, padded.width, patch);
  Patches out(index(grid.count()), index(padded.channels * patch * patch));
  each_sample(grid, padded.channels, [&](auto b, auto at, auto y, auto x, auto c) {
    out(index(b), index(at)) = static_cast<float>(padded.at(y, x, c)) / 255;
  });
  return out;
}

image::Image from_patches(const Patches& patches, std::size_t patch, std::size_t channels, std::size_t height,
                          std::size_t width) {
  image::Image out(channels, shield::round_up(height, patch), shield::round_up(width, patch));
  each_sample(shield::Grid(out.height, out.width, patch), channels, [&](auto b, auto at, auto y, auto x, auto c) {
    const float v = std::round(255 * patches(index(b), index(at)));
    out.at(y, x, c) = static_cast<std::uint8_t>(std::clamp(v, 0.0F, 255.0F));
  });
  return shield::crop(out, height, width);
}

Patches cipher_patches(const shield::Picture& picture, const shield::Parameters& what) {
  const auto* real = std::get_if<shield::RealImage>(&picture);
  if (real == nullptr) throw MismatchError("a picture of " + what.shield + " has real samples, not bytes");
  const std::size_t outputs = shield::encoder_outputs(what);
  const bool colour = what.shield == "color-neuracrypt";
  if (real->values.empty() || real->channels != (colour ? 3 : outputs) ||
      (colour && (real->height % what.block != 0 || real->width % what.block != 0))) {
    throw MismatchError(fmt::format("a picture of {} channels, {} x {}, is none of {} with patches of {}",
                                    real->channels, real->height, real->width, what.shield, what.block));
  }
  if (!colour) return pixels_of(*real);
  const shield::Grid grid(real->height, real->width, what.block);
  Patches out(index(grid.count()), index(outputs));
  each_sample(grid, 3, [&](auto b, auto at, auto y, auto x, auto c) {
    out(index(b), index(at)) = real->values[(c * real->height + y) * real->width + x];
  });
  return out;
}

void align_rows(std::vector<Patches>& pictures) {
  if (pictures.empty()) return;
  Patches reference = pictures.front();
  for (int round = 0; round < 3; ++round) {
    Patches sum = Patches::Zero(reference.rows(), reference.cols());
    for (Patches& picture : pictures) {
      picture = reordered(picture, nearest_rows(reference, picture));
      sum += picture;
    }
    reference = sum / static_cast<float>(pictures.size());
  }
}

Eigen::MatrixXd squared_distances(std::span<const Patches> pictures, Eigen::Index row) {
  Patches rows(index(pictures.size()), pictures.front().cols());
  for (std::size_t i = 0; i < pictures.size(); ++i) rows.row(index(i)) = pictures[i].row(row);
  rows.rowwise() -= rows.colwise().mean().eval();  // small numbers: nothing is lost in the difference below
  const Eigen::MatrixXd gram = (rows * rows.transpose()).cast<double>();
  const Eigen::VectorXd norms = gram.diagonal();
  Eigen::MatrixXd out = -2 * gram;
  out.colwise() += norms;
  out.rowwise() += norms.transpose();
  return out.cwiseMax(0);
}

}  // namespace obscura::audit
