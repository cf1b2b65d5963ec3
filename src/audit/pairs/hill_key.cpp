#include "audit/pairs/hill_key.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "audit/algebra/matrices.h"
#include "base/error.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

using Index = Eigen::Index;
using Bytes = std::vector<std::uint8_t>;

/// One channel of either kind of picture.
struct Plane {
  std::size_t height = 0;
  std::size_t width = 0;
  std::vector<double> values;
};

Plane plane_of(const image::Image& image, std::size_t c) {
  Plane out{image.height, image.width, {}};
  for (std::size_t i = c; i < image.pixels.size(); i += image.channels) out.values.push_back(image.pixels[i]);
  return out;
}

Plane plane_of(const shield::RealImage& picture, std::size_t c) {
  const auto area = static_cast<std::ptrdiff_t>(picture.height * picture.width);
  const auto first = picture.values.begin() + static_cast<std::ptrdiff_t>(c) * area;
  return {picture.height, picture.width, {first, first + area}};
}

template <typename P>
const P& picture_of(const shield::Protected& cipher) {
  if (const P* picture = std::get_if<P>(&cipher.picture)) return *picture;
  throw MismatchError("a protected picture is of the other arithmetic than the hill that is attacked");
}

/// Appends the plane's blocks as rows.
void add_blocks(const Plane& plane, std::size_t block, std::vector<double>& rows) {
  const shield::Grid grid(plane.height, plane.width, block);
  for (std::size_t b = 0; b < grid.count(); ++b) {
    for (std::size_t y = 0; y < block; ++y) {
      const double* row = &plane.values[(grid.top(b) + y) * plane.width + grid.left(b)];
      rows.insert(rows.end(), row, row + block);
    }
  }
}

/// Known blocks of one channel, row for row.
struct Known {
  std::vector<double> plain;
  std::vector<double> cipher;
};

template <typename P>
Known known_blocks(const shield::Parameters& what, std::span<const image::Image> plain,
                   std::span<const shield::Protected> ciphers, std::size_t channel) {
  Known out;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const image::Image padded = shield::pad(plain[i], what.block);
    const P& picture = picture_of<P>(ciphers[i]);
    if (padded.height != picture.height || padded.width != picture.width || padded.channels != picture.channels ||
        padded.channels != plain.front().channels) {
      throw MismatchError(fmt::format("known picture {} is not as large as what hill makes of its image", i));
    }
    add_blocks(plane_of(padded, channel), what.block, out.plain);
    add_blocks(plane_of(picture, channel), what.block, out.cipher);
  }
  return out;
}

void check(const shield::Parameters& what, std::span<const image::Image> plain,
           std::span<const shield::Protected> ciphers) {
  if (what.shield != "hill") throw UnsupportedError("known blocks give a key matrix of hill, not of " + what.shield);
  if (plain.empty() || plain.size() != ciphers.size()) {
    throw MismatchError("known plaintext needs as many protected pictures as plain images, one or more");
  }
}

HillKey<double> solve(const Known& known, std::size_t size) {
  const auto n = static_cast<Index>(size), count = static_cast<Index>(known.plain.size()) / n;
  const Eigen::Map<const Rows> p(known.plain.data(), count, n), c(known.cipher.data(), count, n);
  // Plain blocks by protected ones, as reveal needs it. Both have the same rank. QR: normal equations would square the
  // condition number and lose half of the digits.
  Eigen::CompleteOrthogonalDecomposition<Matrix> qr(c);
  const Matrix inverse = qr.solve(p);
  HillKey<double> out;
  out.inverse = shield::RealMatrix(size);
  Eigen::Map<Rows>(out.inverse.values.data(), n, n) = inverse;
  out.blocks = static_cast<std::size_t>(count);
  out.rank = static_cast<std::size_t>(Eigen::ColPivHouseholderQR<Matrix>(p).rank());
  const double norm = p.norm();
  out.residual = norm > 0 ? (c * inverse - p).norm() / norm : 0;
  return out;
}

/// Rows [plain | cipher] modulo 256, eliminated with odd pivots until the plain half is the identity: the other half is
/// the key then.
class Elimination {
 public:
  explicit Elimination(std::size_t size) : size_(size), pivots_(size) {}

  std::size_t rank() const { return rank_; }
  /// Takes one known block; nothing happens if it tells nothing new (modulo 2).
  void add(Bytes row) {
    for (std::size_t k = 0; k < size_; ++k) {
      if (!pivots_[k].empty()) subtract(row, pivots_[k], row[k]);
    }
    const auto odd = std::find_if(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(size_),
                                  [](std::uint8_t v) { return v % 2 == 1; });
    const auto k = static_cast<std::size_t>(odd - row.begin());
    if (k == size_) return;
    const std::uint8_t unit = inverse(row[k]);
    for (std::uint8_t& v : row) v = static_cast<std::uint8_t>(v * unit);
    for (Bytes& other : pivots_) {
      if (!other.empty()) subtract(other, row, other[k]);
    }
    pivots_[k] = std::move(row);
    ++rank_;
  }
  /// Zeros where the rank is too low.
  shield::ByteMatrix key() const {
    shield::ByteMatrix out(size_);
    for (std::size_t k = 0; k < size_; ++k) {
      if (pivots_[k].empty()) continue;
      std::copy(pivots_[k].begin() + static_cast<std::ptrdiff_t>(size_), pivots_[k].end(), &out.values[k * size_]);
    }
    return out;
  }

 private:
  static void subtract(Bytes& row, const Bytes& pivot, std::uint8_t times) {
    if (times == 0) return;
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<std::uint8_t>(row[i] - times * pivot[i]);
  }
  /// Of an odd number modulo 256: each step doubles the bits that are right, of which v itself has three.
  static std::uint8_t inverse(std::uint8_t v) {
    unsigned x = v;
    for (int i = 0; i < 2; ++i) x *= 2 - v * x;
    return static_cast<std::uint8_t>(x);
  }

  std::size_t size_;
  std::vector<Bytes> pivots_;
  std::size_t rank_ = 0;
};

Bytes times(const double* block, const shield::ByteMatrix& matrix) {
  Bytes out(matrix.size);
  for (std::size_t k = 0; k < matrix.size; ++k) {
    const auto v = static_cast<unsigned>(block[k]);
    for (std::size_t j = 0; j < matrix.size; ++j) out[j] = static_cast<std::uint8_t>(out[j] + v * matrix.at(k, j));
  }
  return out;
}

HillKey<std::uint8_t> solve_modular(const Known& known, std::size_t size) {
  Elimination elimination(size);
  const std::size_t count = known.plain.size() / size;
  for (std::size_t b = 0; b < count && elimination.rank() < size; ++b) {
    Bytes row;
    for (const auto* half : {&known.plain, &known.cipher}) {
      for (std::size_t i = 0; i < size; ++i) row.push_back(static_cast<std::uint8_t>((*half)[b * size + i]));
    }
    elimination.add(std::move(row));
  }
  HillKey<std::uint8_t> out;
  out.blocks = count;
  out.rank = elimination.rank();
  const shield::ByteMatrix key = elimination.key();
  out.inverse = shield::invert(key).value_or(shield::ByteMatrix(size));
  std::size_t wrong = 0;
  for (std::size_t b = 0; b < count; ++b) {
    const Bytes made = times(&known.plain[b * size], key);
    for (std::size_t i = 0; i < size; ++i) wrong += made[i] != known.cipher[b * size + i] ? 1 : 0;
  }
  out.residual = static_cast<double>(wrong) / static_cast<double>(std::max<std::size_t>(count * size, 1));
  return out;
}

std::vector<double> times(const double* block, const shield::RealMatrix& matrix) {
  std::vector<double> out(matrix.size);
  for (std::size_t k = 0; k < matrix.size; ++k) {
    for (std::size_t j = 0; j < matrix.size; ++j) out[j] += block[k] * matrix.at(k, j);
  }
  for (double& v : out) v = std::clamp(std::round(v), 0.0, 255.0);
  return out;
}

template <typename P, typename T>
image::Image recover_with(const std::vector<HillKey<T>>& keys, std::size_t block, const shield::Protected& cipher) {
  const P& picture = picture_of<P>(cipher);
  if (picture.channels != keys.size() || picture.height % block != 0 || picture.width % block != 0) {
    throw MismatchError("a protected picture is of other channels or sides than the key that was solved for");
  }
  image::Image out(picture.channels, picture.height, picture.width);
  const shield::Grid grid(picture.height, picture.width, block);
  for (std::size_t c = 0; c < keys.size(); ++c) {
    std::vector<double> rows;
    add_blocks(plane_of(picture, c), block, rows);
    for (std::size_t b = 0; b < grid.count(); ++b) {
      const auto plain = times(&rows[b * block * block], keys[c].inverse);
      for (std::size_t i = 0; i < plain.size(); ++i) {
        out.at(grid.top(b) + i / block, grid.left(b) + i % block, c) = static_cast<std::uint8_t>(plain[i]);
      }
    }
  }
  return shield::crop(out, cipher.height, cipher.width);
}

}  // namespace

std::vector<HillKey<double>> solve_real_hill(const shield::Parameters& what, std::span<const image::Image> plain,
                                             std::span<const shield::Protected> ciphers) {
  check(what, plain, ciphers);
  std::vector<HillKey<double>> out;
  for (std::size_t c = 0; c < plain.front().channels; ++c) {
    out.push_back(solve(known_blocks<shield::RealImage>(what, plain, ciphers, c), what.block * what.block));
  }
  return out;
}

std::vector<HillKey<std::uint8_t>> solve_modular_hill(const shield::Parameters& what,
                                                      std::span<const image::Image> plain,
                                                      std::span<const shield::Protected> ciphers) {
  check(what, plain, ciphers);
  std::vector<HillKey<std::uint8_t>> out;
  for (std::size_t c = 0; c < plain.front().channels; ++c) {
    out.push_back(solve_modular(known_blocks<image::Image>(what, plain, ciphers, c), what.block * what.block));
  }
  return out;
}

image::Image recover(const std::vector<HillKey<double>>& keys, std::size_t block, const shield::Protected& cipher) {
  return recover_with<shield::RealImage>(keys, block, cipher);
}

image::Image recover(const std::vector<HillKey<std::uint8_t>>& keys, std::size_t block,
                     const shield::Protected& cipher) {
  return recover_with<image::Image>(keys, block, cipher);
}

}  // namespace obscura::audit
