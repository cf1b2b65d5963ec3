#include "image/idx.h"

#include <algorithm>

#include "base/error.h"
#include "image/inflate.h"

namespace obscura::image {
namespace {

constexpr std::size_t kMaxCount = 100'000'000;
constexpr std::size_t kMaxIdxSide = 4096;

/// Reads the header and returns its dimensions.
std::vector<std::size_t> read_header(InflateReader& in, std::uint8_t dimensions, const std::string& what) {
  const auto magic = in.read(4);
  if (magic != std::vector<std::uint8_t>{0, 0, 8, dimensions}) {
    throw FormatError(what + " is not an idx" + std::to_string(dimensions) + "-ubyte file: its first bytes are wrong");
  }
  std::vector<std::size_t> sizes;
  for (int d = 0; d < dimensions; ++d) {
    std::size_t v = 0;
    for (const std::uint8_t byte : in.read(4)) v = v << 8 | byte;
    sizes.push_back(v);
  }
  if (sizes[0] > kMaxCount) {
    throw FormatError(what + " claims " + std::to_string(sizes[0]) + " items, which is too many");
  }
  return sizes;
}

std::size_t limited(std::size_t count, std::size_t limit) {
  return limit == 0 ? count : std::min(count, limit);
}

}  // namespace

IdxImages read_idx_images(std::span<const std::uint8_t> bytes, const std::string& what, std::size_t limit) {
  InflateReader in(bytes, what);
  const auto sizes = read_header(in, 3, what);
  IdxImages out;
  out.total = sizes[0];
  out.height = sizes[1];
  out.width = sizes[2];
  if (out.height == 0 || out.width == 0 || out.height > kMaxIdxSide || out.width > kMaxIdxSide) {
    throw FormatError(what + " claims images of " + std::to_string(out.width) + "x" + std::to_string(out.height) +
                      " pixels");
  }
  out.count = limited(out.total, limit);
  out.pixels = in.read(out.count * out.height * out.width);
  if (out.count == out.total) in.finish();
  return out;
}

IdxLabels read_idx_labels(std::span<const std::uint8_t> bytes, const std::string& what, std::size_t limit) {
  InflateReader in(bytes, what);
  IdxLabels out;
  out.total = read_header(in, 1, what)[0];
  out.labels = in.read(limited(out.total, limit));
  if (out.labels.size() == out.total) in.finish();
  return out;
}

}  // namespace obscura::image
