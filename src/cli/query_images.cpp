#include "cli/query_images.h"

#include "base/error.h"
#include "image/image.h"
#include "nn/reference.h"

namespace obscura::cli {

QueryImage read_query_image(const std::filesystem::path& file, const nn::Shape& input,
                            const nn::Preprocessing& preprocessing) {
  if (input.channels != 1 && input.channels != 3) {
    throw UnsupportedError("the network takes " + std::to_string(input.channels) +
                           " channels: only grey (1) and colour (3) images can be encrypted for it");
  }
  const auto conformed = image::conform(image::read_image(file), input.channels, input.height, input.width);
  return {file.string(), conformed.notes, nn::preprocess(image::to_planar(conformed.image), preprocessing)};
}

std::vector<float> network_values(const image::Dataset& set, std::size_t i, const nn::Graph& graph) {
  const nn::Shape& input = graph.input_shape();
  if (set.channels == input.channels && set.height == input.height && set.width == input.width) {
    return nn::preprocess(set.pixels(i), graph.preprocessing);
  }
  const auto conformed = image::conform(set.image(i), input.channels, input.height, input.width);
  return nn::preprocess(image::to_planar(conformed.image), graph.preprocessing);
}

}  // namespace obscura::cli
