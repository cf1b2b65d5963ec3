#include "audit/statistics/hill_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace obscura::audit {
namespace {

using shield::Grid;

// Of the greatest variance: what is below cannot be told from rounding of samples of single precision.
constexpr double kLeastVariance = 1e-13;
// Of the mean square Mahalanobis length, 1: where division by the length begins to matter.
constexpr double kFloor = 1;
constexpr double kMeansWeight = 0.2;
constexpr std::size_t kMostDifferences = 100'000;

Eigen::Index index(std::size_t v) {
  return static_cast<Eigen::Index>(v);
}

BlockStatistics even_statistics(std::size_t count, const Grid& grid, const ReadBlocks& read) {
  const std::size_t size = grid.side * grid.side;
  BlockStatistics first = block_statistics(count, grid.rows, grid.columns, size, read);
  const Matrix whitening = Whitening(first.covariance).forward;
  BlockStatistics even =
      block_statistics(count, grid.rows, grid.columns, size, [&](std::size_t from, PlacedBlocks& out) {
        read(from, out);
        for (Rows& rows : out) {
          rows.rowwise() -= first.mean.transpose();
          const Vector squares = (rows * whitening).rowwise().squaredNorm() / static_cast<double>(size);
          rows.array().colwise() /= (squares.array() + kFloor).sqrt();
        }
      });
  even.mean = first.mean;
  even.means = first.means;
  return even;
}

/// The mean of all, and of each place.
Matrix weighted_means(const BlockStatistics& s, const Matrix& whitening, bool with_places) {
  const Eigen::Index places = with_places ? s.means.rows() : 0;
  Matrix rows(places + 1, s.mean.size());
  rows.row(0) = s.mean.transpose();
  if (places > 0) rows.bottomRows(places) = s.means / std::sqrt(static_cast<double>(places));
  return std::sqrt(kMeansWeight) * rows * whitening;
}

}  // namespace

Whitening::Whitening(const Matrix& covariance) {
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(covariance);
  const Vector values = solver.eigenvalues();
  const double least = std::max(values.maxCoeff(), 1e-9) * kLeastVariance;
  const Vector deviations = (values.array().max(0) + least).sqrt();
  const Matrix& vectors = solver.eigenvectors();
  forward = vectors * deviations.cwiseInverse().asDiagonal() * vectors.transpose();
  back = vectors * deviations.asDiagonal() * vectors.transpose();
}

CipherBlocks::CipherBlocks(std::span<const shield::RealImage> pictures, std::size_t block, std::size_t channel)
    : pictures_(pictures), grid_(pictures[0].height, pictures[0].width, block), channel_(channel) {}

template <typename Row>
void CipherBlocks::write(std::size_t picture, std::size_t place, Row&& row) const {
  const shield::RealImage& p = pictures_[picture];
  const float* plane = p.values.data() + channel_ * p.height * p.width;
  write_row(grid_, place, row, [&](std::size_t y, std::size_t x) { return plane[y * p.width + x]; });
}

BlockStatistics CipherBlocks::statistics() const {
  return even_statistics(pictures_.size(), grid_, [&](std::size_t first, PlacedBlocks& out) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(out[0].rows()); ++i) {
      for (std::size_t b = 0; b < out.size(); ++b) write(first + i, b, out[b].row(index(i)));
    }
  });
}

PixelMoments CipherBlocks::moments() const {
  const Matrix zero = Matrix::Zero(index(size()), index(size()));
  PixelMoments out(3, {zero, zero, zero});
  Matrix rows(index(grid_.count()), index(size()));
  const auto add = [&](PairMoments& m, const Matrix& a, const Matrix& b) {
    m.first.noalias() += a.transpose() * a;
    m.second.noalias() += b.transpose() * b;
    m.both.noalias() += a.transpose() * b;
  };
  const Eigen::Index columns = index(grid_.columns), below = rows.rows() - columns;
  for (std::size_t n = 0; n < pictures_.size(); ++n) {
    for (std::size_t b = 0; b < grid_.count(); ++b) write(n, b, rows.row(index(b)));
    add(out[0], rows, rows);
    for (Eigen::Index y = 0; y < index(grid_.rows); ++y) {
      add(out[1], rows.middleRows(y * columns, columns - 1), rows.middleRows(y * columns + 1, columns - 1));
    }
    add(out[2], rows.topRows(below), rows.bottomRows(below));
  }
  const auto pictures = static_cast<double>(pictures_.size());
  const std::array<double, 3> pairs = {static_cast<double>(grid_.count()),
                                       static_cast<double>(grid_.rows * (grid_.columns - 1)),
                                       static_cast<double>(below)};
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (Matrix* m : {&out[i].first, &out[i].second, &out[i].both}) *m /= std::max(pictures * pairs[i], 1.0);
  }
  return out;
}

Matrix CipherBlocks::differences(bool with_blocks) const {
  const std::size_t each = grid_.rows * (grid_.columns - 1) + (grid_.rows - 1) * grid_.columns + grid_.count();
  const std::size_t images = std::min(pictures_.size(), std::max<std::size_t>(1, kMostDifferences / each));
  Rows out(index(images * each), index(size())), blocks(index(grid_.count()), index(size()));
  Eigen::Index at = 0;
  for (std::size_t n = 0; n < images; ++n) {
    for (std::size_t b = 0; b < grid_.count(); ++b) write(n, b, blocks.row(index(b)));
    for (std::size_t b = 0; b < grid_.count(); ++b) {
      if (with_blocks) out.row(at++) = blocks.row(index(b));
      if ((b + 1) % grid_.columns != 0) out.row(at++) = blocks.row(index(b + 1)) - blocks.row(index(b));
      if (b + grid_.columns < grid_.count()) {
        out.row(at++) = blocks.row(index(b + grid_.columns)) - blocks.row(index(b));
      }
    }
  }
  return out.topRows(at);
}

Matrix CipherBlocks::blocks(std::size_t most) const {
  const std::size_t images = std::clamp<std::size_t>(most / grid_.count(), 1, pictures_.size());
  Rows out(index(images * grid_.count()), index(size()));
  for (std::size_t n = 0; n < images; ++n) {
    for (std::size_t b = 0; b < grid_.count(); ++b) write(n, b, out.row(index(n * grid_.count() + b)));
  }
  return out;
}

BlockStatistics plain_statistics(const image::Dataset& images, std::size_t block, std::size_t channel) {
  const Grid grid(shield::round_up(images.height, block), shield::round_up(images.width, block), block);
  return even_statistics(images.count, grid, [&](std::size_t first, PlacedBlocks& out) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(out[0].rows()); ++i) {
      const std::uint8_t* plane = images.pixels(first + i).data() + channel * images.height * images.width;
      // Beyond the image its last row and column go on, as shields pad it.
      const auto sample = [&](std::size_t y, std::size_t x) {
        return plane[std::min(y, images.height - 1) * images.width + std::min(x, images.width - 1)];
      };
      for (std::size_t b = 0; b < out.size(); ++b) write_row(grid, b, out[b].row(index(i)), sample);
    }
  });
}

OrthogonalProblem whitened_problem(const BlockStatistics& from, const Whitening& from_whitening,
                                   const BlockStatistics& to, const Whitening& to_whitening) {
  const bool same_grid = from.means.rows() == to.means.rows();
  OrthogonalProblem out;
  for (const Matrix& m : from.lagged) out.from.push_back(from_whitening.forward * m * from_whitening.forward);
  for (const Matrix& m : to.lagged) out.to.push_back(to_whitening.forward * m * to_whitening.forward);
  out.from_rows = weighted_means(from, from_whitening.forward, same_grid);
  out.to_rows = weighted_means(to, to_whitening.forward, same_grid);
  return out;
}

void check_hill_pictures(std::span<const shield::RealImage> pictures, std::size_t block) {
  if (block == 0) throw ParameterError("blocks of 0 pixels cannot be matched");
  if (pictures.size() < 2) throw ParameterError("matching statistics needs two protected pictures at least");
  const shield::RealImage& first = pictures[0];
  for (const shield::RealImage& p : pictures) {
    const bool same = p.channels == first.channels && p.height == first.height && p.width == first.width;
    const bool whole = p.height % block == 0 && p.width % block == 0 && p.height > 0 && p.width > 0;
    if (!same || !whole || p.values.size() != p.channels * p.height * p.width) {
      throw MismatchError("protected pictures must be of one shape, in whole blocks of " + std::to_string(block) +
                          " pixels");
    }
  }
}

}  // namespace obscura::audit
