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

}  // namespace obscura::cli
