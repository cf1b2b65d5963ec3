#include "audit/statistics/match_hill.h"

#include <cmath>

#include "audit/algebra/orthogonal_match.h"
#include "audit/algebra/whole_numbers.h"
#include "audit/statistics/hill_blocks.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

using shield::Grid;

Eigen::Index index(std::size_t v) {
  return static_cast<Eigen::Index>(v);
}

std::vector<double> to_vector(const Vector& v) {
  return {v.begin(), v.end()};
}

HillChannel match_channel(const CipherBlocks& ciphers, const BlockStatistics& plain, std::uint64_t seed) {
  const BlockStatistics cipher = ciphers.statistics();
  const Whitening wx(plain.covariance), wy(cipher.covariance);
  const OrthogonalMatch match = match_orthogonal(whitened_problem(plain, wx, cipher, wy), seed);
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
  check_hill_pictures(ciphers, block);
  if (publics.count < 2) throw ParameterError("matching statistics needs two public images at least");
  if (ciphers[0].channels != publics.channels) {
    throw MismatchError("public images have " + std::to_string(publics.channels) + " channels, protected ones " +
                        std::to_string(ciphers[0].channels));
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
    out.channels.push_back(
        match_channel(CipherBlocks(ciphers, block, c), plain_statistics(publics, block, c), seed + c));
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
