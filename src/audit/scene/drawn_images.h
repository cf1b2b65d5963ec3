#pragma once

#include <cstddef>
#include <cstdint>

#include "image/dataset.h"

namespace obscura::audit {

/// Made-up colour pictures for attacks where no data set is at hand: smooth shades with less contrast the finer they
/// are, colours that go together, a light from above, and edges of overlapping shapes, as photographs have them. Image
/// n depends on seed and n only, and is the same on every machine up to rounding. Throws ParameterError for no images
/// or sides below 4.
image::Dataset drawn_images(std::size_t count, std::size_t height, std::size_t width, std::uint64_t seed);

}  // namespace obscura::audit
