#include "audit/chunks/reconstruction.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "audit/chunks/harmonic.h"
#include "audit/scene/quality.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

/// Sums over chunks.
struct Errors {
  std::size_t chunks = 0, pixels = 0;
  double squares = 0, ssim = 0;

  void add(const Errors& more) {
    chunks += more.chunks, pixels += more.pixels;
    squares += more.squares, ssim += more.ssim;
  }
  ChunkQuality quality() const {
    if (chunks == 0) return {};
    const double mean = squares / static_cast<double>(pixels);
    return {chunks, mean > 0 ? 10 * std::log10(255.0 * 255.0 / mean) : std::numeric_limits<double>::infinity(),
            ssim / static_cast<double>(chunks)};
  }
};

struct Pair {
  Errors inpainted, null;
};

image::Image part_at(const image::Image& picture, const ChunkPlace& at) {
  image::Image part(1, at.height, at.width);
  for (std::size_t y = 0; y < at.height; ++y) {
    for (std::size_t x = 0; x < at.width; ++x) part.at(y, x) = picture.at(at.y + y, at.x + x);
  }
  return part;
}

Errors errors_of(const Chunking& cut, const std::vector<bool>& plain, const image::Image& drawn,
                 const image::Image& original) {
  Errors errors;
  for (std::size_t k = 0; k < cut.count(); ++k) {
    if (plain[k]) continue;
    const image::Image a = part_at(drawn, place_of(cut, k)), b = part_at(original, place_of(cut, k));
    for (std::size_t i = 0; i < a.pixels.size(); ++i) {
      const double d = static_cast<double>(a.pixels[i]) - static_cast<double>(b.pixels[i]);
      errors.squares += d * d;
    }
    errors.pixels += a.pixels.size(), errors.ssim += ssim(a, b), ++errors.chunks;
  }
  return errors;
}

/// Of every pixel whether its chunk is in the view.
std::vector<bool> known_pixels(const Chunking& cut, const std::vector<bool>& plain) {
  std::vector<bool> known;
  for (std::size_t y = 0; y < cut.picture.height; ++y) {
    for (std::size_t x = 0; x < cut.picture.width; ++x) {
      known.push_back(plain[y / cut.height * cut.columns() + x / cut.width]);
    }
  }
  return known;
}

}  // namespace

image::Image inpainted(const Chunking& cut, const ServerView& view) {
  image::Image picture = seen_picture(cut, view);
  const std::vector<float> seen(picture.pixels.begin(), picture.pixels.end());
  const auto filled = harmonic_fill(seen, known_pixels(cut, plain_chunks(cut, view)), picture.height, picture.width);
  std::ranges::transform(filled, picture.pixels.begin(),
                         [](float v) { return static_cast<std::uint8_t>(std::lround(std::clamp(v, 0.0F, 255.0F))); });
  return picture;
}

image::Image mean_filled(const Chunking& cut, const ServerView& view) {
  double sum = 0, count = 0;
  for (const image::Image& chunk : view.plain) {
    for (const std::uint8_t v : chunk.pixels) sum += v, ++count;
  }
  return seen_picture(cut, view, count > 0 ? static_cast<std::uint8_t>(std::lround(sum / count)) : 128);
}

Reconstruction reconstruct(const Chunking& cut, std::span<const ServerView> views,
                           std::span<const image::Image> originals, ThreadPool& pool) {
  if (views.size() != originals.size()) throw MismatchError("there is not one original for each view");
  std::vector<Pair> pairs(views.size());
  pool.parallel_for(views.size(), [&](std::size_t n) {
    const std::vector<bool> plain = plain_chunks(cut, views[n]);
    if (std::ranges::count(plain, false) == 0) return;
    pairs[n].inpainted = errors_of(cut, plain, inpainted(cut, views[n]), originals[n]);
    pairs[n].null = errors_of(cut, plain, mean_filled(cut, views[n]), originals[n]);
  });
  Pair all;
  for (const Pair& pair : pairs) all.inpainted.add(pair.inpainted), all.null.add(pair.null);
  return {all.inpainted.quality(), all.null.quality()};
}

}  // namespace obscura::audit
