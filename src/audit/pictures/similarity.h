#pragma once

#include <vector>

#include "image/image.h"

/// How alike two pictures are. All of it throws MismatchError unless both have one shape.
namespace obscura::audit {

/// Throws MismatchError, naming both shapes, unless they are one and not empty.
void require_alike(const image::Image& a, const image::Image& b);

/// The sum over all samples of the square of the difference.
double squared_error(const image::Image& a, const image::Image& b);

/// Peak signal to noise ratio of a squared error summed over so many samples, in decibels, peak 255; infinity for none.
double decibels(double squared, double samples);

/// Peak signal to noise ratio over all samples, in decibels, peak 255; infinity for equal images.
double psnr(const image::Image& recovered, const image::Image& original);

/// Structural similarity, -1 to 1, 1 for equal images: Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image
/// Quality Assessment: From Error Visibility to Structural Similarity", IEEE TIP 13(4), 2004: a Gaussian window of 11 x
/// 11, deviation 1.5, K1 = 0.01, K2 = 0.03, mean over pixels and channels. Borders are mirrored.
double ssim(const image::Image& recovered, const image::Image& original);

/// Samples less their mean, divided by their norm; zeros for a constant image.
std::vector<float> direction(const image::Image& image);

/// Pearson's correlation of all samples; 0 if one image is constant.
double correlation(const image::Image& recovered, const image::Image& original);

}  // namespace obscura::audit
