#pragma once

#include <cstddef>
#include <span>

#include "image/dataset.h"
#include "image/image.h"

/// How near recovered images are to the originals.
namespace obscura::audit {

/// Peak signal to noise ratio over all samples, in decibels, peak 255; infinity for equal images. Throws MismatchError
/// unless both have one shape, as do the others here.
double psnr(const image::Image& recovered, const image::Image& original);

/// Structural similarity, -1 to 1, 1 for equal images: Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image
/// Quality Assessment: From Error Visibility to Structural Similarity", IEEE TIP 13(4), 2004: a Gaussian window of 11 x
/// 11, deviation 1.5, K1 = 0.01, K2 = 0.03, mean over pixels and channels. Borders are mirrored.
double ssim(const image::Image& recovered, const image::Image& original);

/// Pearson's correlation of all samples; 0 if one image is constant.
double correlation(const image::Image& recovered, const image::Image& original);

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
