#include "audit/statistics/place_statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace obscura::audit {
namespace {

constexpr Eigen::Index kComponents = 12;
// Residuals of mirrored graphs differ by less than this factor.
constexpr double kLikely = 3;

constexpr std::size_t kMostPlaces = 1024, kFewestPictures = 200;
constexpr std::size_t kSampleBytes = std::size_t{1} << 30, kCovarianceBytes = std::size_t{2} << 30;
constexpr std::size_t kNeighbours = 9, kSides = 2;

Eigen::Index index(std::size_t v) {
  return static_cast<Eigen::Index>(v);
}

}  // namespace

std::size_t pictures_within_memory(std::size_t wanted, std::size_t places, std::size_t size, std::size_t features) {
  const auto refuse = [&](const std::string& why) {
    throw UnsupportedError(
        fmt::format("pictures of {} shuffled blocks are too many to match: {}; larger blocks or smaller pictures, or "
                    "for etc and etc-grayscale the attack jigsaw",
                    places, why));
  };
  if (places > kMostPlaces) {
    const double times = std::pow(static_cast<double>(places) / 64, 3);
    refuse(fmt::format("of 64 they take seconds, of these about {:.0f} times that; at most {} are taken", times,
                       kMostPlaces));
  }
  const std::size_t numbers = kSides * features * size * sizeof(float);
  if (const std::size_t bytes = numbers * kNeighbours * places * size; bytes > kCovarianceBytes) {
    refuse(fmt::format("covariances alone would take {:.1f} GB", static_cast<double>(bytes) / 1e9));
  }
  const std::size_t fit = kSampleBytes / (numbers * places);
  if (fit < std::min(wanted, kFewestPictures)) {
    refuse(fmt::format("{} pictures would take {:.1f} GB", kFewestPictures,
                       static_cast<double>(kFewestPictures * numbers * places) / 1e9));
  }
  return std::min(wanted, fit);
}

PlaceStatistics::PlaceStatistics(const PlacedSamples& samples, std::vector<Feature> features)
    : features_(std::move(features)), rows_(features_.size()), means_(features_.size()) {
  for (std::size_t f = 0; f < features_.size(); ++f) {
    for (std::size_t b = 0; b < samples.places(); ++b) {
      MatrixF rows = feature_rows(samples, b, features_[f]);
      means_[f].push_back(rows.colwise().mean().transpose());
      rows.rowwise() -= means_[f][b].transpose();
      rows_[f].push_back(std::move(rows));
    }
  }
  find_components();
}

void PlaceStatistics::find_components() {
  const Eigen::Index pictures = rows_[0][0].rows();
  kept_ = std::min(kComponents, rows_[0][0].cols());
  components_.resize(pictures, kept_ * index(places()));
  for (std::size_t b = 0; b < places(); ++b) {
    const Eigen::SelfAdjointEigenSolver<MatrixF> solver(covariance(0, b, b));
    components_.middleCols(index(b) * kept_, kept_).noalias() = rows_[0][b] * solver.eigenvectors().rightCols(kept_);
  }
  graph_.resize(index(places()), index(places()));
  for (Eigen::Index b = 0; b < graph_.rows(); ++b) {
    const MatrixF with =
        components_.middleCols(b * kept_, kept_).transpose() * components_ / static_cast<float>(pictures);
    for (Eigen::Index c = 0; c < graph_.cols(); ++c) graph_(b, c) = with.middleCols(c * kept_, kept_).norm();
  }
}

const MatrixF& PlaceStatistics::covariance(std::size_t feature, std::size_t b, std::size_t c) {
  auto& all = covariances_[{b, c}];
  if (all.empty()) all.resize(features_.size());
  MatrixF& one = all[feature];
  if (one.size() == 0 && b > c) {
    one = covariance(feature, c, b).transpose();
  } else if (one.size() == 0) {
    const MatrixF& from = rows_[feature][b];
    one.noalias() = from.transpose() * rows_[feature][c] / static_cast<float>(from.rows());
  }
  return one;
}

MatrixF PlaceStatistics::ties(std::size_t place) const {
  const MatrixF with = rows_[0][place].transpose() * components_ / static_cast<float>(components_.rows());
  MatrixF out(with.rows(), index(places()));
  for (Eigen::Index c = 0; c < out.cols(); ++c) out.col(c) = with.middleCols(c * kept_, kept_).rowwise().norm();
  return out;
}

std::vector<std::size_t> neighbourhood(std::size_t place, std::size_t rows, std::size_t columns) {
  std::vector<std::size_t> out;
  const std::size_t y = place / columns, x = place % columns;
  for (std::size_t v = y == 0 ? 0 : y - 1; v < std::min(rows, y + 2); ++v) {
    for (std::size_t u = x == 0 ? 0 : x - 1; u < std::min(columns, x + 2); ++u) out.push_back(v * columns + u);
  }
  return out;
}

std::vector<Places> grid_symmetries(std::size_t rows, std::size_t columns) {
  std::vector<Places> out;
  for (unsigned code = 0; code < (rows == columns ? 8U : 4U); ++code) {
    Places places;
    for (std::size_t y = 0; y < rows; ++y) {
      for (std::size_t x = 0; x < columns; ++x) {
        const std::size_t v = (code & 1) != 0 ? rows - 1 - y : y, u = (code & 2) != 0 ? columns - 1 - x : x;
        places.push_back((code & 4) != 0 ? u * columns + v : v * columns + u);
      }
    }
    out.push_back(std::move(places));
  }
  return out;
}

std::vector<Places> likely_places(const MatrixF& plain, const MatrixF& hidden, const std::vector<Places>& symmetries,
                                  std::uint64_t seed) {
  const Places best = match_graphs(plain, hidden, seed);
  std::vector<std::pair<double, Places>> found;
  for (const Places& symmetry : symmetries) {
    Places places(best.size());
    for (std::size_t b = 0; b < places.size(); ++b) places[b] = best[symmetry[b]];
    places = improve_matching(plain, hidden, std::move(places));
    const double residual = graph_residual(plain, hidden, places);
    found.emplace_back(residual, std::move(places));
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Places> out;
  for (auto& [residual, places] : found) {
    const bool known = std::find(out.begin(), out.end(), places) != out.end();
    if (!known && residual <= kLikely * found[0].first) out.push_back(places);
  }
  return out;
}

}  // namespace obscura::audit
