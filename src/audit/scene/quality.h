#pragma once

#include <cstddef>
#include <span>

#include "audit/pictures/similarity.h"
#include "image/dataset.h"
#include "image/image.h"

/// How near recovered images are to the originals, taken together (of one pair: audit/pictures/similarity.h).
namespace obscura::audit {

/// Of a set of images.
struct Quality {
  std::size_t images = 0;
  double psnr = 0;         ///< of the squared error of all samples together; infinity if all are exact
  double ssim = 0;         ///< mean over images
  double correlation = 0;  ///< mean over images
  /// Re-identification: share of recovered images whose most correlated original is their own. Chance is 1 / images.
  double identified = 0;
  std::size_t exact = 0;  ///< equal to the original, sample for sample
};

/// Throws MismatchError unless there is one recovered image for each original, one or more, pairwise of one shape.
Quality compare(std::span<const image::Image> recovered, std::span<const image::Image> originals);

/// The mean of the set: what somebody draws who knows nothing of an image. Throws ParameterError for an empty set.
image::Image mean_image(const image::Dataset& set);

}  // namespace obscura::audit
