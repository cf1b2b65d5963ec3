#pragma once

#include <map>
#include <utility>
#include <vector>

#include "audit/algebra/graph_matching.h"
#include "audit/statistics/feature_statistics.h"

/// Internal to src/audit: statistics of blocks that have a key each, so that places are kept apart.
namespace obscura::audit {

/// How many pictures of so many blocks are taken in, at most `wanted`: both sides keep their samples within 1 GiB, and
/// their covariances of neighbours within 2. Throws UnsupportedError, saying what it would take, where that leaves
/// fewer than 200 pictures or those that are wanted, or for more than 1,024 blocks: time grows with their cube.
std::size_t pictures_within_memory(std::size_t wanted, std::size_t places, std::size_t size, std::size_t features);

/// Covariances of blocks with other blocks of the same pictures, feature by feature, worked out when asked for.
class PlaceStatistics {
 public:
  /// Keeps a reference to the samples.
  PlaceStatistics(const PlacedSamples& samples, std::vector<Feature> features);

  std::size_t places() const { return rows_[0].size(); }
  const std::vector<Feature>& features() const { return features_; }
  /// The mean of each number at a place.
  const VectorF& mean(std::size_t feature, std::size_t place) const { return means_[feature][place]; }
  /// E (x_b - mean)^T (x_c - mean).
  const MatrixF& covariance(std::size_t feature, std::size_t b, std::size_t c);

  /// How strongly each two blocks go together, whatever order and signs their numbers have: the Frobenius norm of the
  /// covariance of their leading principal components, of the first feature.
  const MatrixF& graph() const { return graph_; }
  /// For each number at a place, the norm of its covariance with the leading components of each other place: a column a
  /// place.
  MatrixF ties(std::size_t place) const;
  /// Covariances that were worked out are given up: references to them end.
  void forget() { covariances_.clear(); }

 private:
  void find_components();

  std::vector<Feature> features_;
  std::vector<std::vector<MatrixF>> rows_;  // [feature][place], a row a picture, less the mean
  std::vector<std::vector<VectorF>> means_;
  MatrixF components_;  // a row a picture, some columns a place
  Eigen::Index kept_ = 0;
  MatrixF graph_;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<MatrixF>> covariances_;
};

/// The places next to one, diagonally too, and itself, in a grid of rows x columns.
std::vector<std::size_t> neighbourhood(std::size_t place, std::size_t rows, std::size_t columns);

/// Places of the grid after one of its symmetries: of eight, or of four where it is no square.
std::vector<Places> grid_symmetries(std::size_t rows, std::size_t columns);

/// The likely matchings of two graphs of places, best first: the best one found, and what their symmetries make of it,
/// improved, as far as they are hardly worse.
std::vector<Places> likely_places(const MatrixF& plain, const MatrixF& hidden, const std::vector<Places>& symmetries,
                                  std::uint64_t seed);

}  // namespace obscura::audit
