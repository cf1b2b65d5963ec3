#include "audit/scene/quality.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <cstdint>
#include <vector>

#include "base/error.h"

namespace obscura::audit {
namespace {

using Directions = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A row an image. Throws MismatchError unless all have as many samples.
Directions directions(std::span<const image::Image> images) {
  Directions out(images.size(), images.front().pixels.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    require_alike(images[i], images.front());
    const std::vector<float> one = direction(images[i]);
    out.row(static_cast<Eigen::Index>(i)) = Eigen::Map<const Eigen::RowVectorXf>(one.data(), out.cols());
  }
  return out;
}

/// Ties with another image do not count: a constant image is like none.
double identified(std::span<const image::Image> recovered, std::span<const image::Image> originals) {
  const Directions truth = directions(originals);
  const Eigen::MatrixXf likeness = directions(recovered) * truth.transpose();
  std::size_t hits = 0;
  for (Eigen::Index i = 0; i < likeness.rows(); ++i) {
    const float own = likeness(i, i);
    bool best = own > 0;
    for (Eigen::Index k = 0; k < likeness.cols() && best; ++k) {
      best = k == i || likeness(i, k) < own ||
             originals[static_cast<std::size_t>(k)] == originals[static_cast<std::size_t>(i)];
    }
    hits += best ? 1 : 0;
  }
  return static_cast<double>(hits) / static_cast<double>(recovered.size());
}

}  // namespace

Quality compare(std::span<const image::Image> recovered, std::span<const image::Image> originals) {
  if (recovered.size() != originals.size() || recovered.empty()) {
    throw MismatchError(
        fmt::format("{} recovered images cannot be compared with {}", recovered.size(), originals.size()));
  }
  Quality out;
  out.images = recovered.size();
  double squared = 0, samples = 0;
  for (std::size_t i = 0; i < recovered.size(); ++i) {
    squared += squared_error(recovered[i], originals[i]);
    samples += static_cast<double>(originals[i].pixels.size());
    out.ssim += ssim(recovered[i], originals[i]);
    out.correlation += correlation(recovered[i], originals[i]);
    out.exact += recovered[i] == originals[i] ? 1 : 0;
  }
  const auto count = static_cast<double>(out.images);
  out.psnr = decibels(squared, samples);
  out.ssim /= count;
  out.correlation /= count;
  out.identified = identified(recovered, originals);
  return out;
}

image::Image mean_image(const image::Dataset& set) {
  if (set.count == 0) throw ParameterError("an empty data set has no mean image");
  std::vector<std::uint64_t> sum(set.image_size());
  for (std::size_t n = 0; n < set.count; ++n) {
    const auto pixels = set.pixels(n);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += pixels[i];
  }
  std::vector<std::uint8_t> mean;
  for (const std::uint64_t v : sum) mean.push_back(static_cast<std::uint8_t>((v + set.count / 2) / set.count));
  return image::from_planar(mean, set.channels, set.height, set.width);
}

}  // namespace obscura::audit
