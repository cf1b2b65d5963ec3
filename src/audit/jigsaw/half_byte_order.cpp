#include "audit/jigsaw/half_byte_order.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "audit/jigsaw/sample_order.h"
#include "audit/statistics/low_halves.h"
#include "audit/statistics/place_statistics.h"

namespace obscura::audit {
namespace {

constexpr std::size_t kChannels = 3, kMostHalfBytes = 2'000'000;

Eigen::Index column_of(std::size_t v) {
  return static_cast<Eigen::Index>(v);
}

/// A row a block, around zero, of as many blocks as are enough.
MatrixF half_bytes_of(const PlacedSamples& hidden) {
  const std::size_t all = hidden.count * hidden.places();
  const std::size_t count = std::min(all, std::max<std::size_t>(2, kMostHalfBytes / hidden.size));
  MatrixF out(column_of(count), column_of(hidden.size));
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t chosen = n * all / count;
    const std::uint8_t* block = hidden.block(chosen / hidden.places(), chosen % hidden.places());
    for (std::size_t i = 0; i < hidden.size; ++i) out(column_of(n), column_of(i)) = static_cast<float>(block[i]) - 7.5F;
  }
  return out;
}

/// The half of the columns that go most with what all have in common, and the others behind them.
std::vector<std::size_t> upper_first(MatrixF samples) {
  samples.rowwise() -= samples.colwise().mean().eval();
  const VectorF scale = samples.colwise().norm().cwiseMax(1e-3F).cwiseInverse();
  const MatrixF likeness = scale.asDiagonal() * (samples.transpose() * samples) * scale.asDiagonal();
  const Eigen::SelfAdjointEigenSolver<MatrixF> solver(likeness);
  const VectorF common = solver.eigenvectors().rightCols(1).cwiseAbs();
  std::vector<std::size_t> out(static_cast<std::size_t>(samples.cols()));
  std::iota(out.begin(), out.end(), 0);
  std::stable_sort(out.begin(), out.end(), [&](auto a, auto b) { return common[column_of(a)] > common[column_of(b)]; });
  return out;
}

/// Samples are numbered channel by channel there, and pixel by pixel here.
std::size_t pixel_by_pixel(std::size_t sample, std::size_t area) {
  return sample % area * kChannels + sample / area;
}

/// Squared differences of upper halves over joints of blocks.
double joints_of(const PlacedSamples& plain, std::size_t side) {
  const std::size_t half = plain.size / 2;
  double sum = 0;
  const auto add = [&](const std::uint8_t* a, const std::uint8_t* b, std::size_t from, std::size_t to) {
    for (std::size_t c = 0; c < kChannels; ++c) {
      const double d = static_cast<double>(a[half + from * kChannels + c]) - b[half + to * kChannels + c];
      sum += d * d;
    }
  };
  for (std::size_t n = 0; n < plain.count; ++n) {
    for (std::size_t p = 0; p < plain.places(); ++p) {
      const std::uint8_t* block = plain.block(n, p);
      for (std::size_t i = 0; i < side; ++i) {
        if ((p + 1) % plain.columns != 0) add(block, plain.block(n, p + 1), i * side + side - 1, i * side);
        if (p + plain.columns < plain.places()) add(block, plain.block(n, p + plain.columns), (side - 1) * side + i, i);
      }
    }
  }
  return sum;
}

/// The key in the position of blocks in which pictures are smoothest.
SignedPermutation in_position(const PlacedSamples& hidden, const SignedPermutation& key, std::size_t side) {
  SignedPermutation best;
  double least = HUGE_VAL;
  for (const Places& order : grid_symmetries(side, side)) {
    SignedPermutation turned = key;
    for (std::size_t i = 0; i < key.place.size(); ++i) {
      const std::size_t in_half = i % (key.place.size() / 2), from = i - in_half;
      const std::size_t other = from + order[in_half / kChannels] * kChannels + in_half % kChannels;
      turned.place[i] = key.place[other];
      turned.sign[i] = key.sign[other];
    }
    const double joints = joints_of(with_half_bytes_in_order(hidden, turned), side);
    if (joints >= least) continue;
    least = joints;
    best = std::move(turned);
  }
  return best;
}

}  // namespace

HalfByteOrder find_half_byte_order(const PlacedSamples& hidden, std::size_t side, std::uint64_t seed) {
  const MatrixF samples = half_bytes_of(hidden);
  const std::vector<std::size_t> columns = upper_first(samples);
  const std::size_t half = hidden.size / 2, area = side * side;
  MatrixF upper(samples.rows(), column_of(half));
  for (std::size_t i = 0; i < half; ++i) upper.col(column_of(i)) = samples.col(column_of(columns[i]));
  // As bytes, whose contrast tells which blocks are flat.
  const SampleOrder order = find_sample_order(16 * upper, kChannels, side, seed);
  SignedPermutation key = SignedPermutation::identity(hidden.size);
  for (std::size_t i = 0; i < half; ++i) {
    key.place[i] = columns[half + i];
    key.place[half + pixel_by_pixel(i, area)] = columns[order.key.place[i]];
    key.sign[half + pixel_by_pixel(i, area)] = order.key.sign[i];
  }
  std::vector<std::size_t> places(hidden.places());
  std::iota(places.begin(), places.end(), 0);
  settle_low_halves(hidden, places, side, key);
  return {in_position(hidden, key, side), order.residual};
}

}  // namespace obscura::audit
