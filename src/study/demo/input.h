#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "image/image.h"
#include "nn/graph.h"

namespace obscura::study {

/// Reads it. Throws UnsupportedError for one that does not take 28 x 28 grey images and know ten classes.
nn::Graph read_digit_network(const std::filesystem::path& path);

struct DemoDigit {
  image::Image picture;
  std::size_t label = 0;
};

/// The first ten are ten different digits. From samples/digits where the network was found beside it, else
/// drawn: the same pictures, as the samples are drawn by the program.
std::vector<DemoDigit> demo_digits(std::size_t count);

}  // namespace obscura::study
