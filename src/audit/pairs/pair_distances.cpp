#include "audit/pairs/pair_distances.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "audit/algebra/assignment.h"
#include "shield/blocks.h"
#include "shield/neuracrypt.h"

namespace obscura::audit {
namespace {

using Index = Eigen::Index;

constexpr std::size_t kOwnKeys = 4;

void standardise(Matrix& m) {
  m.array() -= m.mean();
  const double deviation = std::sqrt(m.array().square().mean());
  if (deviation > 0) m /= deviation;
}

Distances raw_distances(std::span<const Patches> pictures) {
  Distances out;
  for (Index row = 0; row < pictures.front().rows(); ++row) out.at.push_back(squared_distances(pictures, row));
  return out;
}

void finish(Distances& d) {
  d.total = Matrix::Zero(d.at.front().rows(), d.at.front().cols());
  for (Matrix& m : d.at) {
    d.total += m;
    standardise(m);
  }
  standardise(d.total);
}

/// Each row sorted: the same for a picture wherever it stands.
Matrix signatures(const Matrix& m) {
  Rows rows = m;
  for (Index i = 0; i < rows.rows(); ++i) std::sort(rows.row(i).data(), rows.row(i).data() + rows.cols());
  return rows;
}

/// Columns of `m` in the order of the matched images.
Matrix columns_by(const Matrix& m, const Order& order) {
  Matrix out(m.rows(), m.cols());
  for (std::size_t j = 0; j < order.size(); ++j) out.col(static_cast<Index>(j)) = m.col(static_cast<Index>(order[j]));
  return out;
}

Matrix both_by(const Matrix& m, const Order& order) {
  return columns_by(columns_by(m, order).transpose(), order);
}

}  // namespace

Distances distances_of(std::span<const Patches> pictures) {
  Distances out = raw_distances(pictures);
  finish(out);
  return out;
}

Distances expected_distances(const shield::Parameters& what, std::span<const image::Image> plains, std::uint64_t seed) {
  Distances out;
  for (std::size_t k = 0; k < kOwnKeys; ++k) {
    const std::array<std::uint64_t, 2> numbers{seed, k};
    const shield::NeuraCrypt own(what, shield::derive({}, "audit: own key", numbers));
    std::vector<Patches> pictures;
    for (const image::Image& image : plains) {
      const shield::RealImage z = own.representation(shield::pad(image, what.block));
      pictures.push_back(Eigen::Map<const Patches>(z.values.data(), static_cast<Index>(z.channels),
                                                   static_cast<Index>(z.height * z.width))
                             .transpose());
    }
    Distances one = raw_distances(pictures);
    if (out.at.empty())
      out = std::move(one);
    else
      for (std::size_t p = 0; p < out.at.size(); ++p) out.at[p] += one.at[p];
  }
  finish(out);
  return out;
}

Order assigned(const Matrix& cost) {
  const Rows rows = cost;
  return assign(std::span(rows.data(), static_cast<std::size_t>(rows.size())), static_cast<std::size_t>(cost.rows()),
                static_cast<std::size_t>(cost.cols()));
}

Matrix squared_differences(const Matrix& a, const Matrix& b) {
  Matrix out = -2 * a * b.transpose();
  out.colwise() += a.rowwise().squaredNorm();
  out.rowwise() += b.rowwise().squaredNorm().transpose();
  return out;
}

Order first_match(const Distances& cipher, const Distances& plain, const Order& positions) {
  Matrix cost = squared_differences(signatures(cipher.total), signatures(plain.total));
  for (std::size_t p = 0; p < positions.size(); ++p) {
    cost += squared_differences(signatures(cipher.at[p]), signatures(plain.at[positions[p]]));
  }
  return assigned(cost);
}

Order match_images(const Distances& cipher, const Distances& plain, const Order& images, const Order& positions) {
  Matrix agreement = cipher.total * columns_by(plain.total, images).transpose();
  for (std::size_t p = 0; p < positions.size(); ++p) {
    agreement += cipher.at[p] * columns_by(plain.at[positions[p]], images).transpose();
  }
  return assigned(-agreement);
}

Order match_positions(const Distances& cipher, const Distances& plain, const Order& images) {
  const std::size_t n = cipher.at.size();
  const Index count = cipher.total.size();
  Matrix of_cipher(static_cast<Index>(n), count), of_plain(static_cast<Index>(n), count);
  for (std::size_t p = 0; p < n; ++p) {
    of_cipher.row(static_cast<Index>(p)) = cipher.at[p].reshaped().transpose();
    of_plain.row(static_cast<Index>(p)) = both_by(plain.at[p], images).reshaped().transpose();
  }
  return assigned(-of_cipher * of_plain.transpose() / static_cast<double>(count));
}

double agreement_of(const Distances& cipher, const Distances& plain, const Order& images, const Order& positions) {
  double sum = 0;
  for (std::size_t p = 0; p < positions.size(); ++p) {
    sum += (cipher.at[p].array() * both_by(plain.at[positions[p]], images).array()).mean();
  }
  return sum / static_cast<double>(positions.size());
}

}  // namespace obscura::audit
