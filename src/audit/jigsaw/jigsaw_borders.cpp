#include "audit/jigsaw/jigsaw_borders.h"

#include "shield/blocks.h"

namespace obscura::audit {
namespace {

using Samples = Border::Samples;

/// Gradients of nought to one grey level, so that the covariance of a flat border has an inverse.
void finish(Border& border, const Samples& inner) {
  const Samples gradients = border.samples - inner;
  Samples all(gradients.rows() + 9, 3);
  all.topRows(gradients.rows()) = gradients;
  all.bottomRows(9) << 0, 0, 0, 1, 1, 1, -1, -1, -1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, -1, 0, -1, 0, -1, 0, 0;
  const Samples centred = all.rowwise() - all.colwise().mean().eval();
  const Eigen::Matrix3d covariance = centred.transpose() * centred / static_cast<double>(all.rows() - 1);
  border.precision = covariance.inverse();
  const Samples expected = border.samples.rowwise() + gradients.colwise().mean().eval();
  border.wanted = expected * border.precision;
  border.products = border.samples.transpose() * border.samples;
  border.constant = border.wanted.cwiseProduct(expected).sum();
}

/// What one border wants of each sample of another: entry (c, d) for its colour c and the other's d.
Eigen::Matrix3d agreement(const Border& first, const Border& second, bool along) {
  if (along) return first.wanted.transpose() * second.samples;
  return first.wanted.transpose() * second.samples.colwise().reverse();
}

/// The squared Mahalanobis length of (second, recoloured) - (what the first expects), summed over samples.
double one_way(const Border& first, const Border& second, const Eigen::Matrix3d& agrees, const Recolour& change) {
  double own = 0, agreed = 0;
  for (int c = 0; c < 3; ++c) {
    const int from = change.order[static_cast<std::size_t>(c)];
    agreed += agrees(c, from);
    for (int d = 0; d < 3; ++d) {
      own += first.precision(c, d) * second.products(from, change.order[static_cast<std::size_t>(d)]);
    }
  }
  return own - (change.negative ? -2 : 2) * agreed + first.constant;
}

}  // namespace

Recolour after(const Recolour& outer, const Recolour& inner) {
  Recolour out;
  for (std::size_t c = 0; c < 3; ++c) out.order[c] = inner.order[outer.order[c]];
  out.negative = outer.negative != inner.negative;
  return out;
}

Recolour inverse(const Recolour& change) {
  Recolour out;
  for (std::uint8_t c = 0; c < 3; ++c) out.order[change.order[c]] = c;
  out.negative = change.negative;
  return out;
}

std::vector<Recolour> recolours(const JigsawRules& rules) {
  std::vector<Recolour> out;
  for (const auto& order : shield::kColourOrders) {
    for (const bool negative : {false, true}) {
      if (negative && !rules.negative) continue;
      out.push_back({{order[0], order[1], order[2]}, negative});
    }
    if (!rules.colours) break;
  }
  return out;
}

Borders borders_of(const image::Image& picture, std::size_t top, std::size_t left, std::size_t block) {
  Borders out;
  const std::size_t last = block - 1;
  for (std::size_t side = 0; side < 4; ++side) {
    Samples outer(block, 3), inner(block, 3);
    for (std::size_t i = 0; i < block; ++i) {
      const std::size_t along = side < 2 ? i : last - i;
      for (std::size_t depth = 0; depth < 2; ++depth) {
        const std::size_t across = side == 0 || side == 3 ? depth : last - depth;
        const std::size_t y = top + (side % 2 == 0 ? across : along), x = left + (side % 2 == 0 ? along : across);
        for (std::size_t c = 0; c < 3; ++c) {
          (depth == 0 ? outer : inner)(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(c)) =
              picture.at(y, x, c) - 127.5;
        }
      }
    }
    out[side].samples = outer;
    finish(out[side], inner);
  }
  return out;
}

void add_mismatch(const Border& first, const Border& second, bool along, std::span<const Recolour> changes,
                  double* cost) {
  const Eigen::Matrix3d there = agreement(first, second, along), back = agreement(second, first, along);
  for (std::size_t n = 0; n < changes.size(); ++n) {
    cost[n] += one_way(first, second, there, changes[n]) + one_way(second, first, back, inverse(changes[n]));
  }
}

}  // namespace obscura::audit
