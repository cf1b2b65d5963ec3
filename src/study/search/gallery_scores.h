#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "search/distances.h"
#include "search/gallery.h"
#include "search/score_table.h"
#include "study/search/vectors.h"

namespace obscura::study {

/// What one query gave, and what it cost. The distance of every place of the gallery, also of those where nothing is.
struct QueryDistances {
  std::vector<float> distances;
  double client_seconds = 0, server_seconds = 0;
  std::size_t query_bytes = 0, reply_bytes = 0;
  std::vector<std::uint8_t> sent = {};  ///< what the server got of the picture
  double bound = 0;                     ///< of the errors of these distances, where it is not the source's
};

/// Where distances come from: how a gallery is asked for a picture. What measures rankings (gallery_measures.h) knows
/// of no more.
struct ScoreSource {
  /// A preprocessed picture to its distances.
  std::function<QueryDistances(std::span<const float> picture)> ask;
  std::size_t key_bytes = 0;  ///< that the server needs once
  double prepare_seconds = 0;
  /// What no error of a distance exceeds, added noise included; 0: distances are exact.
  double bound = 0;
};

/// The distance that a gallery's own vectors are compared by: hamming of codes, else cosine.
search::Distance own_distance(search::VectorKind kind);

/// Throws UsageError for a distance that vectors of that kind do not have (hamming of numbers).
void check_distance(search::Distance distance, search::VectorKind kind);

/// A distance from a score (search/score_plan.h), for what scores tell: all but `unequal` of numbers.
float distance_of_score(float score, search::Distance distance, search::VectorKind kind, std::size_t dimension);

/// A line that says how many more images have the distance of the last of `places`, the nearest ones; empty where
/// none is. Codes are alike by hundreds, and who is shown five of them must know that there was a choice.
std::string ties_text(std::span<const float> distances, std::span<const std::size_t> places);

/// Exact distances of a vector to all of a gallery.
class PlainDistances {
 public:
  PlainDistances(const search::GalleryForm& form, const search::Gallery::Vectors& vectors, search::Distance distance);
  std::vector<float> of(std::span<const float> vector) const;

 private:
  std::size_t dimension_;
  search::Distance distance_;
  const std::vector<float>& values_;
  search::CodeTable codes_;  // of hamming
};

/// The vector in the clear. What is given must outlive the source, as below.
ScoreSource plain_source(VectorNetwork& network, const PlainDistances& plain);

/// Every vector is encrypted by the client, compared by the server and its scores are read by the client, each side
/// with what passes between them as bytes. `table`: the gallery's vectors. Throws UsageError for a distance that scores
/// do not tell.
ScoreSource blind_features_source(VectorNetwork& network, const search::GalleryForm& form, search::ScoreTable table,
                                  search::Distance distance, ThreadPool& pool);

}  // namespace obscura::study
