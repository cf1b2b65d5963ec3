#include "study/demo/input.h"

#include <fmt/format.h>

#include <string>

#include "base/error.h"
#include "image/digits.h"
#include "nn/onnx_read.h"
#include "study/shipped.h"

namespace fs = std::filesystem;

namespace obscura::study {
nn::Graph read_digit_network(const fs::path& path) {
  nn::Graph graph = nn::read_onnx(path);
  const Shape& in = graph.input_shape();
  if (!(in == Shape{1, 28, 28}) || graph.output_shape().size() != 10) {
    throw UnsupportedError(fmt::format(
        "{} takes {}x{}x{} images and knows {} classes; the demo needs a network for digits: 1x28x28, 10 classes",
        path.string(), in.channels, in.height, in.width, graph.output_shape().size()));
  }
  return graph;
}

std::vector<DemoDigit> demo_digits(std::size_t count) {
  const fs::path samples = shipped("samples/digits");
  std::vector<DemoDigit> digits;
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t label = (7 * n + 3) % 10;  // 7 and 10 share no factor: every digit once in ten
    const fs::path file = samples / fmt::format("{}-{}.png", label, n / 10);
    std::error_code ec;
    if (!samples.empty() && fs::exists(file, ec)) {
      digits.push_back({image::conform(image::read_image(file), 1, 28, 28).image, label});
    } else {
      digits.push_back({image::draw_digit(static_cast<int>(label), n / 10), label});
    }
  }
  return digits;
}

}  // namespace obscura::study
