#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "search/feature_selection.h"
#include "search/score_plan.h"

/// What a gallery holds, wherever it is kept: no database is seen here, nor by the messages that are made of it.
namespace obscura::search {

/// One image of a gallery.
struct GalleryImage {
  std::string name;                     ///< for people: a file, or "cifar-10 train 17"
  std::int64_t label = -1;              ///< of its class; -1: none
  std::vector<float> vector;            ///< that it is found by
  std::vector<std::uint8_t> thumbnail;  ///< an encoded picture; at most thumbnail_bytes of the gallery
  friend bool operator==(const GalleryImage&, const GalleryImage&) = default;
};

/// What all images of a gallery have in common.
struct GalleryForm {
  VectorKind kind = VectorKind::unit;
  std::size_t dimension = 0;
  std::size_t thumbnail_bytes = 0;  ///< every thumbnail is padded to so many where it is fetched privately
  std::string network;              ///< SHA-256 of the file that makes vectors, hex
  std::string recipe;               ///< how vectors follow from what the network says (study/search/vectors.h)
  std::string source;               ///< for people: what was indexed
  std::vector<std::string> classes;
  FeatureSelection selection = {};  ///< all numbers, where nothing was selected
  friend bool operator==(const GalleryForm&, const GalleryForm&) = default;
};

}  // namespace obscura::search
