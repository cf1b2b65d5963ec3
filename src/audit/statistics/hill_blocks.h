#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "audit/algebra/orthogonal_match.h"
#include "audit/statistics/block_statistics.h"
#include "audit/statistics/smooth_pixels.h"
#include "image/dataset.h"
#include "shield/blocks.h"
#include "shield/shield.h"

/// Internal to src/audit: pictures as blocks of one channel, a row of k^2 samples each, for attacks on hill.
namespace obscura::audit {

/// Writes block `place` of a channel as a row; sample(y, x) is a pixel of it.
template <typename Row, typename Sample>
void write_row(const shield::Grid& grid, std::size_t place, Row&& row, Sample sample) {
  const std::size_t top = grid.top(place), left = grid.left(place), k = grid.side;
  for (std::size_t i = 0; i < k * k; ++i) {
    row[static_cast<Eigen::Index>(i)] = static_cast<double>(sample(top + i / k, left + i % k));
  }
}

/// W with W C W = 1 for a covariance C, and its inverse.
struct Whitening {
  explicit Whitening(const Matrix& covariance);
  Matrix forward;
  Matrix back;
};

/// One channel of protected pictures of one shape, which have to outlive it.
class CipherBlocks {
 public:
  CipherBlocks(std::span<const shield::RealImage> pictures, std::size_t block, std::size_t channel);

  /// The statistics of blocks divided by their own Mahalanobis length, as in Tyler's estimator of scatter: a linear map
  /// leaves that length alone, and no longer do the few pictures of greatest contrast decide everything.
  BlockStatistics statistics() const;
  /// Of blocks as they are.
  PixelMoments moments() const;

  /// Blocks, unless they are left out, and blocks less their neighbours to the right and below: where a picture is
  /// smooth, images of small whole numbers.
  Matrix differences(bool with_blocks = true) const;

  /// Blocks as they are, of as many pictures as make at most `most`.
  Matrix blocks(std::size_t most) const;

  const shield::Grid& grid() const { return grid_; }

 private:
  template <typename Row>
  void write(std::size_t picture, std::size_t place, Row&& row) const;
  std::size_t size() const { return grid_.side * grid_.side; }

  std::span<const shield::RealImage> pictures_;
  shield::Grid grid_;
  std::size_t channel_;
};

/// The same statistics of a channel of plain images, padded as shields do it.
BlockStatistics plain_statistics(const image::Dataset& images, std::size_t block, std::size_t channel);

/// What is left to be found between two sides once both are whitened. The means of places count where both have as
/// many.
OrthogonalProblem whitened_problem(const BlockStatistics& from, const Whitening& from_whitening,
                                   const BlockStatistics& to, const Whitening& to_whitening);

/// Throws MismatchError unless all pictures are of one shape in whole blocks, ParameterError for blocks of none or for
/// less than two pictures.
void check_hill_pictures(std::span<const shield::RealImage> pictures, std::size_t block);

}  // namespace obscura::audit
