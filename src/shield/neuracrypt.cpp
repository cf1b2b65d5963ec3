#include "shield/neuracrypt.h"

#include <sodium.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "shield/blocks.h"
#include "shield/calibration.h"

namespace obscura::shield {
namespace {

constexpr int kDeepest = 64;
constexpr std::size_t kWidest = 8192;
constexpr std::size_t kMostWeights = std::size_t{1} << 26;
constexpr std::size_t kMostSamples = 3 * image::kMaxPixels;
constexpr float kLargest = 1e6F;  // of a mean or variance: samples are far below

bool is_colour(const Parameters& p) {
  return p.shield == "color-neuracrypt";
}

std::size_t usual_width(const Parameters& p) {
  const std::size_t area = p.block * p.block;
  return is_colour(p) ? 3 * area : std::min<std::size_t>(2048, 16 * area);
}

/// Without biases. No product overflows: widths and depth were looked at.
std::size_t weights_of(const Parameters& p) {
  const std::size_t first = p.channels * p.block * p.block * p.hidden;
  if (p.depth < 0) return first;
  return first + static_cast<std::size_t>(p.depth) * p.hidden * p.hidden + p.hidden * encoder_outputs(p);
}

void require_statistics(const std::vector<LayerStatistics>& frozen, const Parameters& p) {
  if (frozen.size() != static_cast<std::size_t>(std::max(p.depth, 0)) || p.statistics != Statistics::frozen) {
    throw ParameterError("a key of " + p.shield + " with depth " + std::to_string(p.depth) +
                         " does not have statistics of " + std::to_string(frozen.size()) + " layers");
  }
  const auto valid = [](float v, float least) { return v >= least && v <= kLargest; };
  for (const LayerStatistics& layer : frozen) {
    if (layer.mean.size() != p.hidden || layer.variance.size() != p.hidden) {
      throw ParameterError("layers of " + std::to_string(p.hidden) + " have as many means and variances, not " +
                           std::to_string(layer.mean.size()) + " and " + std::to_string(layer.variance.size()));
    }
    if (!std::all_of(layer.mean.begin(), layer.mean.end(), [&](float v) { return valid(v, -kLargest); }) ||
        !std::all_of(layer.variance.begin(), layer.variance.end(), [&](float v) { return valid(v, 0); })) {
      throw ParameterError("a mean is within a million, and a variance from 0 to a million");
    }
  }
}

/// Rows of z as a picture with a channel a sample; place i holds row order[i], or i if there is no order.
RealImage as_grid(const Rows& z, const Grid& grid, const std::vector<std::uint32_t>& order) {
  RealImage out{z.columns, grid.rows, grid.columns, std::vector<float>(z.columns * z.count)};
  for (std::size_t i = 0; i < z.count; ++i) {
    const float* row = z.row(order.empty() ? i : order[i]);
    for (std::size_t j = 0; j < z.columns; ++j) out.values[j * z.count + i] = row[j];
  }
  return out;
}

/// Pixel shuffle: sample c p^2 + i p + j of a patch is its pixel (i, j) in channel c.
RealImage as_image(const Rows& z, const Grid& grid) {
  const std::size_t p = grid.side, height = grid.rows * p, width = grid.columns * p;
  RealImage out{3, height, width, std::vector<float>(3 * height * width)};
  for (std::size_t b = 0; b < z.count; ++b) {
    const float* in = z.row(b);
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t i = 0; i < p; ++i, in += p) {
        std::copy_n(in, p, &out.values[(c * height + grid.top(b) + i) * width + grid.left(b)]);
      }
    }
  }
  return out;
}

}  // namespace

Parameters complete_encoder(Parameters p) {
  const auto refuse = [&p](const std::string& problem) { throw UsageError("the shield " + p.shield + problem); };
  if (p.depth == 0) p.depth = 4;
  if (p.depth < -1 || p.depth > kDeepest) {
    refuse(" has a depth of 1 to " + std::to_string(kDeepest) + ", or -1 for one map, not " + std::to_string(p.depth));
  }
  if (p.channels == 0) p.channels = 3;
  if (p.channels != 3 && (is_colour(p) || p.channels != 1)) {
    refuse((is_colour(p) ? " takes images of 3 channels, not " : " takes images of 1 or 3 channels, not ") +
           std::to_string(p.channels));
  }
  if (p.hidden == 0) p.hidden = usual_width(p);
  if (p.hidden > kWidest) {
    refuse(" has layers of 1 to " + std::to_string(kWidest) + " outputs, not " + std::to_string(p.hidden));
  }
  if (p.depth < 0) {
    p.statistics = Statistics::frozen;  // there are none
    if (is_colour(p) && p.hidden != usual_width(p)) {
      refuse(" with depth -1 has " + std::to_string(usual_width(p)) + " outputs, not " + std::to_string(p.hidden));
    }
  }
  if (weights_of(p) > kMostWeights) {
    refuse(" has at most " + std::to_string(kMostWeights) + " weights, not " + std::to_string(weights_of(p)));
  }
  return p;
}

std::size_t encoder_outputs(const Parameters& p) {
  return is_colour(p) ? 3 * p.block * p.block : p.hidden;
}

NeuraCrypt::NeuraCrypt(Parameters wanted, const Seed& seed, std::vector<LayerStatistics> frozen)
    : Shield(std::move(wanted)), seed_(seed), encoder_(parameters(), seed), frozen_(std::move(frozen)) {
  if (frozen_.empty()) frozen_ = calibrate(parameters(), encoder_);
  if (!frozen_.empty()) require_statistics(frozen_, parameters());
}

double NeuraCrypt::key_space_bits(std::size_t, std::size_t height, std::size_t width) const {
  const Parameters& p = parameters();
  const Grid grid(round_up(height, block()), round_up(width, block()), block());
  std::size_t numbers = weights_of(p) + p.hidden;  // with the first layer's biases
  if (p.depth >= 0) {
    numbers += static_cast<std::size_t>(p.depth) * p.hidden + encoder_outputs(p) + grid.count() * p.hidden;
  }
  return 24.0 * static_cast<double>(numbers);
}

void NeuraCrypt::require_size(const image::Image& padded) const {
  const std::size_t patches = Grid(padded.height, padded.width, block()).count();
  if (patches * std::max(parameters().hidden, encoder_.outputs()) > kMostSamples) {
    throw UnsupportedError("the shield " + name() + " would make more than " + std::to_string(kMostSamples) +
                           " samples of an image of " + std::to_string(padded.width) + "x" +
                           std::to_string(padded.height) + " pixels: take a larger patch or a smaller width");
  }
}

std::shared_ptr<const Rows> NeuraCrypt::positions(const image::Image& padded) const {
  const Grid grid(padded.height, padded.width, block());
  if (encoder_.linear()) return std::make_shared<const Rows>();
  const std::lock_guard lock(mutex_);
  if (positions_ == nullptr || rows_ != grid.rows || columns_ != grid.columns) {
    positions_ = std::make_shared<const Rows>(draw_positions(seed_, grid.rows, grid.columns, encoder_.width()));
    rows_ = grid.rows;
    columns_ = grid.columns;
  }
  return positions_;
}

Rows NeuraCrypt::encode(const image::Image& padded) const {
  require_size(padded);
  return encoder_.finish(encoder_.embed(patches_of(padded, block()), frozen_), *positions(padded));
}

std::vector<std::uint32_t> NeuraCrypt::order(const image::Image& padded) const {
  const std::uint64_t numbers[] = {padded.height, padded.width};
  const Seed key = derive(seed_, "neuracrypt: shuffle", numbers);
  Seed own;
  crypto_generichash(own.data(), own.size(), padded.pixels.data(), padded.pixels.size(), key.data(), key.size());
  return Draws(own).permutation(Grid(padded.height, padded.width, block()).count());
}

RealImage NeuraCrypt::representation(const image::Image& padded) const {
  return as_grid(encode(padded), Grid(padded.height, padded.width, block()), {});
}

Picture NeuraCrypt::arrange(const image::Image& padded, const Rows& z) const {
  const Grid grid(padded.height, padded.width, block());
  return is_colour(parameters()) ? as_image(z, grid) : as_grid(z, grid, order(padded));
}

Picture NeuraCrypt::forward(const image::Image& padded) const {
  return arrange(padded, encode(padded));
}

std::vector<Picture> NeuraCrypt::forward_batch(std::span<const image::Image> padded) const {
  if (parameters().statistics != Statistics::batch) return Shield::forward_batch(padded);
  std::size_t count = 0;
  for (const auto& image : padded) {
    require_size(image);
    count += Grid(image.height, image.width, block()).count();
  }
  if (count * parameters().hidden > kMostSamples) {
    throw UnsupportedError("a batch of " + std::to_string(padded.size()) + " such images is too large for " + name());
  }
  Rows all(count, encoder_.inputs());
  auto to = all.values.begin();
  for (const auto& image : padded) {
    const Rows one = patches_of(image, block());
    to = std::copy_n(one.values.begin(), one.count * one.stride, to);
  }
  const Rows h = encoder_.embed(all, {});
  auto from = h.values.begin();
  std::vector<Picture> out;
  for (const auto& image : padded) {
    Rows one(Grid(image.height, image.width, block()).count(), encoder_.width());
    std::copy_n(from, one.count * one.stride, one.values.begin());
    from += static_cast<std::ptrdiff_t>(one.count * one.stride);
    out.push_back(arrange(image, encoder_.finish(std::move(one), *positions(image))));
  }
  return out;
}

image::Image NeuraCrypt::backward(const Picture&) const {
  throw UnsupportedError("the shield " + name() + " has no way back");
}

double equal_patch_share(std::span<const RealImage> pictures, std::size_t patch) {
  if (pictures.size() < 2) return 0;
  const RealImage& first = pictures.front();
  const Grid grid(first.height, first.width, std::max<std::size_t>(patch, 1));
  std::size_t equal = 0;
  for (std::size_t b = 0; b < grid.count(); ++b) {
    std::unordered_map<std::string, std::size_t> seen;
    for (const RealImage& picture : pictures) {
      if (picture.channels != first.channels || picture.height != first.height || picture.width != first.width ||
          patch == 0 || first.height % patch != 0 || first.width % patch != 0) {
        throw ParameterError("pictures are compared if they have one size, in whole patches");
      }
      std::string bytes;
      for (std::size_t c = 0; c < picture.channels; ++c) {
        for (std::size_t y = 0; y < patch; ++y) {
          const float* row = &picture.values[(c * picture.height + grid.top(b) + y) * picture.width + grid.left(b)];
          bytes.append(reinterpret_cast<const char*>(row), patch * sizeof(float));
        }
      }
      equal += seen[bytes]++;
    }
  }
  const auto n = static_cast<double>(pictures.size());
  return static_cast<double>(equal) / (n * (n - 1) / 2 * static_cast<double>(grid.count()));
}

}  // namespace obscura::shield
