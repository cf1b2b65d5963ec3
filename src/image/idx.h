#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace obscura::image {

/// The contents of an idx3-ubyte file: count images of height x width bytes, in order.
struct IdxImages {
  std::size_t count = 0;  ///< images read
  std::size_t total = 0;  ///< images the file holds
  std::size_t height = 0;
  std::size_t width = 0;
  std::vector<std::uint8_t> pixels;
};

/// The contents of an idx1-ubyte file.
struct IdxLabels {
  std::size_t total = 0;  ///< labels the file holds
  std::vector<std::uint8_t> labels;
};

/// Read idx files (Y. LeCun's format: two zero bytes, type 8, number of dimensions, each dimension as a big-endian
/// word, the bytes), plain or gzipped. `limit` > 0 stops after that many; else the file must end where it says.
/// Throw FormatError naming the input by `what`: wrong magic, impossible counts, truncated, damaged, trailing bytes.
IdxImages read_idx_images(std::span<const std::uint8_t> bytes, const std::string& what, std::size_t limit = 0);
IdxLabels read_idx_labels(std::span<const std::uint8_t> bytes, const std::string& what, std::size_t limit = 0);

}  // namespace obscura::image
