#include "nn/classifier.h"

#include <fmt/format.h>

#include "base/error.h"

namespace obscura::nn {

void check_classifier(const Graph& graph) {
  const Shape& out = graph.output_shape();
  if (out.height != 1 || out.width != 1) {
    throw UnsupportedError(fmt::format(
        "the network {} has an output of {}x{}x{} (channels, height, width), and a classifier's is a vector: "
        "add a global average pool, or Flatten and a dense layer",
        graph.name, out.channels, out.height, out.width));
  }
  const Shape& in = graph.input_shape();
  const bool row = in.height == 1 || in.width == 1;
  if (!row || in.size() <= 4) return;
  const bool flat = in.height == 1 && in.width == 1;
  throw UnsupportedError(fmt::format(
      "the network {} takes {}, not an image: say which one they are as channels x height x width, for example obscura "
      "compile --input 1x28x28 --save",
      graph.name,
      flat ? fmt::format("{} numbers", in.size()) : fmt::format("{}x{}x{} numbers", in.channels, in.height, in.width)));
}

}  // namespace obscura::nn
