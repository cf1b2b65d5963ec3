#include "audit/match_hill.h"

#include <algorithm>
#include <cmath>

#include "audit/block_statistics.h"
#include "audit/orthogonal_match.h"
#include "audit/whole_numbers.h"
#include "base/error.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

using shield::Grid;

// Of the greatest variance: what is below cannot be told from rounding of samples of single precision.
constexpr double kLeastVariance = 1e-13;
constexpr double kMeansWeight = 0.2;
// Of the mean square Mahalanobis length, 1: where division by the length begins to matter.
constexpr double kFloor = 1;
constexpr std::size_t kMostDifferences = 100'000;

Eigen::Index index(std::size_t v) {
  return static_cast<Eigen::Index>(v);
}

/// Writes block `place` of a channel as a row; sample(y, x) is a pixel of it.
template <typename Row, typename Sample>
void write_row(const Grid& grid, std::size_t place, Row&& row, Sample sample) {
  const std::size_t top = grid.top(place), left = grid.left(place), k = grid.side;
  for (std::size_t i = 0; i < k * k; ++i) row[index(i)] = static_cast<double>(sample(top + i / k, left + i % k));
}

/// W with W C W = 1, and its inverse.
struct Whitening {
  explicit Whitening(const Matrix& covariance) {
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(covariance);
    const Vector values = solver.eigenvalues();
    const double least = std::max(values.maxCoeff(), 1e-9) * kLeastVariance;
    const Vector deviations = (values.array().max(0) + least).sqrt();
    const Matrix& vectors = solver.eigenvectors();
    forward = vectors * deviations.cwiseInverse().asDiagonal() * vectors.transpose();
    back = vectors * deviations.asDiagonal() * vectors.transpose();
  }
  Matrix forward;
  Matrix back;
};

/// The statistics of blocks divided by their own Mahalanobis length, as in Tyler's estimator of scatter: a linear map
/// leaves that length alone, and no longer do the few pictures of greatest contrast decide everything.
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

BlockStatistics plain_statistics(const image::Dataset& publics, std::size_t block, std::size_t channel) {
  const Grid grid(shield::round_up(publics.height, block), shield::round_up(publics.width, block), block);
  const auto read = [&](std::size_t first, PlacedBlocks& out) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(out[0].rows()); ++i) {
      const std::uint8_t* plane = publics.pixels(first + i).data() + channel * publics.height * publics.width;
      // Beyond the image its last row and column go on, as shields pad it.
      const auto sample = [&](std::size_t y, std::size_t x) {
        return plane[std::min(y, publics.height - 1) * publics.width + std::min(x, publics.width - 1)];
      };
      for (std::size_t b = 0; b < out.size(); ++b) write_row(grid, b, out[b].row(index(i)), sample);
    }
  };
  return even_statistics(publics.count, grid, read);
}

class Ciphers {
 public:
  Ciphers(std::span<const shield::RealImage> pictures, std::size_t block, std::size_t channel)
      : pictures_(pictures), grid_(pictures[0].height, pictures[0].width, block), channel_(channel) {}

  BlockStatistics statistics() const {
    const auto read = [&](std::size_t first, PlacedBlocks& out) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(out[0].rows()); ++i) {
        for (std::size_t b = 0; b < out.size(); ++b) write(first + i, b, out[b].row(index(i)));
      }
    };
    return even_statistics(pictures_.size(), grid_, read);
  }

  /// Blocks less their neighbours to the right and below: where a picture is smooth, images of small whole numbers.
  Matrix differences() const {
    const std::size_t size = grid_.side * grid_.side;
    const std::size_t each = grid_.rows * (grid_.columns - 1) + (grid_.rows - 1) * grid_.columns + grid_.count();
    const std::size_t images = std::min(pictures_.size(), std::max<std::size_t>(1, kMostDifferences / each));
    Rows out(index(images * each), index(size)), blocks(index(grid_.count()), index(size));
    Eigen::Index at = 0;
    for (std::size_t n = 0; n < images; ++n) {
      for (std::size_t b = 0; b < grid_.count(); ++b) write(n, b, blocks.row(index(b)));
      for (std::size_t b = 0; b < grid_.count(); ++b) {
        out.row(at++) = blocks.row(index(b));
        if ((b + 1) % grid_.columns != 0) out.row(at++) = blocks.row(index(b + 1)) - blocks.row(index(b));
        if (b + grid_.columns < grid_.count()) {
          out.row(at++) = blocks.row(index(b + grid_.columns)) - blocks.row(index(b));
        }
      }
    }
    return out.topRows(at);
  }

 private:
  template <typename Row>
  void write(std::size_t n, std::size_t place, Row&& row) const {
    const float* plane = pictures_[n].values.data() + channel_ * pictures_[n].height * pictures_[n].width;
    const std::size_t width = pictures_[n].width;
    write_row(grid_, place, row, [&](std::size_t y, std::size_t x) { return plane[y * width + x]; });
  }

  std::span<const shield::RealImage> pictures_;
  Grid grid_;
  std::size_t channel_;
};

struct White {
  std::vector<Matrix> lagged;
  Matrix rows;
};

White whiten(const BlockStatistics& s, const Matrix& w, bool same_grid) {
  White out;
  for (const Matrix& m : s.lagged) out.lagged.push_back(w * m * w);
  const Eigen::Index places = same_grid ? s.means.rows() : 0;
  Matrix rows(places + 1, s.mean.size());
  rows.row(0) = s.mean.transpose();
  if (places > 0) rows.bottomRows(places) = s.means / std::sqrt(static_cast<double>(places));
  out.rows = std::sqrt(kMeansWeight) * rows * w;
  return out;
}

std::vector<double> to_vector(const Vector& v) {
  return {v.begin(), v.end()};
}

HillChannel match_channel(const Ciphers& ciphers, const BlockStatistics& plain, std::uint64_t seed) {
  const BlockStatistics cipher = ciphers.statistics();
  const bool same_grid = plain.means.rows() == cipher.means.rows();
  const Whitening wx(plain.covariance), wy(cipher.covariance);
  const White x = whiten(plain, wx.forward, same_grid), y = whiten(cipher, wy.forward, same_grid);
  const OrthogonalMatch match = match_orthogonal({x.lagged, y.lagged, x.rows, y.rows}, seed);
  const Matrix inverse = wy.forward * match.rotation.transpose() * wx.back;
  const WholeNumbers whole = to_whole_numbers(ciphers.differences(), inverse);

  HillChannel out;
  out.residual = match.residual;
  out.exact = whole.distance < 0.01;
  const Matrix& best = out.exact ? whole.inverse : inverse;
  out.inverse = shield::RealMatrix(static_cast<std::size_t>(best.rows()));
  Eigen::Map<Rows>(out.inverse.values.data(), best.rows(), best.cols()) = best;
  out.cipher_mean = to_vector(cipher.mean);
  // An exact inverse needs no public mean.
  out.plain_mean = to_vector(out.exact ? Vector(best.transpose() * cipher.mean) : plain.mean);
  return out;
}

void check(std::span<const shield::RealImage> ciphers, const image::Dataset& publics, std::size_t block) {
  if (block == 0) throw ParameterError("blocks of 0 pixels cannot be matched");
  if (ciphers.size() < 2 || publics.count < 2) {
    throw ParameterError("matching statistics needs two protected pictures and two public images at least");
  }
  const shield::RealImage& first = ciphers[0];
  for (const shield::RealImage& c : ciphers) {
    const bool same = c.channels == first.channels && c.height == first.height && c.width == first.width;
    const bool whole = c.height % block == 0 && c.width % block == 0 && c.height > 0 && c.width > 0;
    if (!same || !whole || c.values.size() != c.channels * c.height * c.width) {
      throw MismatchError("protected pictures must be of one shape, in whole blocks of " + std::to_string(block) +
                          " pixels");
    }
  }
  if (first.channels != publics.channels) {
    throw MismatchError("public images have " + std::to_string(publics.channels) + " channels, protected ones " +
                        std::to_string(first.channels));
  }
}

std::uint8_t to_byte(double v) {
  if (!(v > 0)) return 0;
  return v >= 255 ? 255 : static_cast<std::uint8_t>(v + 0.5);
}

}  // namespace

HillGuess match_hill(std::span<const shield::RealImage> ciphers, const image::Dataset& publics, std::size_t block,
                     std::uint64_t seed) {
  check(ciphers, publics, block);
  HillGuess out{block, {}};
  for (std::size_t c = 0; c < publics.channels; ++c) {
    out.channels.push_back(match_channel(Ciphers(ciphers, block, c), plain_statistics(publics, block, c), seed + c));
  }
  return out;
}

image::Image recover(const HillGuess& guess, const shield::RealImage& cipher) {
  if (guess.channels.size() != cipher.channels || cipher.height % guess.block != 0 || cipher.width % guess.block != 0 ||
      cipher.values.size() != cipher.channels * cipher.height * cipher.width) {
    throw MismatchError("this picture has not the channels or the blocks that the guess is for");
  }
  const Grid grid(cipher.height, cipher.width, guess.block);
  const std::size_t size = guess.block * guess.block;
  image::Image out(cipher.channels, cipher.height, cipher.width);
  Vector y(index(size)), x(index(size));
  for (std::size_t c = 0; c < cipher.channels; ++c) {
    const HillChannel& channel = guess.channels[c];
    const Eigen::Map<const Rows> inverse(channel.inverse.values.data(), index(size), index(size));
    const Eigen::Map<const Vector> plain(channel.plain_mean.data(), index(size));
    const Eigen::Map<const Vector> hidden(channel.cipher_mean.data(), index(size));
    const float* plane = cipher.values.data() + c * cipher.height * cipher.width;
    for (std::size_t b = 0; b < grid.count(); ++b) {
      write_row(grid, b, y, [&](std::size_t v, std::size_t u) { return plane[v * cipher.width + u]; });
      x.noalias() = inverse.transpose() * (y - hidden) + plain;
      for (std::size_t i = 0; i < size; ++i) {
        out.at(grid.top(b) + i / guess.block, grid.left(b) + i % guess.block, c) = to_byte(x[index(i)]);
      }
    }
  }
  return out;
}

}  // namespace obscura::audit
