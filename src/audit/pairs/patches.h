#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <span>
#include <vector>

#include "image/image.h"
#include "shield/shield.h"

/// Internal to src/audit: pictures as a row a patch, patches row after row.
namespace obscura::audit {

/// A row a patch.
using Patches = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// In a row: channel, row and column of the patch; samples from 0 to 1. The image is padded as shields do it.
Patches plain_patches(const image::Image& image, std::size_t patch);
/// The way back: rounded and clamped, cropped to height x width.
image::Image from_patches(const Patches& patches, std::size_t patch, std::size_t channels, std::size_t height,
                          std::size_t width);

/// What a random network made of each patch: neuracrypt's rows are in the order of its shuffle. Throws MismatchError
/// for a picture that these parameters cannot have made.
Patches cipher_patches(const shield::Picture& picture, const shield::Parameters& what);

/// Puts the rows of shuffled pictures, in place, into the order of the first picture's rows: a row's vector of position
/// weighs more than what the patch shows, so rows of one position are close. Assignment to the running mean.
void align_rows(std::vector<Patches>& pictures);

/// squared[i * count + j]: the squared distance between pictures i and j in row `row`.
Eigen::MatrixXd squared_distances(std::span<const Patches> pictures, Eigen::Index row);

}  // namespace obscura::audit
