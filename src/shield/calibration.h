#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "image/image.h"
#include "shield/encoder.h"
#include "shield/shield.h"

/// Where the frozen statistics of a random network come from.
namespace obscura::shield {

/// 32 drawn pictures of 4 x 4 patches that have what matters of photographs here: neighbouring pixels are alike,
/// colours go together, contrast falls with frequency, and there are edges. The same on every machine.
std::vector<image::Image> calibration_images(std::size_t channels, std::size_t block);

/// The statistics that a shield with this seed is to be frozen with, measured over patches of `images` (at most 8,192,
/// evenly spread), or over calibration_images() if there are none. Empty unless `parameters` freeze statistics of some
/// layer. Grey images become colour images, and colour images grey, as the parameters want them. Throws UsageError as
/// complete(), ParameterError for images that are all alike.
std::vector<LayerStatistics> calibrate(const Parameters& parameters, const Seed& seed,
                                       std::span<const image::Image> images = {});
/// The same for complete parameters and weights already drawn.
std::vector<LayerStatistics> calibrate(const Parameters& parameters, const Encoder& encoder,
                                       std::span<const image::Image> images = {});

}  // namespace obscura::shield
